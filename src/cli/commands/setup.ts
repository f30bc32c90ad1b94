import { EscError } from '../../errors.ts'
import { type SetupVendor, shellCommand, type TrustSetup, trustSetup } from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { boolean, text } from '../framework/flags.ts'
import { openSession } from '../framework/session.ts'
import { runSetup } from '../framework/setup-run.ts'

const vendors: readonly SetupVendor[] = ['aws', 'azure', 'gcp', 'vault']

const flags = {
  name: text({ description: 'name of the role, application or pool that is made (default: esc-store)', value: 'name' }),
  policy: text({
    description:
      'what the login may do: the ARN of a policy of AWS, a role of Azure or Google Cloud, a policy of Vault',
    value: 'policy',
  }),
  project: text({ description: 'id of the project, for gcp', value: 'id' }),
  run: boolean({ description: 'run the commands, with the command-line tool of the vendor' }),
  ...OUTPUT_FLAG,
}

interface Result extends TrustSetup {
  /** The values that were printed, by the names of the variables. `undefined`: nothing was run. */
  readonly made: Readonly<Record<string, string>> | undefined
}

export default class Setup extends EscCommand<Result, typeof flags> {
  static override id = 'setup'
  static override summary = 'Set up a cloud to accept logins from this store.'
  static override description =
    `Prints the commands that make AWS, Azure, Google Cloud or Vault accept logins from this store: from one environment, or from all
of them. With --run, runs them with your own login and stops at the first failure; existing resources stay as they are. The store needs an
issuer first: "esc oidc init --issuer" (docs/oidc.md).`
  static override examples = [
    {
      description: 'Let every environment take on a role of AWS',
      command: 'esc setup aws --policy arn:aws:iam::aws:policy/ReadOnlyAccess',
    },
    { description: 'Make it for one environment', command: 'esc setup aws app/prod --run' },
  ]
  static override flags = flags
  static override args = {
    vendor: { description: 'aws, azure, gcp or vault', required: true },
    environment: { description: 'the one that may log in (default: each environment of the store)' },
  }
  static override count = { kind: 'between', least: 1, most: 2 } as const
  static override usesSelected = false

  async run(): Promise<Result> {
    const [typed = '', environment] = this.positionals
    const vendor = vendors.find((each) => each === typed)
    if (vendor === undefined) {
      throw new EscError('usage', `unknown vendor ${JSON.stringify(typed)}`, { hint: `one of ${vendors.join(', ')}` })
    }
    const session = openSession(this.io, this.flags)
    const { name = 'esc-store', policy, project } = this.flags
    const named = environment === undefined ? undefined : session.reference(environment).name
    const wish = { vendor, environment: named, policy, name, project }
    const setup = (await session.perform(trustSetup, undefined, wish)).result
    const made = this.flags.run ? await runSetup(this.io, setup.steps) : undefined
    return { ...setup, made }
  }

  text({ steps, made }: Result): string {
    if (made === undefined) return steps.map((step) => `# ${step.title}\n${shellCommand(step)}`).join('\n\n')
    const printed = Object.entries(made).map(([name, value]) => `${name}=${value}`)
    return ['The vendor trusts this store now.', ...printed].join('\n')
  }

  override json({ issuer, audience, subject, steps, made }: Result): unknown {
    const commands = steps.map((step) => ({ title: step.title, command: shellCommand(step) }))
    return { issuer, audience, subject, commands, ...(made && { made }) }
  }
}
