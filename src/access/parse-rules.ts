import { EscError } from '../errors.ts'
import { nearest } from '../suggestion.ts'
import { decode, type Node, type ObjectNode, placeOf } from '../yaml/index.ts'
import { isLevel, type Level, levels } from './level.ts'
import { type AccessRule, type AccessRules, teamPrefix } from './rules.ts'

/** As `readAccessRules`, whatever the text. */
export function parseAccessRules(text: string, file: string): AccessRules | undefined {
  const { node, diagnostics, failed } = decode(file, text)
  if (failed) {
    const [first] = diagnostics
    const place = (first && placeOf(first)) ?? file
    throw new EscError('store_damaged', `${place} cannot be read: ${first?.summary}`, {
      hint: 'restore the file from the git history',
    })
  }
  const found = node?.kind === 'object' ? node.entries.filter(({ key }) => key.value === 'access') : []
  const [first, second] = found
  if (second !== undefined) throw mistake(second.value, file, 'access is there twice', 'write it once')
  const access = first?.value
  return access === undefined ? undefined : rulesOf(mapping(access, file), file)
}

function rulesOf(access: ObjectNode, file: string): AccessRules {
  const fields = fieldsOf(access, file, ['default', 'teams', 'rules'])
  const teams = teamsOf(fields.get('teams'), file)
  const list = fields.get('rules')
  if (list !== undefined && list.kind !== 'array' && list.kind !== 'null') {
    throw mistake(list, file, 'access.rules is not a list', 'write `- environments: …` for each rule')
  }
  const everybody = fields.get('default')
  return {
    everybody: everybody === undefined ? 'none' : levelOf(everybody, file),
    teams,
    rules: (list?.kind === 'array' ? list.elements : []).map((rule) => ruleOf(mapping(rule, file), teams, file)),
  }
}

function teamsOf(node: Node | undefined, file: string): Map<string, readonly string[]> {
  const teams = new Map<string, readonly string[]>()
  for (const { key, value } of node === undefined ? [] : mapping(node, file).entries) {
    if (teams.has(key.value)) throw mistake(key, file, `the team '${key.value}' is there twice`, 'name each team once')
    if (key.value === '') throw mistake(key, file, 'a team has no name', 'name it')
    const members = value.kind === 'array' && value.elements.length === 0 ? [] : textsOf(value, file)
    for (const member of members) {
      if (!member.text.startsWith(teamPrefix) && member.text !== '*') continue
      throw mistake(member.node, file, `'${member.text}' cannot be in a team`, 'name persons and machines only')
    }
    teams.set(
      key.value,
      members.map(({ text }) => text),
    )
  }
  return teams
}

function ruleOf(rule: ObjectNode, teams: ReadonlyMap<string, unknown>, file: string): AccessRule {
  const fields = fieldsOf(rule, file, ['environments', 'principals', 'level'])
  const field = (name: string): Node => {
    const node = fields.get(name)
    if (node !== undefined) return node
    throw mistake(rule, file, `${rule.path} has no ${name}`, 'a rule has environments, principals and a level')
  }
  const [environmentsNode, principalsNode, levelNode] = [field('environments'), field('principals'), field('level')]
  const environments = textsOf(environmentsNode, file)
  for (const { node, text } of environments) {
    if (/^[A-Za-z0-9._*-]+(\/[A-Za-z0-9._*-]+)?$/.test(text)) continue
    const hint = 'write project/environment, with * for any text without a slash: app/*; or * alone for all'
    throw mistake(node, file, `'${text}' is not a pattern of environments`, hint)
  }
  const principals = textsOf(principalsNode, file)
  for (const { node, text } of principals) {
    if (!text.startsWith(teamPrefix)) continue
    const name = text.slice(teamPrefix.length)
    if (teams.has(name)) continue
    const similar = nearest(name, teams.keys() as Iterable<string>)
    const hint =
      similar === undefined ? 'list its members under access.teams' : `did you mean '${teamPrefix}${similar}'?`
    throw mistake(node, file, `there is no team '${name}'`, hint)
  }
  return {
    place: placeAt(rule, file),
    environments: environments.map(({ text }) => text),
    principals: principals.map(({ text }) => text),
    level: levelOf(levelNode, file),
  }
}

function levelOf(node: Node, file: string): Level {
  const text = textOf(node)
  if (text !== undefined && isLevel(text)) return text
  // A key with nothing behind it is null in YAML.
  const similar = text === undefined ? undefined : nearest(text, levels)
  const hint = similar === undefined ? `the levels are ${levels.join(', ')}` : `did you mean '${similar}'?`
  throw mistake(node, file, text === undefined ? `${node.path} is not a level` : `'${text}' is not a level`, hint)
}

interface Text {
  readonly node: Node
  readonly text: string
}

/** One text, or a list of them. */
function textsOf(node: Node, file: string): Text[] {
  const nodes = node.kind === 'array' ? node.elements : [node]
  const texts = nodes.map((each): Text => {
    const text = textOf(each)
    if (text === undefined || text === '') {
      throw mistake(each, file, `${each.path} is not a name`, 'quote it, as in "*" or "ada@example.com"')
    }
    return { node: each, text }
  })
  if (texts.length === 0) throw mistake(node, file, `${node.path} is empty`, 'name one at least, or leave the rule out')
  return texts
}

/** `undefined` for what is no text, nor a number that could be one's name. */
function textOf(node: Node): string | undefined {
  return node.kind === 'string' ? node.value : node.kind === 'number' ? node.text : undefined
}

function mapping(node: Node, file: string): ObjectNode {
  if (node.kind === 'object') return node
  throw mistake(node, file, `${node.path} is not a mapping`, 'docs/access.md shows how rules are written')
}

function fieldsOf(node: ObjectNode, file: string, known: readonly string[]): Map<string, Node> {
  const fields = new Map<string, Node>()
  for (const { key, value } of node.entries) {
    if (!known.includes(key.value)) {
      const similar = nearest(key.value, known)
      const hint = similar === undefined ? `known are ${known.join(', ')}` : `did you mean '${similar}'?`
      throw mistake(key, file, `${node.path} has the unknown field '${key.value}'`, hint)
    }
    if (fields.has(key.value)) throw mistake(key, file, `${node.path} says ${key.value} twice`, 'say it once')
    fields.set(key.value, value)
  }
  return fields
}

function mistake(node: Node, file: string, problem: string, hint: string): EscError {
  return new EscError('invalid_input', `${placeAt(node, file)}: ${problem}`, { hint })
}

function placeAt({ range }: Node, file: string): string {
  return range === undefined ? file : `${file}:${range.begin.line}`
}
