import { EscError } from '../../errors.ts'
import { diagnosticLines, hasColour } from '../../terminal/index.ts'
import { type CopiedValues, copyValues, parsePath, refuseVersion } from '../../workspace/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../framework/command.ts'
import { text } from '../framework/flags.ts'
import { refused } from '../framework/report-error.ts'
import { openTarget } from '../framework/session.ts'

const flags = {
  dest: text({ description: 'the environment to copy into', char: 'd', value: 'environment' }),
  ...OUTPUT_FLAG,
}

interface Result extends CopiedValues {
  readonly from: string
  readonly to: string
}

export default class ConfigCp extends EscCommand<Result, typeof flags> {
  static override id = 'config:cp'
  static override busy = 'copying'
  static override summary = 'Copy values from one environment into another.'
  static override description =
    `Copies one value, or all values and imports, into another environment and saves it as a new revision. What the destination has under
the same names is replaced; everything else in it stays, comments too. Secrets are decrypted with the key of the one and encrypted with
that of the other. Rotators are copied without their credentials.`
  static override examples = [
    { description: 'Copy one value', command: 'esc config cp app/dev database.host --dest app/prod' },
    { description: 'Copy everything', command: 'esc config cp app/dev --dest app/prod' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment to copy from, with @ and a version if you like' },
    key: { description: 'path of one value, below values (default: everything)' },
  }
  static override usesSelected = true
  static override count = { kind: 'atMost', count: 2 } as const

  async run(): Promise<Result> {
    const { workspace, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    if (!this.flags.dest) {
      throw new EscError('usage', 'required flag(s) "dest" not set', { hint: 'name the environment to copy into' })
    }
    const to = workspace.reference(this.flags.dest)
    refuseVersion(to, 'config cp')
    const path = rest[0] === undefined ? [] : parsePath(rest[0], (reason) => `invalid path: ${reason}`)
    const copied = await copyValues(workspace, { from: reference, to, path })
    this.io.err(diagnosticLines(copied.saved.diagnostics, hasColour(this.io, 'stderr')))
    if (copied.saved.kind === 'refused') throw refused(to.name)
    for (const rotator of copied.dropped) {
      this.io.err(`warning: ${rotator} was copied without its credential; "esc env rotate ${to.name}" makes one\n`)
    }
    return { ...copied, from: reference.name, to: to.name }
  }

  text({ saved, paths, imports, to }: Result): string {
    if (saved.kind !== 'saved') return `'${to}' has it all already.`
    const more = imports.length === 0 ? '' : ` and ${imports.length} import${imports.length === 1 ? '' : 's'}`
    const values = `${paths.length} value${paths.length === 1 ? '' : 's'}${more}`
    return `Copied ${values} to '${to}'.\nNew revision '${saved.revision}' was created.`
  }

  override json({ saved, paths, imports, dropped, from, to }: Result): unknown {
    return {
      from,
      to,
      values: paths,
      imports,
      withoutCredential: dropped,
      revision: saved.revision,
      changed: saved.kind === 'saved',
    }
  }
}
