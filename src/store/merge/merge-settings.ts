import { formatJson, isJsonObject, type Json, type JsonObject } from '../../json.ts'
import type { DataKey } from '../../keys/index.ts'
import { retractionsOf, revisionTagsOf } from '../revisions/versions.ts'
import { Settings, sealSettings } from '../settings/settings.ts'

/** Fields whose members belong together: half of one schedule and half of another is none. */
const wholeFields = new Set(['schedule'])
/** Fields that belong to the key or are made anew: they are not merged. */
const ownFields = new Set([
  'id',
  'name',
  'secretsProvider',
  'wrappedDataKey',
  'keyChanges',
  'sealedFrom',
  'sealedAfter',
  'generation',
  'settingsSeal',
])

export interface SettingsToMerge {
  /** `undefined` when it is not known where the sides parted. */
  readonly base: Settings | undefined
  readonly ours: Settings
  readonly theirs: Settings
  /** Returns the number of a revision of theirs in the merged history. */
  readonly renumber: (number: number) => number
  /** The name that people know `ours` by. */
  readonly kept: 'ours' | 'theirs'
  /** `undefined` when neither side has one, so there is nothing to seal. */
  readonly key: DataKey | undefined
}

/**
 * The settings of both sides, sealed under our key. `notes`: where both changed one
 * thing, and ours was kept.
 */
export function mergeSettings({ base, ours, theirs, renumber, kept, key }: SettingsToMerge): {
  readonly text: string
  readonly notes: readonly string[]
} {
  const notes: string[] = []
  const changes: Record<string, Json | undefined> = {}
  const theirFields = renumbered(theirs, renumber)
  for (const field of new Set([...Object.keys(theirFields), ...(base?.keys() ?? [])])) {
    if (ownFields.has(field)) continue
    const merge = wholeFields.has(field) ? mergeWhole : mergeValue
    const merged = merge(base?.get(field), ours.get(field), theirFields[field], (place) =>
      notes.push(`both sides changed ${[field, ...place].join('.')} in the settings: ${kept} was kept`),
    )
    if (!equal(merged, ours.get(field))) changes[field] = merged
  }
  const generation = Math.max(ours.generation ?? 0, theirs.generation ?? 0)
  const newest = generation > 0 ? { generation } : {}
  const combined = new Settings(ours.with({ ...changes, ...newest }), ours.file)
  const text = key === undefined ? combined.text : combined.with(sealSettings(combined, movedTags(combined), key))
  return { text, notes }
}

/** Tags of one side on what the other has retracted move to the replacement. */
function movedTags(settings: Settings): JsonObject {
  const replacements = new Map(retractionsOf(settings).map(({ revision, replacement }) => [revision, replacement]))
  const fields = settings.get('revisionTags')
  const moved: Record<string, Json | undefined> = isJsonObject(fields) ? { ...fields } : {}
  let any = false
  for (const { name, revision } of revisionTagsOf(settings)) {
    const replacement = replacements.get(revision)
    if (replacement === undefined) continue
    const entry = moved[name]
    moved[name] = isJsonObject(entry) ? { ...entry, revision: replacement } : replacement
    any = true
  }
  return any ? { revisionTags: moved } : {}
}

function renumbered(settings: Settings, renumber: (number: number) => number): Record<string, Json | undefined> {
  const fields: Record<string, Json | undefined> = {}
  for (const field of settings.keys()) fields[field] = settings.get(field)
  if (isJsonObject(fields.revisionTags)) {
    fields.revisionTags = mapEntries(fields.revisionTags, (name, entry) => [
      name,
      isJsonObject(entry) ? { ...entry, revision: renumber(Number(entry.revision)) } : renumber(Number(entry)),
    ])
  }
  if (isJsonObject(fields.retractions)) {
    fields.retractions = mapEntries(fields.retractions, (number, entry) => [
      String(renumber(Number(number))),
      isJsonObject(entry) ? { ...entry, replacement: renumber(Number(entry.replacement)) } : entry,
    ])
  }
  return fields
}

function mapEntries(
  object: JsonObject,
  map: (key: string, value: Json | undefined) => [string, Json | undefined],
): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => map(key, value)))
}

function mergeValue(
  base: Json | undefined,
  ours: Json | undefined,
  theirs: Json | undefined,
  conflict: (place: readonly string[]) => void,
): Json | undefined {
  const isOneSided = [ours, theirs].some((each) => equal(each, base)) || equal(ours, theirs)
  if (!isOneSided && isJsonObject(ours) && isJsonObject(theirs)) {
    const old: JsonObject = isJsonObject(base) ? base : {}
    const merged: Record<string, Json | undefined> = {}
    for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
      const value = mergeValue(old[key], ours[key], theirs[key], (place) => conflict([key, ...place]))
      if (value !== undefined) merged[key] = value
    }
    return merged
  }
  return mergeWhole(base, ours, theirs, conflict)
}

function mergeWhole(
  base: Json | undefined,
  ours: Json | undefined,
  theirs: Json | undefined,
  conflict: (place: readonly string[]) => void,
): Json | undefined {
  if (equal(ours, theirs) || equal(theirs, base)) return ours
  if (equal(ours, base)) return theirs
  conflict([])
  return ours
}

function equal(one: Json | undefined, other: Json | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return formatJson(one, { sortKeys: true }) === formatJson(other, { sortKeys: true })
}
