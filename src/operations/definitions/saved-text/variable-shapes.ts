import type { ExportedMap, ExportedValue } from '../../../evaluate/index.ts'
import { formatPropertyPath, getAt, type Node, type PropertyPath } from '../../../yaml/index.ts'
import { POSIX_NAME } from '../../opening/posix-name.ts'
import { isObject } from '../../opening/value-format.ts'

/**
 * A mistake about `environmentVariables` or `files`, through which programs would get
 * less than the author thinks.
 */
export interface ShapeMistake {
  /** In the document. */
  readonly path: PropertyPath
  readonly problem: string
  readonly remedy: string
  /** `likely`: it may be meant as it is. */
  readonly kind: 'certain' | 'likely'
}

const MEMBERS = ['environmentVariables', 'files'] as const

/** Names that people use by mistake, without `_`, `-` and capitals. */
const OTHER_NAMES: Readonly<Record<string, (typeof MEMBERS)[number]>> = {
  environmentvariable: 'environmentVariables',
  environmentvars: 'environmentVariables',
  environmentvar: 'environmentVariables',
  envvariables: 'environmentVariables',
  envvariable: 'environmentVariables',
  envvars: 'environmentVariables',
  envvar: 'environmentVariables',
  enviromentvariables: 'environmentVariables',
  file: 'files',
}

/**
 * Finds what `run` and the formats for shells would leave out or refuse: `environmentVariables` and
 * `files` that are misspelt or no mappings, values in them that are lists or mappings, and names
 * that no shell takes. Only what this document defines counts.
 *
 * @param properties of the definition when it is checked; undefined: it has errors.
 */
export function findShapeMistakes(name: string, root: Node | undefined, properties?: ExportedMap): ShapeMistake[] {
  const values = getAt(root, ['values'])
  if (values?.kind !== 'object') return []
  const found: ShapeMistake[] = []
  for (const { key, value } of values.entries) {
    const meant = meantBy(key.value, value)
    if (meant !== undefined) {
      const problem = `${shown([key.value])} is an ordinary value`
      found.push({ path: ['values', key.value], problem, remedy: `did you mean ${meant}?`, kind: 'likely' })
    }
  }
  for (const member of MEMBERS) {
    const node = getAt(values, [member])
    const value = properties !== undefined && Object.hasOwn(properties, member) ? properties[member] : undefined
    if (node !== undefined && value !== undefined) found.push(...mistakesIn(member, node, value, name))
  }
  const both = sharedNames(values)
  for (const each of both) {
    const problem = `${shown([each])} is in environmentVariables and in files, so the variable holds the path of the file`
    found.push({ path: ['values', 'files', each], problem, remedy: 'rename one of them', kind: 'likely' })
  }
  return found
}

/** The property that a misspelt name stands for; `undefined` when it stands for none. */
function meantBy(key: string, value: Node): (typeof MEMBERS)[number] | undefined {
  if ((MEMBERS as readonly string[]).includes(key)) return undefined
  const plain = key.toLowerCase().replace(/[-_ ]/g, '')
  const meant = OTHER_NAMES[plain] ?? MEMBERS.find((member) => isNear(plain, member.toLowerCase()))
  if (meant === undefined || value.kind === 'boolean' || value.kind === 'number') return undefined
  // `file: /etc/hosts` and `file: {path: x}` are ordinary values.
  if (meant === 'files' && plain !== 'files') return namesVariables(value) ? meant : undefined
  return value.kind === 'string' && !value.value.startsWith('${') ? undefined : meant
}

function namesVariables(node: Node): boolean {
  return (
    node.kind === 'object' &&
    node.entries.length > 0 &&
    node.entries.every(({ key }) => /^[A-Z][A-Z0-9_]*$/.test(key.value))
  )
}

/**
 * True when two letters at most are missing, added, exchanged or swapped in a long
 * name; one in a short one.
 */
function isNear(a: string, b: string): boolean {
  const most = b.length > 8 ? 2 : 1
  if (Math.abs(a.length - b.length) > most) return false
  // Of short names, many are words: tiles, miles, fires.
  if (most === 1 && a.length === b.length) return [...a].sort().join() === [...b].sort().join()
  return a === b || [...edits(a, b)].length <= most
}

/** The edits that a greedy comparison from both ends leaves. */
function* edits(a: string, b: string): Generator<string> {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  if (left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0]) yield left
  else for (let i = 0; i < Math.max(left.length, right.length); i++) yield left[i] ?? right[i] ?? ''
}

function* mistakesIn(
  member: (typeof MEMBERS)[number],
  node: Node,
  value: ExportedValue,
  name: string,
): Generator<ShapeMistake> {
  const path = ['values', member]
  const content = value.value
  if (value.unknown) return
  if (!isObject(content)) {
    if (content === undefined && node.kind === 'null') return
    const what = content === undefined ? 'null' : Array.isArray(content) ? 'a list' : 'a single value'
    const problem = `${member} is ${what}, and is left out`
    yield { path, problem, remedy: 'write a mapping of names to texts', kind: 'certain' }
    return
  }
  const byReference = node.kind !== 'object'
  for (const [key, each] of Object.entries(content)) {
    const isOwn = byReference || getAt(node, [key]) !== undefined || (each.trace.def.environment ?? name) === name
    if (!isOwn) continue
    const own = [...path, key]
    if (!POSIX_NAME.test(key)) {
      const problem = `${shown([member, key])} cannot be the name of a variable in a shell`
      const remedy = 'use letters, digits and underscores, and begin with no digit'
      // `run` takes such a name where it is allowed.
      yield { path: own, problem, remedy, kind: 'likely' }
    }
    if (each.unknown || each.value === undefined) continue
    const what = Array.isArray(each.value) ? 'a list' : isObject(each.value) ? 'a mapping' : undefined
    if (what === undefined) continue
    const problem = `${shown([member, key])} is ${what}, and is left out`
    yield { path: own, problem, remedy: 'make it a text, for example with fn::toJSON', kind: 'certain' }
  }
}

function sharedNames(values: Node): string[] {
  const [variables, files] = MEMBERS.map((member) => getAt(values, [member]))
  if (variables?.kind !== 'object' || files?.kind !== 'object') return []
  const names = new Set(variables.entries.map(({ key }) => key.value))
  return files.entries.map(({ key }) => key.value).filter((key) => names.has(key))
}

function shown(path: PropertyPath): string {
  return formatPropertyPath(path)
}
