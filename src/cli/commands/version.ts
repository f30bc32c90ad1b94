import manifest from '../../../package.json' with { type: 'json' }
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'

export default class Version extends EscCommand<string, typeof OUTPUT_FLAG> {
  static override id = 'version'
  static override summary = 'Print the version of esc.'
  static override description = 'Prints the version of esc and nothing else.'
  static override examples = [{ description: 'Print the version', command: 'esc version' }]

  static override flags = OUTPUT_FLAG

  async run(): Promise<string> {
    return manifest.version
  }

  text(version: string): string {
    return version
  }

  override json(version: string): unknown {
    return { version }
  }
}
