import type { Json } from '../../../../../json.ts'
import { list, requiredText, text } from '../../../../framework/flags.ts'
import {
  LoginProviderCommand,
  loginProviderArgs,
  loginProviderCount,
  loginProviderFlags,
  projectNumber,
  SUBJECT_ATTRIBUTE,
  someOf,
} from '../../../../framework/login-provider-command.ts'

const place = 'gcp.login'
const flags = {
  ...loginProviderFlags(place),
  'workload-pool-id': requiredText({ description: 'id of the workload identity pool', value: 'id' }),
  'provider-id': requiredText({ description: 'id of the provider in the pool', value: 'id' }),
  'service-account': requiredText({ description: 'the service account to impersonate', value: 'email' }),
  region: text({ description: 'region of the tokens', value: 'region' }),
  'token-lifetime': text({ description: 'how long tokens live, such as 1h', value: 'duration' }),
  'subject-attribute': list({ description: SUBJECT_ATTRIBUTE, value: 'name' }),
}
const words = {
  'project-number': 'number of the project',
}

export default class EnvProviderGcpLoginOidc extends LoginProviderCommand<typeof flags> {
  static override id = 'env:provider:gcp-login:oidc'
  static override summary = 'Add a Google Cloud OIDC login provider to an environment.'
  static override description =
    `Writes a workload identity provider to log in to with an identity token into the environment, as gcp.login.`
  static override examples = [
    {
      description: 'Impersonate a service account',
      command:
        'esc env provider gcp-login oidc app/dev 123456789 --workload-pool-id pool --provider-id provider --service-account ci@example.iam.gserviceaccount.com',
    },
  ]
  static override flags = flags
  static override args = loginProviderArgs(words)
  static override count = loginProviderCount(1)
  protected readonly place = place
  protected readonly words = Object.keys(words)

  protected call([number]: readonly string[]): Json {
    return {
      'fn::open::gcp-login': {
        project: projectNumber(number as string),
        oidc: {
          workloadPoolId: this.flags['workload-pool-id'],
          providerId: this.flags['provider-id'],
          serviceAccount: this.flags['service-account'],
          region: this.flags.region || undefined,
          tokenLifetime: this.flags['token-lifetime'] || undefined,
          subjectAttributes: someOf(this.flags['subject-attribute']),
        },
      },
    }
  }
}
