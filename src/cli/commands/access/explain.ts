import {
  type AccessExplanation,
  explainAccess,
  type PrincipalAccess,
  refuseVersion,
  type UnappliedList,
} from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { text } from '../../framework/flags.ts'
import { keyText } from '../../framework/key-text.ts'
import { openTarget } from '../../framework/session.ts'
import { tableFor } from '../../terminal/index.ts'

const flags = { as: text({ description: 'somebody else than you', value: 'principal' }), ...OUTPUT_FLAG }

export default class AccessExplain extends EscCommand<AccessExplanation, typeof flags> {
  static override id = 'access:explain'
  static override summary = 'Show who may do what with an environment, and why.'
  static override description =
    `Shows what you, or somebody else, may do with an environment, and the rule that decides it. Also lists everybody whom the rules name, and everybody
who can decrypt the environment. Rules bind only this program. Keys bind everybody: without the key nobody can read a secret, and with it
no rule can stop them.`
  static override examples = [
    { description: 'Who can do what', command: 'esc access explain app/dev' },
    { description: 'What another may do', command: 'esc access explain app/dev --as bob@example.com' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = { environment: { description: 'the environment', required: true } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<AccessExplanation> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'explain')
    return (await session.perform(explainAccess, reference, { as: this.flags.as })).result
  }

  text({ environment, everybody, key, others, rules, unapplied, who }: AccessExplanation): string {
    const named = others.map((each) => [each.principal, each.level, reasonText(each)])
    return [
      `'${who.principal}' has ${who.level} on ${environment}: ${reasonText(who)}.\n`,
      rules ? '\nBy the rules, which bind this program only:\n' : '',
      rules ? tableFor(this.io, ['principal', 'level', 'why'], [...named, ['everybody else', everybody, '']]) : '',
      '\nBy the key, which binds everybody, it can be decrypted by:\n',
      key === undefined ? '  (you may not read this environment)\n' : keyText(key),
      unapplied === undefined ? '' : unappliedText(environment, unapplied),
    ].join('')
  }
}

function unappliedText(environment: string, { added, removed }: UnappliedList): string {
  return [
    '  But the list was edited, and the data key is still encrypted for the list before the edit:\n',
    ...added.map((recipient) => `    ${recipient} is listed and cannot open it yet\n`),
    ...removed.map((recipient) => `    ${recipient} is not listed any more and can still open it\n`),
    `  To let in who is listed, run "esc env rewrap ${environment}".\n`,
    removed.length === 0
      ? ''
      : `  To keep out who is not, run "esc env change-secrets-provider ${environment} age://".\n`,
  ].join('')
}

function reasonText({ because }: PrincipalAccess): string {
  switch (because.kind) {
    case 'no-rules':
      return 'the store has no access rules'
    case 'unlimited':
      return 'the access rules do not limit this token'
    case 'default':
      return 'no rule gives more than the default'
    case 'rule':
      return `the rule at ${because.rule.place.split(/[\\/]/).at(-1)} for ${because.as}`
  }
}
