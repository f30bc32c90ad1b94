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
you save. A change that somebody with the key before has made is signed with it, and accepted without a question. This command is for the
others: it shows what is different and who can open the environment now, and asks before it accepts the key. Ask your colleagues,
by another way than the repository, whether they have changed it.`
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
}

function about({ environment, replaced, key, differences, revision, commit, unverified }: UnknownKey): string {
  const compared =
    differences === undefined
      ? ['This machine has not used a key of it before, so there is nothing to compare it with.']
      : differences.length === 0
        ? ['The secrets provider and the recipients it names are the same as before.']
        : ['What is different from the key that this machine knows:', ...differences.map((line) => `  ${line}`)]
  return [
    replaced
      ? `Environment '${environment}' is not the one that this machine has seen under that name: somebody has removed that one, or put this one in its place.`
      : `Environment '${environment}' has a data key that this machine has not seen, and nobody who had the key it knows has signed the change.`,
    ...compared,
    `Seals:     ${unverified === undefined ? 'right, with the new key; its maker can make them' : `not checked: ${unverified}`}`,
    `Revision:  ${revision} is the newest`,
    `Commit:    ${commit === undefined ? 'none, or no git repository' : `${commit} changed the settings last; what it says of its author can be forged`}`,
    `Who can open it, with ${printable(key.secretsProvider)}:`,
    printable(keyText(key)).trimEnd(),
  ].join('\n')
}

/** Line breaks aside, without characters that a terminal obeys. */
function printable(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
}
