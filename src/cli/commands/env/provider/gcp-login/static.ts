import type { Json } from '../../../../../json.ts'
import { text } from '../../../../framework/flags.ts'
import {
  LoginProviderCommand,
  loginProviderArgs,
  loginProviderCount,
  loginProviderFlags,
  projectNumber,
  SECRET_FILE_FLAG,
  secretExpression,
} from '../../../../framework/login-provider-command.ts'

const place = 'gcp.login'
const flags = {
  ...loginProviderFlags(place),
  ...SECRET_FILE_FLAG,
  'service-account': text({ description: 'a service account to impersonate', value: 'email' }),
  'token-lifetime': text({ description: 'how long tokens live, such as 1h', value: 'duration' }),
}
const words = {
  'project-number': 'number of the project',
  'access-token': 'the token; it is encrypted. Left out: typed without echo, or read from standard input',
}

export default class EnvProviderGcpLoginStatic extends LoginProviderCommand<typeof flags> {
  static override id = 'env:provider:gcp-login:static'
  static override summary = 'Add a Google Cloud static login provider to an environment.'
  static override description = `Writes an access token of Google Cloud into the environment, encrypted, as gcp.login.`
  static override examples = [
    { description: 'Keep an access token', command: 'esc env provider gcp-login static app/dev 123456789' },
  ]
  static override flags = flags
  static override args = loginProviderArgs(words, { endsInSecret: true })
  static override count = loginProviderCount(2, { endsInSecret: true })
  protected readonly place = place
  protected readonly words = Object.keys(words)
  protected override readonly endsInSecret = true

  protected call([number, accessToken]: readonly string[]): Json {
    return {
      'fn::open::gcp-login': {
        project: projectNumber(number as string),
        accessToken: {
          accessToken: secretExpression(accessToken as string),
          serviceAccount: this.flags['service-account'] || undefined,
          tokenLifetime: this.flags['token-lifetime'] || undefined,
        },
      },
    }
  }
}
