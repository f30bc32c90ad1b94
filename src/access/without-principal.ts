import { EscError } from '../errors.ts'
import { decode, deleteAt, type Node, setAt } from '../yaml/index.ts'
import { decideForStore, principalsOf } from './decide.ts'
import { includes } from './level.ts'
import { readAccessRules } from './read-rules.ts'
import { samePrincipal } from './rules.ts'

/**
 * The text of `esc.yaml` without a principal: in no team, and in no rule; a rule that was about
 * nobody else goes. Rules that say `none` stay: what was taken away is not given back.
 *
 * @throws EscError `conflict` when the store would have no admin left; `invalid_input`
 *   for rules with a mistake.
 */
export function withoutPrincipal(text: string, principal: string, file: string): string {
  const rules = readAccessRules(text, file)
  if (rules === undefined) return text
  const access = fieldOf(decode(file, text).node, 'access')
  let changed = text
  for (const [name, members] of entriesOf(fieldOf(access, 'teams'))) {
    changed = withoutItems(changed, ['access', 'teams', name], itemsOf(members, principal))
  }
  const list = fieldOf(access, 'rules')
  const elements = list?.kind === 'array' ? [...list.elements.entries()] : []
  // From the end to the beginning, so that no index moves before its turn.
  for (const [index, rule] of elements.reverse()) {
    const path = ['access', 'rules', index]
    const principals = fieldOf(rule, 'principals')
    const items = itemsOf(principals, principal)
    if (items.length === 0 || textOf(fieldOf(rule, 'level')) === 'none') continue
    const all = principals?.kind === 'array' ? principals.elements.length : 1
    changed = items.length === all ? deleteAt(changed, path) : withoutItems(changed, [...path, 'principals'], items)
  }
  refuseNoAdmin(changed, file)
  return changed
}

/** Returns the items where a list, or a text alone, names the principal. */
function itemsOf(node: Node | undefined, principal: string): readonly number[] {
  const nodes = node === undefined ? [] : node.kind === 'array' ? node.elements : [node]
  return nodes.flatMap((each, index) => (samePrincipal(textOf(each) ?? '', principal) ? [index] : []))
}

function withoutItems(text: string, path: readonly (string | number)[], items: readonly number[]): string {
  const { node } = decode('', text)
  const list = path.reduce<Node | undefined>(
    (at, key) => (typeof key === 'string' ? fieldOf(at, key) : at?.kind === 'array' ? at.elements[key] : undefined),
    node,
  )
  if (items.length === 0) return text
  if (list?.kind !== 'array' || list.elements.length === items.length) return setAt(text, path, [])
  return [...items].reverse().reduce((shorter, index) => deleteAt(shorter, [...path, index]), text)
}

function refuseNoAdmin(text: string, file: string): void {
  const rules = readAccessRules(text, file)
  if (rules === undefined) return
  const somebody = ['*', ...principalsOf(rules)].some((name) => includes(decideForStore(rules, name).level, 'admin'))
  if (somebody) return
  throw new EscError('conflict', 'the store would have no admin left', {
    hint: 'give somebody else a rule for "*" with the level admin first',
  })
}

function entriesOf(node: Node | undefined): (readonly [string, Node])[] {
  return node?.kind === 'object' ? node.entries.map(({ key, value }) => [key.value, value] as const) : []
}

function fieldOf(node: Node | undefined, name: string): Node | undefined {
  return entriesOf(node).find(([key]) => key === name)?.[1]
}

function textOf(node: Node | undefined): string | undefined {
  return node?.kind === 'string' ? node.value : node?.kind === 'number' ? node.text : undefined
}
