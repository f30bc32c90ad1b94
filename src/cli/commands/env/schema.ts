import { definitionSchemaText } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { sessionRequest } from '../../framework/session.ts'
import { OUT_FLAG, writeNamedFile } from '../../framework/written-file.ts'

const flags = { ...OUT_FLAG, ...OUTPUT_FLAG }

export default class EnvSchema extends EscCommand<string, typeof flags> {
  static override id = 'env:schema'
  static override summary = 'Print the JSON Schema of environment definitions.'
  static override description =
    `Prints a JSON Schema (2020-12) for definitions: their structure, the builtins, and the inputs of all providers and rotators, built-in or from
plugins of the store. Editors with yaml-language-server use it to complete and check environment.yaml (docs/editors.md).`
  static override examples = [
    { description: 'For an editor', command: 'esc env schema --out environment.schema.json' },
    {
      description: 'The names of everything that can be called',
      command: 'esc env schema | jq \'."$defs".call.properties | keys\'',
    },
  ]
  static override flags = flags

  async run(): Promise<string> {
    const schema = await definitionSchemaText(sessionRequest(this.io, this.flags))
    const { out } = this.flags
    return out === undefined ? schema : writeNamedFile(this.io, out, schema)
  }

  override get printsValues(): boolean {
    return true
  }

  override get printsJson(): boolean {
    return this.flags.out === undefined
  }

  override json(): unknown {
    return { file: this.flags.out }
  }

  text(schema: string): string {
    return schema
  }
}
