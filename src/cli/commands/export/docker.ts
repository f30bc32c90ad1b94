import { dockerEnvFile, requireVariableTexts } from '../../../operations/index.ts'
import { EXPORT_FLAGS, ExportCommand, FILES_FLAG } from '../../framework/export-command.ts'
import { ALLOW_VARIABLE_FLAG } from '../../framework/shared-flags.ts'

const flags = { ...EXPORT_FLAGS, ...FILES_FLAG, ...ALLOW_VARIABLE_FLAG }

export default class ExportDocker extends ExportCommand<typeof flags> {
  static override id = 'export:docker'
  static override summary = 'Write the variables of an environment as an env-file for docker.'
  static override description =
    `Opens the environment and prints its environmentVariables as lines for "docker run --env-file", which takes values literally: without quotes and
escapes. A value that such a line cannot hold, such as one with a line break, is refused. For "env_file" of Docker Compose, use
"esc export dotenv".`
  static override examples = [
    {
      description: 'Start a container',
      command: 'esc export docker app/dev --out app.env && docker run --env-file app.env app',
    },
    {
      description: 'The same without a file',
      command: 'docker run --env-file <(esc export docker app/dev) app',
    },
  ]
  static override flags = flags

  protected override async render(): Promise<string> {
    const target = await this.openVariables()
    await this.checkVariables(target)
    requireVariableTexts(target.values, 'docker', { redact: false })
    return this.withFiles(target.values, this.flags['files-in'], dockerEnvFile)
  }
}
