import { finishRemoval, type LeaverPlan, type LeaverReport, removePrincipal } from '../../../operations/index.ts'
import { shellWord } from '../../../shell-word.ts'
import { EscCommand, GLOBAL_FLAGS, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { type ExposedRotation, exitCodeOfRotations, exposedText, rotateExposed } from '../../framework/exposed.ts'
import { boolean, list } from '../../framework/flags.ts'
import { EXIT } from '../../framework/report-error.ts'
import { openSession } from '../../framework/session.ts'
import { confirm, worded } from '../../terminal/index.ts'

const flags = {
  recipient: list({
    description: 'an age recipient that is theirs, besides those whose comment in a list says so',
    value: 'age1…',
  }),
  rotate: boolean({ description: 'then rotate the credentials that they may know' }),
  yes: boolean({ description: 'do it without asking', char: 'y' }),
  ...OUTPUT_FLAG,
}

interface Result extends LeaverReport {
  readonly rotations: readonly ExposedRotation[]
}

export default class AccessRemove extends EscCommand<Result, typeof flags> {
  static override id = 'access:remove'
  static override summary = 'Take away all access of a person: recipients, keys and rules.'
  static override description =
    `Removes a person from all lists of age recipients, from teams and from access rules, and gives every environment that they could open a new
data key. The command shows the plan and asks first. If it is interrupted or an environment fails, run it again to finish.

The person may know the secrets they could open: these are listed, and --rotate rotates those that have a rotator. Environments that have no list
of recipients (a key file, a passphrase, a cloud key) are listed too: end the person's use of that key yourself.`
  static override examples = [
    { description: 'Somebody leaves; do not ask', command: 'esc access remove bob@example.com --yes' },
    {
      description: 'And rotate what they know',
      command: 'esc access remove bob@example.com --rotate --yes',
    },
  ]
  static override baseFlags = { ...GLOBAL_FLAGS, commit: WRITE_FLAGS.commit }
  static override flags = flags
  static override args = { principal: { description: 'whom, as the rules name them', required: true } }
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<Result> {
    const session = openSession(this.io, this.flags)
    const principal = this.positionals[0] as string
    const ask = async (plan: LeaverPlan) => {
      if (this.flags.yes) return
      await confirm(this.io, planText(plan), plan.principal)
    }
    const leaver = { principal, recipients: this.flags.recipient, confirm: ask }
    const { result: report } = await session.perform(removePrincipal, undefined, leaver)
    const names = report.known.map(({ name }) => name)
    const rotations = this.flags.rotate ? await rotateExposed(this.io, session, names) : []
    await session.perform(finishRemoval, undefined, { principal })
    return { ...report, rotations }
  }

  text(report: Result): string {
    const { environments, known, principal, rotations, rules, shared } = report
    const lines = environments.map(({ error, hint, name, revisions, status }) =>
      status === 'failed'
        ? `${name}: not changed: ${error}\n${hint === undefined ? '' : `  hint: ${worded(hint)}\n`}`
        : `${name}: has a new data key (${revisions} revisions re-encrypted)\n`,
    )
    const failed = environments.some(({ status }) => status === 'failed')
    return [
      ...lines,
      rules ? `The rules no longer name '${principal}'.\n` : '',
      sharedText(shared),
      exposedText(known, {
        rotations: this.flags.rotate ? rotations : undefined,
        again: `esc access remove ${shellWord(principal)} --rotate`,
      }),
      failed ? `\nRun "esc access remove ${shellWord(principal)}" again to finish.\n` : '',
    ].join('')
  }

  override exitCode({ environments, rotations }: Result): number {
    if (environments.some(({ status }) => status === 'failed')) return EXIT.failed
    return exitCodeOfRotations(rotations)
  }
}

function planText({ lists, owed, principal, recipients, rekey, rules, shared }: LeaverPlan): string {
  const all = [
    recipients.length > 0 && `recipients: ${recipients.join(', ')}`,
    lists.length > 0 && `taken out of: ${lists.join(', ')}`,
    rekey.length > 0 && `new data keys, every revision re-encrypted: ${rekey.join(', ')}`,
    owed.length > 0 && `removed before, credentials not rotated since: ${owed.join(', ')}`,
    rules && 'taken out of the teams and rules in esc.yaml',
  ]
  return `'${principal}' will be removed:\n${all.flatMap((line) => (line ? [`  ${line}\n`] : [])).join('')}${sharedText(shared)}`
}

function sharedText(shared: LeaverPlan['shared']): string {
  if (shared.length === 0) return ''
  const lines = shared.map(({ name, secretsProvider }) => `  ${name}: ${secretsProvider}\n`)
  return `\nThese are under keys that are not lists. If they had the key, end its use where it is kept, or change it with "esc env change-secrets-provider":\n${lines.join('')}`
}
