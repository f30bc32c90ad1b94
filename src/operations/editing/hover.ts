import { bounded } from '../../budget.ts'
import { type ExportedValue, toJson } from '../../evaluate/index.ts'
import { formatJson, type Json } from '../../json.ts'
import { builtinOfKey } from '../../language/index.ts'
import type { Schema } from '../../schema/index.ts'
import type { PropertyPath } from '../../yaml/index.ts'
import { schemaRows } from '../catalogue/schema-rows.ts'
import { valuePlaces } from '../opening/places.ts'
import type { Analysis } from './analysis.ts'
import { describeCall, typeOfArgument, vendorCallAround } from './calls-at.ts'
import { cursorAt, type DocumentCursor, importAt } from './cursor.ts'
import type { Installed } from './definition-schema.ts'
import type { DocumentPart } from './document-offsets.ts'
import {
  documentValueAt,
  isBelowValues,
  type Resolved,
  referenceAt,
  resolveReference,
  withoutField,
} from './resolved-reference.ts'
import { typeOfValue } from './type-declarations.ts'

/** Facts about what stands at a place of a document. No secret is in it. */
export interface PlaceFacts {
  /** The part of the document that it is about. */
  readonly part: DocumentPart
  /** The name of the value, such as `database.host`; of a call, its key. */
  readonly title: string
  /** The type of the value, as in TypeScript. */
  readonly type?: string
  /** The value as JSON, where it is known and no secret. */
  readonly value?: string
  /** Sentences about it. */
  readonly about: readonly string[]
  /** The places where it is defined, then those of what it overrides, as `app/base:3:5`. */
  readonly definedAt: readonly string[]
}

/** Longer values are cut off. */
const MOST_SHOWN = 300

/** Tells what is known of the place at an offset. Undefined: nothing. */
export function factsAt(analysis: Analysis, offset: number, installed: Installed): PlaceFacts | undefined {
  const cursor = cursorAt(analysis.node, offset)
  if (cursor === undefined) return undefined
  return bounded(undefined, 'what is known of a place', () => {
    const found = referenceAt(analysis.text, cursor, offset)
    if (found !== undefined) {
      const { reference, step } = found
      const part = reference.accessors[step]
      const title = reference.access.accessors
        .slice(0, step + 1)
        .map(({ key }, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`))
        .join('')
      return part && factsOf(resolveReference(analysis, cursor.path, found), title, part)
    }
    const imported = factsOfImport(analysis, cursor)
    if (imported !== undefined) return imported
    return cursor.kind === 'key' ? factsOfKey(analysis, cursor, installed) : undefined
  })
}

function factsOfImport({ imports }: Analysis, cursor: DocumentCursor): PlaceFacts | undefined {
  const node = importAt(cursor)
  if (node?.span === undefined) return undefined
  const found = imports.find(({ name }) => name === node.value)
  const about = found === undefined ? 'An environment that is not in the store, or that was not needed.' : ''
  return {
    part: node.span,
    title: node.value,
    about: [found === undefined ? about : `An environment, at revision ${found.revision}.`],
    definedAt: [],
  }
}

function factsOfKey(
  analysis: Analysis,
  { path, entry }: DocumentCursor & { kind: 'key' },
  installed: Installed,
): PlaceFacts | undefined {
  const part = entry.key.span
  if (part === undefined || !isBelowValues(path)) return undefined
  const title = entry.key.value
  const called = describeCall(title, installed)
  if (called !== undefined) return { part, title, about: [called, ...inputLines(title, installed)], definedAt: [] }
  const call = vendorCallAround(analysis.node, path, installed)
  const declared = call && typeOfArgument(call)
  if (declared !== undefined) return { part, title, about: schemaLines(declared, title), definedAt: [] }
  if (withoutField(path).some((key) => builtinOfKey(String(key)) !== undefined)) return undefined
  return factsOf(documentValueAt(analysis, withoutField(path)), titleOf(withoutField(path)), part)
}

function titleOf(path: PropertyPath): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('')
}

function factsOf({ value, schema }: Resolved, title: string, part: DocumentPart): PlaceFacts {
  if (value === undefined) {
    const type = schema === undefined ? {} : { type: typeOfValue({ unknown: true, trace: NOWHERE }, schema) }
    return { part, title, ...type, about: schema === undefined ? ['Nothing is known of it.'] : [], definedAt: [] }
  }
  const shown = shownValue(value)
  return {
    part,
    title,
    type: typeOfValue(value, schema),
    ...(shown !== undefined && { value: shown }),
    about: [
      ...(value.secret ? ['It is a secret.'] : []),
      ...(value.unknown ? ['It is known once the environment is opened.'] : []),
    ],
    // What has no place in any document, such as the context, has line 0.
    definedAt: valuePlaces(value).filter((place) => !/:0:0$/.test(place)),
  }
}

const NOWHERE = { def: { begin: { line: 0, column: 0, byte: 0 }, end: { line: 0, column: 0, byte: 0 } } }

/** Nothing for a secret and for what is not known; secrets within it are hidden. */
function shownValue(value: ExportedValue): string | undefined {
  if (value.secret || value.unknown) return undefined
  const text = formatJson(toJson(value, { redact: true }) as Json, { indent: 2 })
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
}

function inputLines(key: string, installed: Installed): readonly string[] {
  const [, kind, name] = key.split('::')
  const vendor = (kind === 'open' ? installed.providers : installed.rotators).find((each) => each.name === name)
  return vendor === undefined ? [] : ['Inputs:', ...schemaLines(vendor.inputs)]
}

const MOST_ROWS = 30

function schemaLines(schema: Schema, name?: string): readonly string[] {
  const about = typeof schema === 'object' && schema.description !== undefined ? [schema.description] : []
  const own = name === undefined ? [] : schemaRows({ type: 'object', properties: { [name]: schema } })
  const rows = name === undefined ? schemaRows(schema) : own
  return [...about, ...rows.slice(0, MOST_ROWS).map(rowLine)]
}

function rowLine({ path, type, required, secret, notes }: ReturnType<typeof schemaRows>[number]): string {
  const facts = [secret ? `${type}, secret` : type, ...(required ? ['required'] : []), ...notes]
  return `- ${path}: ${facts.join('; ')}`
}
