import { type EnvironmentTypes, environmentTypes } from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand } from '../../framework/command.ts'
import { ReportedError } from '../../framework/report-error.ts'
import { openTarget } from '../../framework/session.ts'
import { OUT_FLAG, writeNamedFile } from '../../framework/written-file.ts'
import { diagnosticLines, hasColour } from '../../terminal/index.ts'

export default class EnvTypes extends EscCommand<string, typeof OUT_FLAG> {
  static override id = 'env:types'
  static override busy = 'checking'
  static override summary = 'Generate TypeScript types for the values of an environment.'
  static override description =
    `Prints a TypeScript module with the type of env.values of @gitesc/cli. Secrets have the type Secret. A value that depends on the result of a
provider may be a secret or not, so its type allows both. No provider is called and no key is needed: the module holds names and types, never
values.`
  static override examples = [
    { description: 'Types of one environment', command: 'esc env types app/dev --out app-dev.ts' },
    { description: 'Types of an earlier revision', command: 'esc env types app/dev@3' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = OUT_FLAG
  static override args = {
    environment: { description: 'the environment, with @ and a version if you like', required: true },
  }
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<string> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    const { result } = await session.perform(environmentTypes, reference)
    const module = this.#requireText(result, reference.typed)
    const { out } = this.flags
    return out === undefined ? module : writeNamedFile(this.io, out, module)
  }

  #requireText({ text, diagnostics }: EnvironmentTypes, typed: string): string {
    if (diagnostics.length > 0) this.io.err(diagnosticLines(diagnostics, hasColour(this.io, 'stderr')))
    if (text === undefined)
      throw new ReportedError('invalid_definition', `the definition of ${typed} has errors`, diagnostics)
    return text
  }

  override get printsValues(): boolean {
    return true
  }

  text(module: string): string {
    return module
  }
}
