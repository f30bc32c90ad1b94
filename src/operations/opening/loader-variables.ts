/**
 * Variables through which whoever sets them makes programs run code of his choice, with the reason.
 */
interface LoaderGroup {
  /** The effect that a variable does: the end of "NAME …". */
  readonly does: string
  readonly names: readonly string[]
  /**
   * Beginnings and ends, in small letters, of the names that `pattern` may match. A regular
   * expression costs a start more.
   */
  readonly starts?: readonly string[]
  readonly ends?: readonly string[]
  readonly pattern?: RegExp
  /** Values that do no harm. Default: none. */
  readonly harmless?: RegExp
}

/**
 * From what sudo removes (`env_delete`), what glibc ignores in privileged programs, and the
 * manuals of the programs named.
 *
 * Not in it, on purpose: proxies and certificate authorities (`HTTPS_PROXY`,
 * `NODE_EXTRA_CA_CERTS`, `SSL_CERT_FILE`), which redirect connections and run nothing;
 * configuration of one tool that stores exist to hand over (`KUBECONFIG`, `AWS_CONFIG_FILE`,
 * `DOCKER_CONFIG`); flags of compilers (`CFLAGS`, `LDFLAGS`).
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a table, made when somebody first looks into it
const groups = (): readonly LoaderGroup[] => [
  {
    does: 'loads libraries into every program',
    names: [
      'LIBPATH',
      'SHLIB_PATH',
      'GCONV_PATH',
      'GLIBC_TUNABLES',
      'LOCPATH',
      'MALLOC_TRACE',
      'OPENSSL_CONF',
      'OPENSSL_ENGINES',
      'OPENSSL_MODULES',
      'SASL_PATH',
      'LIBMYSQL_PLUGINS',
      'LIBMYSQL_PLUGIN_DIR',
      'GTK_MODULES',
      'GTK3_MODULES',
      'GTK_PATH',
      'GTK_EXE_PREFIX',
      'GIO_EXTRA_MODULES',
      'GIO_MODULE_DIR',
      'GDK_PIXBUF_MODULE_FILE',
      'QT_PLUGIN_PATH',
      'QT_QPA_PLATFORM_PLUGIN_PATH',
    ],
    starts: ['ld_', 'dyld_', '__xpc_dyld_', '_rld', 'ldr_'],
    pattern: /^(?:LD_|DYLD_|__XPC_DYLD_|_RLD|LDR_)/,
  },
  {
    does: 'decides which programs run',
    names: [
      'PATH',
      'PATHEXT',
      'COMSPEC',
      'SHELL',
      'SYSTEMROOT',
      'WINDIR',
      'JAVA_HOME',
      'CLOUDSDK_PYTHON',
      'CLOUDSDK_PYTHON_ARGS',
      'SSH_ASKPASS',
      'SUDO_ASKPASS',
      'SSH_SK_PROVIDER',
      'SSH_SK_HELPER',
      'SSH_PKCS11_HELPER',
      'RSYNC_RSH',
      'RSYNC_CONNECT_PROG',
      'CVS_RSH',
      'SVN_SSH',
      'BZR_SSH',
      'HGMERGE',
      'DBUS_SESSION_BUS_ADDRESS',
      'DBUS_SYSTEM_BUS_ADDRESS',
      'DBUS_STARTER_ADDRESS',
    ],
  },
  {
    does: 'decides which configuration programs start with',
    names: [
      'HOME',
      'USERPROFILE',
      'APPDATA',
      'LOCALAPPDATA',
      'XDG_CONFIG_HOME',
      'XDG_CONFIG_DIRS',
      'XDG_DATA_HOME',
      'XDG_DATA_DIRS',
      'XDG_STATE_HOME',
      'CURL_HOME',
      'WGETRC',
      'SYSTEM_WGETRC',
      'GNUPGHOME',
      'HGRCPATH',
      'PSQLRC',
      'PGSYSCONFDIR',
      'SCREENRC',
      'STARSHIP_CONFIG',
      'RIPGREP_CONFIG_PATH',
      'TF_CLI_CONFIG_FILE',
      'CONFIG_SITE',
    ],
  },
  {
    does: 'makes shells run code',
    names: [
      'BASH_ENV',
      'BASH_LOADABLES_PATH',
      'BASHOPTS',
      'SHELLOPTS',
      'PROMPT_COMMAND',
      'PS0',
      'PS1',
      'PS2',
      'PS3',
      'PS4',
      'IFS',
      'CDPATH',
      'GLOBIGNORE',
      'EXECIGNORE',
      'INPUTRC',
      'FCEDIT',
      'CONFIG_SHELL',
      // zsh, where the small ones are the same as the large ones.
      'ZDOTDIR',
      'FPATH',
      'fpath',
      'path',
      'module_path',
      'MODULE_PATH',
      'NULLCMD',
      'READNULLCMD',
      'TMPPREFIX',
      'PSModulePath',
    ],
    starts: ['bash_func_'],
    pattern: /^BASH_FUNC_/,
  },
  {
    does: 'names a file that shells run',
    names: ['ENV'],
    // Many programs call their stage so.
    harmless: /^[A-Za-z0-9_-]*$/,
  },
  {
    does: 'makes git run programs',
    names: [
      'GIT_SSH',
      'GIT_SSH_COMMAND',
      'GIT_SSH_VARIANT',
      'GIT_PROXY_COMMAND',
      'GIT_EXTERNAL_DIFF',
      'GIT_ASKPASS',
      'GIT_EXEC_PATH',
      'GIT_TEMPLATE_DIR',
      'GIT_DIR',
      'GIT_COMMON_DIR',
      'GIT_WORK_TREE',
      'GIT_OBJECT_DIRECTORY',
      'GIT_ALTERNATE_OBJECT_DIRECTORIES',
      'GIT_INDEX_FILE',
      'GIT_ALLOW_PROTOCOL',
      'GIT_PROTOCOL_FROM_USER',
      'GIT_ATTR_SOURCE',
    ],
    starts: ['git_config', 'git_trace'],
    pattern: /^GIT_(?:CONFIG(?:_|$)|TRACE)/,
  },
  {
    does: 'is run as a command to show or edit text',
    names: [
      'VISUAL',
      'LESSOPEN',
      'LESSCLOSE',
      'LESSEDIT',
      'FZF_DEFAULT_COMMAND',
      'FZF_DEFAULT_OPTS',
      'FZF_DEFAULT_OPTS_FILE',
    ],
    ends: ['pager', 'editor'],
    pattern: /(?:PAGER|EDITOR)$/,
    harmless: /^(?:cat)?$/,
  },
  {
    does: 'is run as a command to show pages',
    names: ['BROWSER'],
    harmless: /^[\w.-]*$/,
  },
  {
    does: 'holds commands of editors and pagers',
    names: [
      'LESSKEY',
      'LESSKEYIN',
      'LESSKEY_SYSTEM',
      'LESSKEYIN_SYSTEM',
      'LESSKEY_CONTENT',
      'VIMINIT',
      'GVIMINIT',
      'EXINIT',
      'VIM',
      'VIMRUNTIME',
      'MYVIMRC',
      'EMACSLOADPATH',
      'EMACSDATA',
    ],
  },
  {
    does: 'holds commands of less',
    names: ['LESS'],
    harmless: /^[-A-Za-z0-9 ]*$/,
  },
  {
    does: 'makes Node run code',
    names: ['NODE_OPTIONS', 'NODE_PATH', 'NODE_REPL_EXTERNAL_MODULE', 'BUN_OPTIONS'],
    starts: ['npm_config_'],
    // npm reads them in any case.
    pattern:
      /^npm_config_(?:script_shell|shell|node_options|userconfig|globalconfig|prefix|git|editor|viewer|browser|python|node_gyp|init_module|onload_script)$/i,
  },
  {
    does: 'makes Python run code',
    names: [
      'PYTHONSTARTUP',
      'PYTHONPATH',
      'PYTHONHOME',
      'PYTHONINSPECT',
      'PYTHONBREAKPOINT',
      'PYTHONWARNINGS',
      'PYTHONUSERBASE',
      'PYTHONPLATLIBDIR',
      'PYTHONEXECUTABLE',
      'PYTHONPYCACHEPREFIX',
      'IPYTHONDIR',
      'JUPYTER_PATH',
      'JUPYTER_CONFIG_DIR',
      'JUPYTER_CONFIG_PATH',
    ],
  },
  {
    does: 'makes Perl run code',
    names: ['PERL5OPT', 'PERL5LIB', 'PERLLIB', 'PERL5DB', 'PERL5SHELL', 'PERL_MM_OPT', 'PERL_MB_OPT'],
  },
  {
    does: 'makes Ruby run code',
    names: ['RUBYOPT', 'RUBYLIB', 'RUBYSHELL', 'BUNDLE_GEMFILE', 'GEM_HOME', 'GEM_PATH', 'RUBYGEMS_GEMDEPS'],
  },
  {
    does: 'makes Java run code',
    names: [
      'JAVA_TOOL_OPTIONS',
      '_JAVA_OPTIONS',
      'JDK_JAVA_OPTIONS',
      'JAVA_OPTS',
      'CLASSPATH',
      'MAVEN_OPTS',
      'MAVEN_ARGS',
      'GRADLE_OPTS',
      'SBT_OPTS',
      'ANT_OPTS',
      'ANT_ARGS',
      'CATALINA_OPTS',
    ],
  },
  {
    does: 'makes .NET run code',
    names: [
      'DOTNET_STARTUP_HOOKS',
      'DOTNET_ADDITIONAL_DEPS',
      'DOTNET_SHARED_STORE',
      'DOTNET_ROOT',
      'MONO_PATH',
      'MONO_ENV_OPTIONS',
    ],
    starts: ['coreclr_', 'cor_'],
    pattern: /^(?:CORECLR_|COR_)(?:ENABLE_PROFILING|PROFILER)/,
  },
  {
    does: 'makes interpreters run code',
    names: [
      'PHPRC',
      'PHP_INI_SCAN_DIR',
      'TCLLIBPATH',
      'TCL_LIBRARY',
      'R_PROFILE',
      'R_PROFILE_USER',
      'R_ENVIRON',
      'R_ENVIRON_USER',
      'R_HOME',
      'R_LIBS',
      'R_LIBS_USER',
      'R_LIBS_SITE',
      'JULIA_LOAD_PATH',
      'JULIA_DEPOT_PATH',
      'ERL_LIBS',
      'ERL_FLAGS',
      'ERL_AFLAGS',
      'ERL_ZFLAGS',
      'ELIXIR_ERL_OPTIONS',
      'AWKPATH',
      'AWKLIBPATH',
      'GUILE_LOAD_PATH',
      'GUILE_LOAD_COMPILED_PATH',
      'CAML_LD_LIBRARY_PATH',
    ],
    starts: ['lua_'],
    pattern: /^LUA_(?:INIT|PATH|CPATH)(?:_|$)/,
  },
  {
    does: 'makes build tools run programs',
    names: [
      'MAKEFLAGS',
      'GNUMAKEFLAGS',
      'MAKEFILES',
      'CC',
      'CXX',
      'CPP',
      'LD',
      'AR',
      'AS',
      'GCC_EXEC_PREFIX',
      'COMPILER_PATH',
      'CMAKE_TOOLCHAIN_FILE',
      'GOFLAGS',
      'GOENV',
      'GOROOT',
      'GOTOOLCHAIN',
      'RUSTC',
      'RUSTDOC',
      'RUSTC_WRAPPER',
      'RUSTC_WORKSPACE_WRAPPER',
      'RUSTFLAGS',
      'CARGO_HOME',
      'TAR_OPTIONS',
      'ZIPOPT',
    ],
    starts: ['cargo_'],
    pattern: /^CARGO_(?:BUILD_RUSTC|TARGET_.*_(?:RUNNER|LINKER|RUSTFLAGS)$)/,
  },
  {
    does: 'writes the keys of encrypted connections to a file',
    names: ['SSLKEYLOGFILE'],
  },
  {
    does: 'decides what esc trusts',
    names: ['ESC_CONFIG_HOME', 'ESC_STATE_HOME'],
    starts: ['esc_trust'],
    pattern: /^ESC_TRUST/,
  },
]

/** By whether names have a case. Most commands need no groups. */
const known = new Map<boolean, readonly LoaderGroup[]>()

function groupsFor(isWindows: boolean): readonly LoaderGroup[] {
  const before = known.get(isWindows)
  if (before !== undefined) return before
  // On Windows names have no case.
  const made = !isWindows
    ? groups()
    : groups().map((group) => ({ ...group, names: group.names.map((name) => name.toUpperCase()) }))
  known.set(isWindows, made)
  return made
}

function groupOf(name: string, isWindows: boolean): LoaderGroup | undefined {
  const typed = isWindows ? name.toUpperCase() : name
  const small = typed.toLowerCase()
  return groupsFor(isWindows).find(
    ({ names, starts, ends, pattern }) =>
      names.includes(typed) ||
      ((starts?.some((start) => small.startsWith(start)) || ends?.some((end) => small.endsWith(end))) &&
        pattern?.test(typed)),
  )
}

/**
 * Returns the effect of a variable that makes setting it a matter of trust, such as `makes Node run
 * code`. Undefined: it is an ordinary one.
 */
export function loaderEffect(
  name: string,
  value: string,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const group = groupOf(name, platform === 'win32')
  return group === undefined || group.harmless?.test(value) ? undefined : group.does
}
