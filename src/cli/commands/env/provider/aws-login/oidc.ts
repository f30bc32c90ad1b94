import type { Json } from '../../../../../json.ts'
import { list, text } from '../../../../framework/flags.ts'
import {
  LoginProviderCommand,
  loginProviderArgs,
  loginProviderCount,
  loginProviderFlags,
  SUBJECT_ATTRIBUTE,
  someOf,
} from '../../../../framework/login-provider-command.ts'

const place = 'aws.login'
const flags = {
  ...loginProviderFlags(place),
  duration: text({ description: 'how long a session lasts, such as 1h', value: 'duration' }),
  'policy-arn': list({
    description: 'a policy that narrows what a session may do; can be given several times',
    value: 'arn',
  }),
  'subject-attribute': list({ description: SUBJECT_ATTRIBUTE, value: 'name' }),
}
const words = {
  'role-arn': 'ARN of the role',
  'session-name': 'name of its sessions',
}

export default class EnvProviderAwsLoginOidc extends LoginProviderCommand<typeof flags> {
  static override id = 'env:provider:aws-login:oidc'
  static override summary = 'Add an AWS OIDC login provider to an environment.'
  static override description = `Writes a role to be assumed with an identity token into the environment, as aws.login.`
  static override examples = [
    {
      description: 'Assume a role',
      command: 'esc env provider aws-login oidc app/dev arn:aws:iam::123456789012:role/deploy ci',
    },
  ]
  static override flags = flags
  static override args = loginProviderArgs(words)
  static override count = loginProviderCount(2)
  protected readonly place = place
  protected readonly words = Object.keys(words)

  protected call([roleArn, sessionName]: readonly string[]): Json {
    return {
      'fn::open::aws-login': {
        oidc: {
          roleArn,
          sessionName,
          duration: this.flags.duration || undefined,
          policyArns: someOf(this.flags['policy-arn']),
          subjectAttributes: someOf(this.flags['subject-attribute']),
        },
      },
    }
  }
}
