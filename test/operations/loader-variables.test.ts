import { expect } from 'chai'
import { loaderEffect } from '../../src/operations/opening/loader-variables.ts'

describe('variables that make programs run code', () => {
  const refused = (name: string, value = '/x', platform: NodeJS.Platform = 'linux') =>
    loaderEffect(name, value, platform) !== undefined

  it('are those of loaders, shells, git, interpreters, pagers and build tools', () => {
    const names = `LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT LD_ANYTHING DYLD_INSERT_LIBRARIES DYLD_LIBRARY_PATH PATH HOME ENV BASH_ENV
      BASH_FUNC_ls%% SHELLOPTS BASHOPTS PROMPT_COMMAND PS1 PS4 IFS ZDOTDIR GIT_SSH GIT_SSH_COMMAND GIT_EXTERNAL_DIFF GIT_PAGER GIT_EDITOR
      GIT_SEQUENCE_EDITOR GIT_ASKPASS GIT_PROXY_COMMAND GIT_EXEC_PATH GIT_TEMPLATE_DIR GIT_DIR GIT_CONFIG GIT_CONFIG_GLOBAL
      GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0 GIT_CONFIG_PARAMETERS GIT_TRACE GIT_TRACE2_EVENT NODE_OPTIONS NODE_PATH
      npm_config_script_shell NPM_CONFIG_NODE_OPTIONS PYTHONSTARTUP PYTHONPATH PYTHONHOME PYTHONWARNINGS PYTHONBREAKPOINT PERL5OPT PERL5LIB PERL5DB
      RUBYOPT RUBYLIB BUNDLE_GEMFILE JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS CLASSPATH DOTNET_STARTUP_HOOKS CORECLR_PROFILER
      PHPRC LUA_INIT LUA_INIT_5_4 EDITOR VISUAL PAGER AWS_PAGER MANPAGER KUBE_EDITOR SUDO_EDITOR LESSOPEN LESSCLOSE BROWSER SSH_ASKPASS
      SSLKEYLOGFILE OPENSSL_CONF GCONV_PATH MAKEFLAGS RUSTC_WRAPPER CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER ESC_TRUST ESC_CONFIG_HOME
      ESC_STATE_HOME XDG_CONFIG_HOME`
    for (const name of names.split(/\s+/)) expect(refused(name), name).to.equal(true)
  })

  it('are not those that only configure', () => {
    const names = `DATABASE_URL API_TOKEN AWS_ACCESS_KEY_ID AWS_PROFILE AWS_CONFIG_FILE KUBECONFIG HTTP_PROXY HTTPS_PROXY NO_PROXY https_proxy
      NODE_EXTRA_CA_CERTS SSL_CERT_FILE CURL_CA_BUNDLE NODE_ENV LANG LC_ALL TZ TERM GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL GIT_TERMINAL_PROMPT
      GIT_TOKEN GIT_SHA NPM_CONFIG_REGISTRY NPM_TOKEN PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE RAILS_ENV APP_ENV LOG_PATH API_PATH LOADER
      DOTNET_gcServer ESC_STORE ESC_PASSPHRASE VAULT_TOKEN PORT HOST USER TMPDIR`
    for (const name of names.split(/\s+/)) expect(refused(name), name).to.equal(false)
  })

  it('are harmless with some values', () => {
    for (const [name, value] of [
      ['ENV', 'production'],
      ['AWS_PAGER', ''],
      ['PAGER', 'cat'],
      ['BROWSER', 'none'],
      ['LESS', '-FRX'],
    ] as const)
      expect(refused(name, value), name).to.equal(false)
    for (const [name, value] of [
      ['ENV', './production'],
      ['ENV', '$(id)'],
      ['PAGER', 'sh'],
      ['BROWSER', 'sh -c %s'],
      ['LESS', '+!id'],
    ] as const)
      expect(refused(name, value), `${name}=${value}`).to.equal(true)
  })

  it('have no case on Windows, and have one elsewhere', () => {
    for (const name of ['Path', 'path', 'node_options', 'Ld_Preload', 'comspec']) {
      expect(refused(name, '/x', 'win32'), name).to.equal(true)
    }
    for (const name of ['Path', 'node_options', 'Ld_Preload']) expect(refused(name), name).to.equal(false)
  })
})
