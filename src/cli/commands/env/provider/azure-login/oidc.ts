import type { Json } from '../../../../../json.ts'
import { list } from '../../../../framework/flags.ts'
import {
  LoginProviderCommand,
  loginProviderArgs,
  loginProviderCount,
  loginProviderFlags,
  SUBJECT_ATTRIBUTE,
  someOf,
} from '../../../../framework/login-provider-command.ts'

const place = 'azure.login'
const flags = {
  ...loginProviderFlags(place),
  'subject-attribute': list({ description: SUBJECT_ATTRIBUTE, value: 'name' }),
}
const words = {
  'tenant-id': 'id of the tenant',
  'subscription-id': 'id of the subscription',
  'client-id': 'id of the application',
}

export default class EnvProviderAzureLoginOidc extends LoginProviderCommand<typeof flags> {
  static override id = 'env:provider:azure-login:oidc'
  static override summary = 'Add an Azure OIDC login provider to an environment.'
  static override description =
    `Writes an Azure application to log in to with an identity token into the environment, as azure.login.`
  static override examples = [
    {
      description: 'Log in with a token',
      command: 'esc env provider azure-login oidc app/dev my-tenant /subscriptions/my-subscription my-client',
    },
  ]
  static override flags = flags
  static override args = loginProviderArgs(words)
  static override count = loginProviderCount(3)
  protected readonly place = place
  protected readonly words = Object.keys(words)

  protected call([tenantId, subscriptionId, clientId]: readonly string[]): Json {
    return {
      'fn::open::azure-login': {
        clientId,
        tenantId,
        subscriptionId,
        oidc: true,
        subjectAttributes: someOf(this.flags['subject-attribute']),
      },
    }
  }
}
