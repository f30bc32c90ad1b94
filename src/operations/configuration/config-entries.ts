import { EscError } from '../../errors.ts'
import type { ExportedMap, ExportedValue } from '../../evaluate/index.ts'
import { compareKeys, formatJson, type Json } from '../../json.ts'
import { nearest } from '../../suggestion.ts'
import type { PropertyPath } from '../../yaml/index.ts'
import { isObject, toPlainJson, valueAt } from '../opening/value-format.ts'
import { configuration, showConfigPath } from './config-path.ts'

/** A value of the configuration, as it is shown. */
export interface ConfigEntry {
  /** A key such as `aws:region`, or the path of a value below one. */
  readonly key: string
  /** It is a secret, or holds one. */
  readonly secret: boolean
  /** It is not known, or something in it is not. */
  readonly unknown: boolean
  /**
   * A single value as text; a list or mapping as JSON on one line. Without secrets, those are
   * `[secret]`.
   */
  readonly text: string
  /** A list, mapping, number or boolean as data. `undefined` for a text, and for null. */
  readonly object: Json | undefined
}

/**
 * The entries of the configuration, sorted by key. `undefined` where nothing is known of it, since
 * a provider gives all of it.
 *
 * @throws EscError `invalid_input` when `pulumiConfig` is no mapping.
 */
export function configEntries(
  properties: ExportedMap | undefined,
  { showSecrets }: { readonly showSecrets: boolean },
): readonly ConfigEntry[] | undefined {
  return configMembers(properties)?.map(({ key, value, inSecret }) => entryOf(key, value, { showSecrets, inSecret }))
}

/** A key of the configuration with its value, and whether all of it is one secret. */
export interface ConfigMember {
  readonly key: string
  readonly value: ExportedValue
  readonly inSecret: boolean
}

/**
 * The values of the configuration, sorted by key. `undefined` where nothing is known of it.
 * @throws EscError `invalid_input` when `pulumiConfig` is no mapping.
 */
export function configMembers(properties: ExportedMap | undefined): readonly ConfigMember[] | undefined {
  const whole = wholeOf(properties)
  if (whole === undefined) return []
  if (whole.unknown) return undefined
  const members = membersOf(whole)
  const inSecret = whole.secret === true
  return Object.keys(members)
    .sort(compareKeys)
    .map((key) => ({ key, value: members[key] as ExportedValue, inSecret }))
}

/**
 * The entry at a path below `pulumiConfig`, in the clear.
 * @throws EscError `not_found`, with the key that may be meant.
 */
export function configEntryAt(
  properties: ExportedMap | undefined,
  path: PropertyPath,
  environment: string,
): ConfigEntry & { readonly value: ExportedValue } {
  const whole = wholeOf(properties)
  const value = whole && valueAt(whole, path)
  if (value !== undefined) {
    const inSecret = path.some((_, index) => whole !== undefined && valueAt(whole, path.slice(0, index))?.secret)
    return { ...entryOf(showConfigPath(path), value, { showSecrets: true, inSecret }), value }
  }
  const wanted = showConfigPath(path)
  const similar = nearest(String(path[0]), whole === undefined || whole.unknown ? [] : Object.keys(membersOf(whole)))
  const isOther = similar !== undefined && similar !== path[0]
  throw new EscError('not_found', `there is no '${wanted}' in the configuration of ${environment}`, {
    hint: isOther
      ? `did you mean '${similar}'?`
      : `the configuration is what ${environment} has below ${configuration}`,
  })
}

function wholeOf(properties: ExportedMap | undefined): ExportedValue | undefined {
  return properties !== undefined && Object.hasOwn(properties, configuration) ? properties[configuration] : undefined
}

function membersOf({ value }: ExportedValue): ExportedMap {
  if (value === undefined) return {}
  if (isObject(value)) return value
  throw new EscError('invalid_input', `${configuration} is not a mapping of keys to values`, {
    hint: `write it as a mapping, such as ${configuration}: {aws:region: eu-west-1}`,
  })
}

interface Showing {
  readonly showSecrets: boolean
  /** It stands within a secret. */
  readonly inSecret: boolean
}

function entryOf(key: string, value: ExportedValue, { showSecrets, inSecret }: Showing): ConfigEntry {
  const secret = inSecret || holds(value, (each) => each.secret === true)
  const content = inSecret && !showSecrets ? '[secret]' : toPlainJson(value, { redact: !showSecrets })
  const object = typeof content === 'string' || content === null ? undefined : content
  const text = typeof content === 'string' ? content : content === null ? '' : formatJson(content)
  return { key, secret, unknown: holds(value, (each) => each.unknown === true), text, object }
}

function holds(value: ExportedValue, test: (value: ExportedValue) => boolean): boolean {
  if (test(value)) return true
  const { value: content } = value
  if (Array.isArray(content)) return (content as readonly ExportedValue[]).some((each) => holds(each, test))
  return isObject(content) && Object.values(content).some((each) => holds(each, test))
}
