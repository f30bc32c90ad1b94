import type { Json } from '../../../../../json.ts'
import { text } from '../../../../framework/flags.ts'
import {
  LoginProviderCommand,
  loginProviderArgs,
  loginProviderCount,
  loginProviderFlags,
  SECRET_FILE_FLAG,
  secretExpression,
} from '../../../../framework/login-provider-command.ts'

const place = 'aws.login'
const flags = {
  ...loginProviderFlags(place),
  ...SECRET_FILE_FLAG,
  'session-token': text({
    description: 'for temporary credentials; it is encrypted',
    value: 'token',
    holdsValue: true,
  }),
}
const words = {
  'access-key-id': 'id of the access key',
  'secret-access-key': 'its secret; it is encrypted. Left out: typed without echo, or read from standard input',
}

export default class EnvProviderAwsLoginStatic extends LoginProviderCommand<typeof flags> {
  static override id = 'env:provider:aws-login:static'
  static override summary = 'Add an AWS static login provider to an environment.'
  static override description =
    `Writes the keys of an AWS user into the environment, the secret ones encrypted, as aws.login.`
  static override examples = [
    {
      description: 'Keep the keys of a user',
      command: 'esc env provider aws-login static credentials/production AKIAIOSFODNN7EXAMPLE',
    },
  ]
  static override flags = flags
  static override args = loginProviderArgs(words, { endsInSecret: true })
  static override count = loginProviderCount(2, { endsInSecret: true })
  protected readonly place = place
  protected readonly words = Object.keys(words)
  protected override readonly endsInSecret = true

  protected call([accessKeyId, secretAccessKey]: readonly string[]): Json {
    const token = this.flags['session-token']
    return {
      'fn::open::aws-login': {
        static: {
          accessKeyId,
          secretAccessKey: secretExpression(secretAccessKey as string),
          sessionToken: token ? secretExpression(token) : undefined,
        },
      },
    }
  }
}
