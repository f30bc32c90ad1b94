import { type JoinRequest, joinRequest } from '../../../operations/index.ts'
import { shellWord } from '../../../shell-word.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { openSession } from '../../framework/session.ts'

const flags = { ...OUTPUT_FLAG }

export default class AccessJoin extends EscCommand<JoinRequest, typeof flags> {
  static override id = 'access:join'
  static override summary = 'Print the command that a colleague runs to give you access.'
  static override description =
    `Prints your age recipient, and the command that a colleague with access runs to let you in. Creates an age identity first if you have
none. The recipient is public. The identity is secret and stays on this machine.`
  static override examples = [
    { description: 'Ask to be let in', command: 'esc access join' },
    { description: 'The recipient alone, for a script', command: 'esc access join --output json' },
  ]
  static override flags = flags

  async run(): Promise<JoinRequest> {
    return (await openSession(this.io, this.flags).perform(joinRequest, undefined)).result
  }

  text({ created, place, principal, recipient }: JoinRequest): string {
    const made = created
      ? `A new age identity was made for you: ${place}\nKeep a copy of this file in a safe place, such as a password manager, and commit it nowhere.\n\n`
      : `Your age identity is that of ${place}.\n\n`
    return `${made}Send this to somebody who can open the environments. It is not a secret:
  esc access add ${shellWord(principal)} ${recipient}
Once they have pushed what that changes, run "git pull".
`
  }
}
