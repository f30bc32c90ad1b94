import type { ExportedRange } from '../../evaluate/index.ts'
import { layout } from '../../store/index.ts'
import type { Position, StringNode } from '../../yaml/index.ts'
import { valuePlaceRanges } from '../opening/places.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { operation, type Work } from '../session/operation.ts'
import type { Analysis } from './analysis.ts'
import { cursorAt, importAt } from './cursor.ts'
import { DocumentOffsets } from './document-offsets.ts'
import {
  documentValueAt,
  environmentNamed,
  followed,
  isBelowValues,
  referenceAt,
  resolveReference,
  withoutField,
} from './resolved-reference.ts'

/** A place that something in a document is defined at. */
export interface DefinitionTarget {
  /** The name as the document has it; the name of the analysis is the document itself. */
  readonly environment: string
  /** The place in its text. Undefined: the environment as a whole. */
  readonly begin: Position | undefined
}

/**
 * Finds where the value is defined that stands at an offset: that of a reference, the environment
 * of an import, and for the name of a value what it overrides. Empty: nowhere, or it is not known.
 */
export function definitionTargets(analysis: Analysis, offset: number): readonly DefinitionTarget[] {
  const cursor = cursorAt(analysis.node, offset)
  if (cursor === undefined) return []
  const imported = importAt(cursor)
  if (imported !== undefined) return [{ environment: imported.value, begin: undefined }]
  const found = referenceAt(analysis.text, cursor, offset)
  if (found !== undefined) {
    const environment = environmentNamed(found)
    if (environment !== undefined) return [{ environment, begin: undefined }]
    // A value that is made of others says where each of them is.
    const accessor = followed(analysis, cursor.path, found.reference)[found.step]
    const { value } = resolveReference(analysis, cursor.path, found)
    const ranges = [...(accessor === undefined ? [] : [accessor.value]), ...(value ? valuePlaceRanges(value) : [])]
    // What is not known is said to be defined where it is asked for.
    return targetsOf(ranges.slice(0, 1)).filter(({ begin }) => !isAt(found.reference.node, begin))
  }
  if (cursor.kind !== 'key' || !isBelowValues(cursor.path)) return []
  const { value } = documentValueAt(analysis, withoutField(cursor.path))
  return value === undefined ? [] : targetsOf(valuePlaceRanges(value).slice(1))
}

function isAt({ range }: StringNode, begin: Position | undefined): boolean {
  return begin !== undefined && range?.begin.line === begin.line && range.begin.column === begin.column
}

function targetsOf(ranges: readonly ExportedRange[]): DefinitionTarget[] {
  return ranges.flatMap(({ environment, begin }) =>
    environment === undefined || begin.line === 0 ? [] : [{ environment, begin }],
  )
}

/** A place in a file, counted from 0, columns in UTF-16 code units. */
export interface FileLocation {
  readonly file: string
  readonly line: number
  readonly character: number
}

/**
 * Finds the file in which a place of another environment can be looked at: `environment.yaml` where
 * that is as it was saved, else the file of the revision. Undefined: it cannot be read.
 */
export const locateTarget = operation({
  name: 'locate-definition',
  level: 'read',
  audit: 'environment-read',
  run: async (work, { begin }: { readonly begin: Position | undefined }): Promise<FileLocation> => placeIn(work, begin),
})

function placeIn({ store, subject }: Work<EnvironmentReference>, begin: Position | undefined): FileLocation {
  const environment = store.environment(subject.name)
  const revision = environment.resolve(subject.version)
  const { definition, file } = revision
  const isCurrent = environment.current().number === revision.number
  const place = placeInText(definition, begin)
  if (isCurrent && environment.workingDefinition() === definition) {
    return { file: layout.definition(environment.folder), ...place }
  }
  // The record of the revision comes first.
  const before = store.files.readText(file).slice(0, -definition.length).split('\n').length - 1
  return { file, line: place.line + before, character: place.character }
}

function placeInText(text: string, begin: Position | undefined): Omit<FileLocation, 'file'> {
  if (begin === undefined) return { line: 0, character: 0 }
  const offset = new DocumentOffsets(text, undefined).offsetOf(begin)
  return { line: begin.line - 1, character: offset - (text.lastIndexOf('\n', offset - 1) + 1) }
}
