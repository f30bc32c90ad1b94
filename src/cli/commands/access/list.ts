import { type AccessList, listAccess } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { openSession } from '../../framework/session.ts'
import { tableFor } from '../../terminal/index.ts'

const flags = { ...OUTPUT_FLAG }

export default class AccessListCommand extends EscCommand<AccessList, typeof flags> {
  static override id = 'access:list'
  static override summary = 'Show the access rules of the store and your name in them.'
  static override description =
    `Lists the access rules of esc.yaml with their line numbers, the teams, and the name by which the rules know you. esc obeys these rules. Only keys
stop people who do not use esc: see "esc access explain".`
  static override examples = [{ description: 'Show the rules', command: 'esc access list' }]
  static override flags = flags

  async run(): Promise<AccessList> {
    return (await openSession(this.io, this.flags).perform(listAccess, undefined)).result
  }

  text({ rules, store, who }: AccessList): string {
    const you = `You are '${who.name}' (${sources[who.from]}).\n`
    if (rules === undefined) return `${you}The store has no access rules: everybody may do everything.`
    const rows = rules.rules.map(({ environments, level, place, principals }) => [
      environments.join(', '),
      principals.join(', '),
      level,
      place.split(/[\\/]/).at(-1) as string,
    ])
    const teams = [...rules.teams].map(([name, members]) => `team:${name}: ${members.join(', ') || 'nobody'}\n`)
    return [
      you,
      `For the store as a whole you have ${store.level}. Everybody has ${rules.everybody} everywhere.\n`,
      tableFor(this.io, ['environments', 'principals', 'level', 'place'], rows),
      ...teams,
    ].join('')
  }

  override json({ rules, store, who }: AccessList): unknown {
    if (rules === undefined) return { principal: who, store: store.level, default: 'admin', teams: {}, rules: null }
    const { everybody, teams } = rules
    return {
      principal: who,
      store: store.level,
      default: everybody,
      teams: Object.fromEntries(teams),
      rules: rules.rules,
    }
  }
}

const sources = {
  ESC_PRINCIPAL: 'ESC_PRINCIPAL',
  login: 'as you said with "esc login --user"',
  git: 'as ESC_AUTHOR or git says',
  system: 'the user of the system',
  token: 'whom the token is for',
} as const
