import { EscError } from '../../../errors.ts'
import {
  type CopiedValues,
  configPathInDefinition,
  copyValues,
  parseConfigKey,
  parsePath,
  refuseVersion,
} from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { boolean, text } from '../../framework/flags.ts'
import { refused } from '../../framework/report-error.ts'
import { newRevisionLine } from '../../framework/saved-text.ts'
import { openTarget } from '../../framework/session.ts'
import { diagnosticLines, hasColour } from '../../terminal/index.ts'

const flags = {
  dest: text({ description: 'the environment to copy into', char: 'd', value: 'environment' }),
  path: boolean({ description: 'the key is a path into a value of the configuration, such as endpoints[0].token' }),
  plan: boolean({ description: 'say what would be copied; change nothing' }),
  ...OUTPUT_FLAG,
}

interface Result extends CopiedValues {
  readonly from: string
  readonly to: string
}

export default class ConfigCp extends EscCommand<Result, typeof flags> {
  static override id = 'config:cp'
  static override busy = 'copying'
  static override summary = 'Copy values to another environment.'
  static override description =
    `Copies one value, or all values and imports, into another environment and saves it as a new revision. A key with a colon, such as aws:region, is
below pulumiConfig; any other word is a path below values. Mappings are merged key by key: values and comments that only the
destination has stay. Secrets are re-encrypted with the key of the destination. Rotated credentials are never copied, and those of the
destination stay. --plan shows the changes without saving them.

Without an environment, copies from the selected one (esc select).`
  static override examples = [
    { description: 'Copy one key of the configuration', command: 'esc config cp aws:region --dest app/prod' },
    { description: 'Copy one value', command: 'esc config cp app/dev database.host --dest app/prod' },
    {
      description: 'See what copying everything would change',
      command: 'esc config cp app/dev --dest app/prod --plan',
    },
    { description: 'Copy everything', command: 'esc config cp app/dev --dest app/prod' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment to copy from, with @ and a version if you like' },
    key: { description: 'a key of the configuration, or the path of one value (default: everything)' },
  }
  static override usesSelected = true
  static override count = { kind: 'atMost', count: 2 } as const

  async run(): Promise<Result> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    if (!this.flags.dest) {
      throw new EscError('usage', 'required flag(s) "dest" not set', { hint: 'name the environment to copy into' })
    }
    const to = session.reference(this.flags.dest)
    refuseVersion(to, 'config cp')
    const request = { from: reference, ...this.#meant(rest[0]), plan: this.flags.plan }
    const { result: copied } = await session.perform(copyValues, to, request)
    this.io.err(diagnosticLines(copied.diagnostics, hasColour(this.io, 'stderr')))
    const broken = copied.diagnostics.some(({ severity }) => severity === 'error')
    if (copied.kind === 'refused' || broken) throw refused(to.name, copied.diagnostics)
    this.#explain(copied, to.name)
    return { ...copied, from: reference.name, to: to.name }
  }

  #meant(key: string | undefined) {
    if (this.flags.path && key !== undefined) {
      return { path: configPathInDefinition(parseConfigKey(key, { structured: true })) }
    }
    const path = key === undefined ? [] : parsePath(key, (reason) => `invalid path: ${reason}`)
    return { path, configKey: key }
  }

  #explain({ kind, dropped, keptCredentials, notCopied, replaced }: CopiedValues, to: string): void {
    const planned = kind === 'planned'
    for (const path of notCopied) {
      this.io.err(
        `warning: ${path} ${planned ? 'would not be' : 'was not'} copied: '${to}' has rotated credentials there\n`,
      )
    }
    for (const rotator of keptCredentials) {
      const changed = replaced.some((path) => path.startsWith(`${rotator}[`) || path.startsWith(`${rotator}.`))
      const inputs = changed ? '; check that they fit its new inputs' : ''
      this.io.err(`note: ${rotator} ${planned ? 'would keep' : 'keeps'} the rotated credentials of '${to}'${inputs}\n`)
    }
    for (const rotator of dropped) {
      const copied = planned ? 'would be copied' : 'was copied'
      this.io.err(`warning: ${rotator} ${copied} without its credential; "esc env rotate ${to}" makes one\n`)
    }
  }

  text(result: Result): string {
    const { kind, revision, paths, imports, to } = result
    if (kind === 'planned') return planText(result)
    if (kind !== 'saved') return `'${to}' has it all already.`
    const more = imports.length === 0 ? '' : ` and ${imports.length} import${imports.length === 1 ? '' : 's'}`
    const values = `${paths.length} value${paths.length === 1 ? '' : 's'}${more}`
    return `Copied ${values} to '${to}'.\n${newRevisionLine(revision)}`
  }

  override json(result: Result): unknown {
    const { kind, revision, paths, imports, dropped, added, replaced, notCopied, keptCredentials, from, to } = result
    return {
      from,
      to,
      values: paths,
      added,
      replaced,
      notCopied,
      keptCredentials,
      imports,
      withoutCredential: dropped,
      revision,
      changed: kind === 'saved',
      ...(kind === 'planned' && { planned: true }),
    }
  }
}

function planText({ added, replaced, notCopied, imports, to }: Result): string {
  const lines = [
    ...imports.map((name) => `  import   ${name}\n`),
    ...added.map((path) => `  add      ${path}\n`),
    ...replaced.map((path) => `  replace  ${path}\n`),
    ...notCopied.map((path) => `  keep     ${path}\n`),
  ]
  if (lines.length === notCopied.length) return `'${to}' has it all already.\n${lines.join('')}`
  return `Would change '${to}':\n${lines.join('')}`
}
