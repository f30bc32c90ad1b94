import { misreadVariables, renderValue, requireVariableTexts } from '../../../operations/index.ts'
import { EXPORT_FLAGS, ExportCommand, FILES_FLAG } from '../../framework/export-command.ts'
import { ALLOW_VARIABLE_FLAG } from '../../framework/shared-flags.ts'

const flags = { ...EXPORT_FLAGS, ...FILES_FLAG, ...ALLOW_VARIABLE_FLAG }

export default class ExportDotenv extends ExportCommand<typeof flags> {
  static override id = 'export:dotenv'
  static override summary = 'Write the variables of an environment as a .env file.'
  static override description =
    `Opens the environment and prints its environmentVariables as lines of a .env file, in quotes that dotenv libraries, Docker Compose and bash read
alike. Where a program would read another value, a warning names the variable and the program. "esc env import dotenv" reads the file back.`
  static override examples = [
    { description: 'Write a file', command: 'esc export dotenv app/dev --out dev.env' },
    { description: 'Replace it after a rotation', command: 'esc export dotenv app/dev --out dev.env --force' },
  ]
  static override flags = flags

  protected override async render(): Promise<string> {
    const target = await this.openVariables()
    await this.checkVariables(target, true)
    const { values } = target
    requireVariableTexts(values, 'dotenv', { redact: false })
    for (const each of misreadVariables(values, { redact: false })) this.io.err(`warning: ${each}\n`)
    let files: readonly { readonly name: string; readonly value: string; readonly secret: boolean }[] = []
    this.withFiles(values, this.flags['files-in'], (variables) => {
      files = variables.filter(({ path }) => path.startsWith('files.'))
      return ''
    })
    return renderValue(values, { format: 'dotenv', redact: false, files })
  }
}
