import { addPrincipal, type JoinerPlan, type JoinerReport } from '../../../operations/index.ts'
import { shellWord } from '../../../shell-word.ts'
import { EscCommand, GLOBAL_FLAGS, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { boolean } from '../../framework/flags.ts'
import { EXIT } from '../../framework/report-error.ts'
import { openSession } from '../../framework/session.ts'
import { confirm, worded } from '../../terminal/index.ts'

const flags = {
  yes: boolean({ description: 'do it without asking', char: 'y' }),
  ...OUTPUT_FLAG,
}

export default class AccessAdd extends EscCommand<JoinerReport, typeof flags> {
  static override id = 'access:add'
  static override summary = 'Give a colleague access to environments.'
  static override description =
    `Adds the age recipient of a colleague to the recipients of every environment that they may open, with their name as a comment, and
re-encrypts the data keys. No new revision is made. The command shows the plan and asks first. If one environment fails, the
others go on; run the command again to finish.

The rules in esc.yaml decide which environments a colleague may open; without rules, all. Environments that have no list of recipients (a
key file, a passphrase, a cloud key) are listed: give your colleague that key yourself. Your colleague gets a recipient with "esc access join".`
  static override examples = [
    {
      description: 'Let Bob in, and commit it',
      command: 'esc access add bob@example.com age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p --commit',
    },
  ]
  static override baseFlags = { ...GLOBAL_FLAGS, commit: WRITE_FLAGS.commit }
  static override flags = flags
  static override args = {
    principal: { description: 'whom, as the rules name them', required: true },
    recipient: { description: 'their age recipient, age1…', required: true },
  }
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<JoinerReport> {
    const session = openSession(this.io, this.flags)
    const [principal, recipient] = this.positionals as [string, string]
    const ask = async (plan: JoinerPlan) => {
      if (this.flags.yes || (plan.lock.length === 0 && plan.lists.length === 0)) return
      await confirm(this.io, planText(plan), plan.principal)
    }
    return (await session.perform(addPrincipal, undefined, { principal, recipient, confirm: ask })).result
  }

  text({ environments, lists, principal, recipient, shared }: JoinerReport): string {
    const lines = environments.map(({ error, hint, name, status }) => {
      if (status === 'failed')
        return `${name}: not done: ${error}\n${hint === undefined ? '' : `  hint: ${worded(hint)}\n`}`
      return status === 'already' ? `${name}: was done already\n` : `${name}: '${principal}' can open it\n`
    })
    const failed = environments.some(({ status }) => status === 'failed')
    const added = environments.some(({ status }) => status === 'added')
    const listed = `'${principal}' is named in ${lists.join(', ')}, and can open environments that are made from now on.\n`
    return [
      ...lines,
      environments.length === 0 && lists.length > 0 ? listed : '',
      sharedText(shared),
      added ? `\nOnce this is pushed, they run "git pull".\n` : '',
      failed ? `\nRun "esc access add ${shellWord(principal)} ${recipient}" again to finish.\n` : '',
    ].join('')
  }

  override exitCode({ environments }: JoinerReport): number {
    return environments.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.done
  }
}

function planText({ lists, lock, others, principal, recipient, shared }: JoinerPlan): string {
  const all = [
    `recipient: ${recipient}`,
    lists.length > 0 && `named in: ${lists.join(', ')}`,
    lock.length > 0 && `data keys encrypted for them too: ${lock.join(', ')}`,
    ...others.map(
      ({ name, recipients }) => `${name} also lets in, as its list was edited before: ${recipients.join(', ')}`,
    ),
  ]
  return `'${principal}' will be let in:\n${all.flatMap((line) => (line ? [`  ${line}\n`] : [])).join('')}${sharedText(shared)}`
}

function sharedText(shared: JoinerPlan['shared']): string {
  if (shared.length === 0) return ''
  const lines = shared.map(({ name, secretsProvider }) => `  ${name}: ${secretsProvider}\n`)
  return `\nThese are under keys that are not lists. Give them the key, or the right to use it, where it is kept:\n${lines.join('')}`
}
