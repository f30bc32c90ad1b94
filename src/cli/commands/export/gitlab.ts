import { exportedVariables, gitlabVariables, requireVariableTexts } from '../../../operations/index.ts'
import { EXPORT_FLAGS, ExportCommand } from '../../framework/export-command.ts'
import { boolean, list, text } from '../../framework/flags.ts'
import { ALLOW_VARIABLE_FLAG } from '../../framework/shared-flags.ts'

const flags = {
  ...EXPORT_FLAGS,
  scope: text({ description: 'environment scope in GitLab (default: *)', value: 'scope' }),
  protected: boolean({ description: 'for protected branches and tags only' }),
  'allow-unmasked': list({
    description: 'leave this secret unmasked if GitLab cannot mask it; may be given several times',
    value: 'name',
  }),
  ...ALLOW_VARIABLE_FLAG,
}

export default class ExportGitlab extends ExportCommand<typeof flags> {
  static override id = 'export:gitlab'
  static override summary = 'Write the variables of an environment as CI/CD variables for GitLab.'
  static override description =
    `Opens the environment and prints a JSON list of what the API of GitLab takes: an object for each variable (POST /projects/:id/variables).
Secrets are masked, and files become variables of the type "file". A secret that GitLab cannot mask, because it has fewer than 8 characters or
white space, is refused; --allow-unmasked permits it. In a job, "esc run" needs none of this.`
  static override examples = [
    {
      description: 'Create the variables of a project',
      command:
        'esc export gitlab app/dev | jq -c ".[]" | while read -r body; do curl -fsS -H "PRIVATE-TOKEN: $TOKEN" --json "$body" "$URL/variables"; done',
    },
    {
      description: 'For one environment of GitLab, on protected branches',
      command: 'esc export gitlab app/prod --scope production --protected',
    },
  ]
  static override flags = flags

  protected override async render(): Promise<string> {
    const target = await this.openVariables()
    await this.checkVariables(target)
    const { values } = target
    requireVariableTexts(values, 'GitLab', { redact: false })
    const variables = gitlabVariables({
      variables: exportedVariables(values, 'environmentVariables'),
      files: exportedVariables(values, 'files'),
      unmasked: this.flags['allow-unmasked'],
      isProtected: this.flags.protected,
      scope: this.flags.scope ?? '*',
    })
    return `${JSON.stringify(variables, undefined, 2)}\n`
  }
}
