import { environmentPattern } from '../store/index.ts'
import { includes, type Level } from './level.ts'
import { type AccessRule, type AccessRules, samePrincipal, teamPrefix } from './rules.ts'

/**
 * The grounds of a decision: a rule and the name in it that meant the principal; the default; that
 * there are no rules; or that they do not limit whoever calls.
 */
export type Reason =
  | { readonly kind: 'rule'; readonly rule: AccessRule; readonly as: string }
  | { readonly kind: 'default' }
  | { readonly kind: 'no-rules' }
  | { readonly kind: 'unlimited' }

export interface Decision {
  readonly level: Level
  readonly because: Reason
}

/**
 * Decides the level of a principal for an environment: the highest level that the default or any
 * rule gives, unless a rule says `none`, which takes it all away. Without rules
 * everybody may do everything.
 */
export function decide(rules: AccessRules | undefined, principal: string, environment: string): Decision {
  if (rules === undefined) return { level: 'admin', because: { kind: 'no-rules' } }
  let decision: Decision = { level: rules.everybody, because: { kind: 'default' } }
  for (const rule of rules.rules) {
    if (!isAbout(rule, environment)) continue
    const as = meaning(rules, rule, principal)
    if (as === undefined) continue
    const because: Reason = { kind: 'rule', rule, as }
    if (rule.level === 'none') return { level: 'none', because }
    if (!includes(decision.level, rule.level)) decision = { level: rule.level, because }
  }
  return decision
}

/**
 * Decides the level of a principal for the store as a whole, such as changing its rules: what a
 * rule for all environments (`*`) gives them, or the default.
 */
export function decideForStore(rules: AccessRules | undefined, principal: string): Decision {
  const everywhere = rules && { ...rules, rules: rules.rules.filter(({ environments }) => environments.includes('*')) }
  return decide(everywhere, principal, '*')
}

/**
 * Those whom the rules name who have at least a level, as they are named:
 * `team:ops`, `ada@example.com`, `*`.
 */
export function holders(rules: AccessRules, environment: string, needed: Level): string[] {
  const named = rules.rules.filter((rule) => includes(rule.level, needed) && isAbout(rule, environment))
  const names = new Set(named.flatMap(({ principals }) => principals))
  if (includes(rules.everybody, needed)) names.add('*')
  // A team stays even where one of its members has been excluded; a person who has been does not.
  return [...names].filter(
    (name) => name === '*' || name.startsWith(teamPrefix) || includes(decide(rules, name, environment).level, needed),
  )
}

/** Every person and machine that the rules name, sorted. */
export function principalsOf(rules: AccessRules): string[] {
  const names = new Map<string, string>()
  const all = [...rules.teams.values(), ...rules.rules.map(({ principals }) => principals)].flat()
  for (const name of all) {
    if (name !== '*' && !name.startsWith(teamPrefix) && !names.has(name.toLowerCase()))
      names.set(name.toLowerCase(), name)
  }
  return [...names.values()].sort()
}

/** The teams a principal is in. */
export function teamsOf(rules: AccessRules, principal: string): string[] {
  return [...rules.teams]
    .filter(([, members]) => members.some((each) => samePrincipal(each, principal)))
    .map(([name]) => name)
}

/** The rules that take everything away from a principal, wherever they apply. */
export function exclusionsOf(rules: AccessRules, principal: string): AccessRule[] {
  return rules.rules.filter((rule) => rule.level === 'none' && meaning(rules, rule, principal) !== undefined)
}

/** In whatever case: on some file systems `APP/dev` opens `app/dev`. */
function isAbout({ environments }: AccessRule, environment: string): boolean {
  return environments.some((pattern) => environmentPattern(pattern.toLowerCase())(environment.toLowerCase()))
}

/** The name in a rule that means the principal. */
function meaning(rules: AccessRules, { principals }: AccessRule, principal: string): string | undefined {
  return principals.find((name) => {
    if (name === '*') return true
    if (!name.startsWith(teamPrefix)) return samePrincipal(name, principal)
    return rules.teams.get(name.slice(teamPrefix.length))?.some((member) => samePrincipal(member, principal))
  })
}
