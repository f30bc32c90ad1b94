import { allocate, produceText, spend } from '../../budget.ts'
import { compareKeys } from '../../json.ts'
import { anyRotateOnly, refTarget, type Schema, type SchemaObject } from '../../schema/index.ts'
import { elementPath, joinPath } from '../../yaml/index.ts'
import type { Definition } from '../values/value.ts'

/** Receives a mistake and the definition that is to blame for it. */
export type Report = (summary: string, at: Definition) => void

/**
 * The place where a mistake is: a definition and, where no expression stands for the
 * part, the path from there.
 */
interface Place {
  readonly definition: Definition
  readonly path: string
}

const atLeastOne = 'at least one subschema must match'
const maxDepth = 500

/**
 * True when everything of schema `given` is accepted by schema `wanted`: how
 * unknown values are checked.
 */
export function acceptsSchema(given: Schema, wanted: Schema | undefined, at: Place, report: Report): boolean {
  return new Comparison(report).accepts(given, wanted, at, 0)
}

class Comparison {
  readonly #report: Report

  constructor(report: Report) {
    this.#report = report
  }

  #fail(at: Place, summary: string): false {
    const text = at.path === '' ? summary : `${at.path}: ${summary}`
    produceText(text.length)
    this.#report(text, at.definition)
    return false
  }

  accepts(given: Schema, wanted: Schema | undefined, at: Place, depth: number): boolean {
    if (wanted === undefined || wanted === true || wanted === anyRotateOnly) return true
    if (wanted === false) return false
    if (given === true || given === anyRotateOnly) return true
    if (given === false) return false
    if (depth > maxDepth) return true
    spend(4)
    let ok = true
    const target = refTarget(wanted)
    if (target !== undefined) ok = this.accepts(given, target, at, depth + 1) && ok
    const givenTarget = refTarget(given)
    if (givenTarget !== undefined) ok = this.accepts(givenTarget, wanted, at, depth + 1) && ok
    for (const members of [given.anyOf, given.oneOf])
      if (members?.length)
        ok = this.#any(members, (member, test) => test.accepts(member, wanted, at, depth + 1), at) && ok
    if (isSet(given.type) && isSet(wanted.type) && given.type !== wanted.type)
      ok = this.#fail(at, `expected ${wanted.type}, got ${given.type}`)
    for (const members of [wanted.anyOf, wanted.oneOf])
      if (members?.length)
        ok = this.#any(members, (member, test) => test.accepts(given, member, at, depth + 1), at) && ok
    if (given.type === 'array') ok = this.#array(given, wanted, at, depth) && ok
    if (given.type === 'object') ok = this.#object(given, wanted, at, depth) && ok
    return ok
  }

  /** True when one of the members passes. If none does, all they said is reported. */
  #any(members: readonly Schema[], passes: (member: Schema, test: Comparison) => boolean, at: Place): boolean {
    const mistakes: Parameters<Report>[] = []
    const test = new Comparison((...mistake) => {
      spend(4)
      allocate(100)
      mistakes.push(mistake)
    })
    if (members.some((member) => passes(member, test))) return true
    for (const mistake of mistakes) this.#report(...mistake)
    return this.#fail(at, atLeastOne)
  }

  #array(given: SchemaObject, wanted: SchemaObject, at: Place, depth: number): boolean {
    const [theirs, ours] = [given.prefixItems ?? [], wanted.prefixItems ?? []]
    let ok = true
    for (let i = 0; i < Math.max(theirs.length, ours.length); i++) {
      const place = element(at, i)
      const [their, our] = [theirs[i], ours[i]]
      if (their === undefined) ok = this.accepts(given.items ?? true, our, place, depth + 1) && ok
      else ok = this.accepts(their, our ?? wanted.items, place, depth + 1) && ok
    }
    if (given.items !== undefined && given.items !== false)
      ok = this.accepts(given.items, wanted.items, at, depth + 1) && ok
    return ok
  }

  #object(given: SchemaObject, wanted: SchemaObject, at: Place, depth: number): boolean {
    let ok = true
    for (const [key, schema] of Object.entries(given.properties ?? {}).sort(([a], [b]) => compareKeys(a, b))) {
      const expected = own(wanted, key) ?? wanted.additionalProperties
      ok = this.accepts(schema, expected, property(at, key), depth + 1) && ok
    }
    if (given.additionalProperties === undefined) {
      spend((given.required?.length ?? 0) + (wanted.required?.length ?? 0))
      const has = new Set(given.required ?? [])
      const needed = [...(wanted.required ?? [])]
      for (const key of has) {
        const dependents = (wanted.dependentRequired && ownMember(wanted.dependentRequired, key)) ?? []
        spend(1 + dependents.length)
        for (const dependent of dependents) needed.push(dependent)
      }
      for (const key of needed) if (!has.has(key)) ok = this.#fail(property(at, key), 'missing required property')
    } else if (given.additionalProperties !== false)
      ok = this.accepts(given.additionalProperties, wanted.additionalProperties, at, depth + 1) && ok
    return ok
  }
}

function isSet(type: string | undefined): boolean {
  return type !== undefined && type !== ''
}

function own(schema: SchemaObject, key: string): Schema | undefined {
  return schema.properties && ownMember(schema.properties, key)
}

function ownMember<T>(members: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(members, key) ? members[key] : undefined
}

function element(at: Place, index: number): Place {
  const written = at.path === '' ? at.definition.written : undefined
  const expression = written?.expression.kind === 'array' ? written.expression.elements[index] : undefined
  if (written && expression) return { definition: written.scope.definitionOf(expression), path: '' }
  return { definition: at.definition, path: elementPath(at.path, index) }
}

function property(at: Place, key: string): Place {
  const written = at.path === '' ? at.definition.written : undefined
  const expression = written?.expression.kind === 'object' ? written.expression.properties.get(key)?.value : undefined
  if (written && expression) return { definition: written.scope.definitionOf(expression), path: '' }
  return { definition: at.definition, path: joinPath(at.path, key) }
}
