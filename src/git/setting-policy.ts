import { partsOf } from './setting.ts'

/**
 * The way in which a setting of a repository's own configuration is treated. `follow`: it runs
 * nothing. `instead`: the user's own value counts, or this one when the user has none. `refuse`: it
 * may run a program, and no later value takes that back.
 */
export type SettingPolicy =
  | { readonly kind: 'follow' }
  | { readonly kind: 'instead'; readonly value: string }
  | { readonly kind: 'refuse' }

const follow: SettingPolicy = { kind: 'follow' }
const refuse: SettingPolicy = { kind: 'refuse' }

function instead(value: string): SettingPolicy {
  return { kind: 'instead', value }
}

/**
 * Settings that make git run a program, whatever their value looks like, with the value that stands
 * for "none". `*`: whatever stands between section and name.
 */
const running: Readonly<Record<string, SettingPolicy>> = {
  'core.fsmonitor': instead('false'),
  'core.sshcommand': instead('ssh'),
  'core.askpass': instead(''),
  'core.editor': instead(':'),
  'core.pager': instead(''),
  // The first value counts, so that none can follow it.
  'core.gitproxy': refuse,
  'core.alternaterefscommand': refuse,
  'core.protecthfs': instead('true'),
  'core.protectntfs': instead('true'),
  'sequence.editor': instead(':'),
  'gpg.program': instead('gpg'),
  'gpg.openpgp.program': instead('gpg'),
  'gpg.x509.program': instead('gpgsm'),
  'gpg.ssh.program': instead('ssh-keygen'),
  'gpg.ssh.defaultkeycommand': instead(''),
  'protocol.allow': instead('user'),
  'protocol.ext.allow': instead('never'),
  'protocol.*.allow': instead('user'),
  'remote.*.vcs': refuse,
  'filter.*.clean': instead(''),
  'filter.*.smudge': instead(''),
  'filter.*.process': instead(''),
  'diff.external': instead(''),
  'diff.*.command': instead(''),
  'diff.*.textconv': instead(''),
  'merge.*.driver': instead(''),
  'gc.recentobjectshook': refuse,
  'submodule.recurse': instead('false'),
  'fetch.recursesubmodules': instead('false'),
  'push.recursesubmodules': instead('no'),
}

/** Settings of any value that run nothing. A section alone: all of it but what is in `running`. */
const harmless = new Set([
  ...['advice', 'author', 'blame', 'branch', 'color', 'column', 'commit', 'committer', 'extensions', 'feature'],
  ...['fetch', 'format', 'fsck', 'gc', 'grep', 'http', 'i18n', 'index', 'log', 'maintenance', 'notes', 'pack'],
  ...['pretty', 'pull', 'push', 'rebase', 'receive', 'repack', 'rerere', 'splitindex', 'stash', 'status', 'tag'],
  ...['transfer', 'url', 'user', 'versionsort', 'worktree'],
  ...['core.abbrev', 'core.autocrlf', 'core.checkstat', 'core.commentchar', 'core.commentstring', 'core.createobject'],
  ...['core.disambiguate', 'core.eol', 'core.fsync', 'core.fsyncmethod', 'core.hidedotfiles', 'core.logallrefupdates'],
  ...['core.notesref', 'core.safecrlf', 'core.sharedrepository', 'core.untrackedcache', 'core.whitespace'],
  // The work tree is named on the command line.
  ...['core.worktree', 'credential.username', 'credential.*.username', 'diff.algorithm', 'gpg.format', 'ssh.variant'],
  ...['diff.ignoresubmodules', 'submodule.*.ignore', 'merge.renames', 'diff.renames'],
  ...['include.path', 'includeif.*.path', 'merge.conflictstyle', 'merge.ff', 'merge.stat', 'merge.directoryrenames'],
  ...['remote.*.url', 'remote.*.pushurl', 'remote.*.fetch', 'remote.*.push', 'remote.*.tagopt'],
  ...['remote.*.partialclonefilter', 'remote.pushdefault', 'submodule.*.url', 'submodule.*.branch', 'submodule.active'],
])

/** A switch or a number: no program is called so. */
const plainValue = /^(?:true|false|yes|no|on|off|auto|always|never|-?\d+[kmg]?)?$/i

/**
 * Returns what becomes of a setting in a repository's own configuration. Whatever is not known to
 * be harmless does not count.
 */
export function policyOf(key: string, value: string): SettingPolicy {
  const { section, about, name } = partsOf(key)
  const general = about === '' ? key : `${section}.*.${name}`
  const known = running[key] ?? running[general]
  if (known !== undefined) return known
  if (harmless.has(section) || harmless.has(general) || plainValue.test(value)) return follow
  return instead('')
}

/** True when a setting runs a program: then it is worth a word that it did not count. */
export function runsProgram(key: string): boolean {
  const { section, about, name } = partsOf(key)
  return running[key] !== undefined || (about !== '' && running[`${section}.*.${name}`] !== undefined)
}
