import type { Json } from '../../../../../json.ts'
import {
  LoginProviderCommand,
  loginProviderArgs,
  loginProviderCount,
  loginProviderFlags,
  SECRET_FILE_FLAG,
  secretExpression,
} from '../../../../framework/login-provider-command.ts'

const place = 'azure.login'
const flags = {
  ...loginProviderFlags(place),
  ...SECRET_FILE_FLAG,
}
const words = {
  'tenant-id': 'id of the tenant',
  'subscription-id': 'id of the subscription',
  'client-id': 'id of the application',
  'client-secret': 'its secret; it is encrypted. Left out: typed without echo, or read from standard input',
}

export default class EnvProviderAzureLoginStatic extends LoginProviderCommand<typeof flags> {
  static override id = 'env:provider:azure-login:static'
  static override summary = 'Add an Azure static login provider to an environment.'
  static override description =
    `Writes the client secret of an Azure application into the environment, encrypted, as azure.login.`
  static override examples = [
    {
      description: 'Keep a client secret',
      command: 'esc env provider azure-login static app/dev my-tenant /subscriptions/my-subscription my-client',
    },
  ]
  static override flags = flags
  static override args = loginProviderArgs(words, { endsInSecret: true })
  static override count = loginProviderCount(4, { endsInSecret: true })
  protected readonly place = place
  protected readonly words = Object.keys(words)
  protected override readonly endsInSecret = true

  protected call([tenantId, subscriptionId, clientId, clientSecret]: readonly string[]): Json {
    return {
      'fn::open::azure-login': {
        clientId,
        tenantId,
        subscriptionId,
        clientSecret: secretExpression(clientSecret as string),
      },
    }
  }
}
