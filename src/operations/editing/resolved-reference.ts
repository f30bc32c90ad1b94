import type { ExportedAccessor, ExportedMap, ExportedValue } from '../../evaluate/index.ts'
import { inlineEnvironment } from '../../language/index.ts'
import { itemSchema, propertySchema, type Schema } from '../../schema/index.ts'
import type { PropertyPath } from '../../yaml/index.ts'
import { expressionAtPath } from '../opening/places.ts'
import type { Analysis } from './analysis.ts'
import type { DocumentCursor } from './cursor.ts'
import { type PlacedReference, placedReferences } from './placed-references.ts'

/** A value, or an environment, that something in a document stands for. */
export interface Resolved {
  /** Its path below `values`. Undefined: it is in another environment, or no value. */
  readonly path: PropertyPath | undefined
  /** The value itself. Undefined: it is not known. */
  readonly value: ExportedValue | undefined
  readonly schema: Schema | undefined
}

/** The reference that the cursor is in, and the step of it. */
export interface ReferenceAtCursor {
  readonly reference: PlacedReference
  /** Index of the step. */
  readonly step: number
}

export function referenceAt(text: string, cursor: DocumentCursor, offset: number): ReferenceAtCursor | undefined {
  if (cursor.kind !== 'value' || cursor.node.kind !== 'string') return undefined
  for (const reference of placedReferences(text, cursor.node)) {
    const step = reference.accessors.findIndex(({ start, end }) => start <= offset && offset <= end)
    if (step !== -1) return { reference, step }
  }
  return undefined
}

/** The steps of a reference as the evaluation has followed them. Empty: it was not evaluated. */
export function followed(
  { environment }: Analysis,
  path: PropertyPath,
  { index }: Pick<PlacedReference, 'index'>,
): readonly ExportedAccessor[] {
  const expression = environment?.exprs && expressionAtPath(environment.exprs, withoutField(path))
  if (expression?.symbol !== undefined) return expression.symbol
  const references = expression?.interpolate?.flatMap(({ value }) => (value === undefined ? [] : [value])) ?? []
  return references[index] ?? []
}

/** The value that the steps of a reference up to one lead to. */
export function resolveReference(
  analysis: Analysis,
  path: PropertyPath,
  { reference, step }: ReferenceAtCursor,
): Resolved {
  const keys = reference.access.accessors.slice(0, step + 1).map(({ key }) => key)
  const isLast = step === reference.access.accessors.length - 1
  const expression = analysis.environment?.exprs && expressionAtPath(analysis.environment.exprs, withoutField(path))
  const declared = isLast && expression?.symbol !== undefined ? expression.schema : undefined
  if (isElsewhere(keys[0])) return { path: undefined, value: undefined, schema: declared }
  const resolved = documentValueAt(analysis, keys)
  return { ...resolved, schema: resolved.schema ?? declared }
}

function isElsewhere(first: string | number | undefined): boolean {
  return first === 'environments' || first === 'context' || first === 'imports'
}

/** The environment that the steps of a reference name. Undefined: it names none, or not yet. */
export function environmentNamed({ reference, step }: ReferenceAtCursor): string | undefined {
  return step <= 2 ? inlineEnvironment(reference.access) : undefined
}

/** A value below `values`, with its type. Nothing is told of what a secret holds. */
export function documentValueAt({ environment }: Analysis, path: PropertyPath): Resolved {
  let schema: Schema | undefined = environment?.schema
  let value: ExportedValue | undefined =
    environment?.properties && ({ value: environment.properties, trace: nowhere } as ExportedValue)
  for (const key of path) {
    if (value?.secret) return { path, value: undefined, schema: undefined }
    schema = typeof key === 'number' ? itemSchema(schema, key) : propertySchema(schema, key)
    value = memberOf(value, key)
  }
  return { path, value, schema: schema === false ? undefined : schema }
}

const nowhere = { def: { begin: { line: 0, column: 0, byte: 0 }, end: { line: 0, column: 0, byte: 0 } } }

function memberOf(value: ExportedValue | undefined, key: string | number): ExportedValue | undefined {
  const content = value?.value
  if (Array.isArray(content)) return typeof key === 'number' ? content[key] : undefined
  if (typeof content !== 'object' || content === null || typeof key !== 'string') return undefined
  return Object.hasOwn(content, key) ? (content as ExportedMap)[key] : undefined
}

/** A path of the document without the field `values`, in whatever case, that it begins with. */
export function withoutField(path: PropertyPath): PropertyPath {
  return path.slice(1)
}

/** True for what lies below the field `values`. */
export function isBelowValues(path: PropertyPath): boolean {
  return path.length > 1 && String(path[0]).toLowerCase() === 'values'
}
