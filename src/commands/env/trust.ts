import { confirm } from '../../terminal/index.ts'
import { refuseVersion, type TrustedKey, trustKey, type UnknownKey } from '../../workspace/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { boolean } from '../framework/flags.ts'
import { keyText } from '../framework/key-text.ts'
import { openTarget } from '../framework/session.ts'

const flags = { yes: boolean({ description: 'accept the key without asking', char: 'y' }), ...OUTPUT_FLAG }

export default class EnvTrust extends EscCommand<TrustedKey, typeof flags> {
  static override id = 'env:trust'
  static override summary = 'Accept the data key that somebody has given an environment.'
  static override description =
    `This machine remembers the data keys it has seen, and refuses an environment that turns up with another: whoever holds that key could read what
you save. When a colleague has changed the secrets provider, this shows who did, when, and for whom the key is, and asks before it
accepts the key. Ask your colleague, by another way than the repository, whether it was so.`
  static override examples = [
    { description: 'Look at a changed key, and accept it', command: 'esc env trust app/dev --yes' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = { environment: { description: 'the environment', required: true } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<TrustedKey> {
    const { workspace, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'trust')
    return trustKey(workspace, reference, async (unknown) => {
      if (this.flags.yes) return
      await confirm(this.io, about(unknown), unknown.environment)
    })
  }

  text(trusted: TrustedKey): string {
    if (!trusted.accepted) return `This machine knows the data key of '${trusted.environment}' already.`
    return `${this.flags.yes ? `${about(trusted)}\n` : ''}The data key of '${trusted.environment}' is accepted on this machine.`
  }

  override json({ revision, ...rest }: TrustedKey): unknown {
    return { ...rest, revision: { ...revision, created: revision.created.toISOString() } }
  }
}

function about({ environment, key, revision, commit, unverified }: UnknownKey): string {
  const { author, created, change, number } = revision
  return [
    `Environment '${environment}' has a data key that this machine has not seen.`,
    `Changed in:  ${commit ?? 'no commit yet, or no git repository'}`,
    `Newest:      revision ${number} (${change}), by ${author.name} <${author.email}>, ${created.toISOString()}`,
    `Seals:       ${unverified === undefined ? 'right, with this key' : `not checked: ${unverified}`}`,
    `Provider:    ${key.secretsProvider}. Who can open it:`,
    keyText(key).trimEnd(),
  ].join('\n')
}
