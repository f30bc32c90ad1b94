import { EscError } from '../../errors.ts'
import { isJsonObject, type JsonObject } from '../../json.ts'
import { type Author, formatAuthor, parseAuthor } from '../revisions/revision-file.ts'
import type { Stamp } from '../revisions/versions.ts'
import type { Settings } from './settings.ts'
import type { SettingsFile } from './settings-file.ts'
import { damaged } from './yaml-mapping.ts'

/**
 * A key and value people give an environment to find and group it by. Not
 * sealed: it decides nothing.
 */
export interface EnvironmentTag {
  readonly name: string
  readonly value: string
  readonly modified?: Date
  readonly editor?: Author
}

/** The tags of one environment, `tags` in its settings. */
export class EnvironmentTags {
  readonly #settings: SettingsFile
  readonly #change: (change: (settings: Settings) => JsonObject) => Promise<void>

  constructor(settings: SettingsFile, change: (change: (settings: Settings) => JsonObject) => Promise<void>) {
    this.#settings = settings
    this.#change = change
  }

  /** By lower-cased name. */
  list(): EnvironmentTag[] {
    const key = ({ name }: EnvironmentTag) => name.toLowerCase()
    return environmentTagsOf(this.#settings.last).sort((a, b) => (key(a) < key(b) ? -1 : 1))
  }

  /** @throws EscError `not_found`. */
  get(name: string): EnvironmentTag {
    return find(this.#settings.last, name)
  }

  async set(name: string, value: string, by: Stamp): Promise<EnvironmentTag> {
    if (name === '') throw new EscError('usage', 'environment tag name cannot be empty')
    if (value === '') throw new EscError('usage', 'environment tag value cannot be empty')
    await this.#change((settings) => ({ tags: { ...entries(settings), [name]: entry(value, by) } }))
    return this.get(name)
  }

  /** @throws EscError `not_found`; `already_exists` when the new name is taken. */
  async rename(name: string, newName: string, by: Stamp): Promise<EnvironmentTag> {
    // The original's text, which speaks of the value.
    if (newName === '') throw new EscError('usage', 'environment tag value cannot be empty')
    await this.#change((settings) => {
      const { value } = find(settings, name)
      const { [name]: _, ...others } = entries(settings)
      if (newName !== name && Object.hasOwn(others, newName)) {
        throw new EscError('already_exists', `there is an environment tag '${newName}' already`, {
          hint: 'remove it first, or choose another name',
        })
      }
      return { tags: { ...others, [newName]: entry(value, by) } }
    })
    return this.get(newName)
  }

  /** @throws EscError `not_found`. */
  async remove(name: string): Promise<void> {
    await this.#change((settings) => {
      find(settings, name)
      const { [name]: _, ...others } = entries(settings)
      return { tags: Object.keys(others).length === 0 ? undefined : others }
    })
  }
}

function environmentTagsOf(settings: Settings): EnvironmentTag[] {
  return Object.entries(entries(settings)).map(([name, tag]) => {
    // Written by hand, a plain value will do.
    const { value, modified, editor } = isJsonObject(tag) ? tag : { value: tag }
    const date = typeof modified === 'string' ? new Date(modified) : undefined
    return {
      name,
      value: value === undefined || value === null ? '' : String(value),
      ...(date === undefined || Number.isNaN(date.getTime()) ? {} : { modified: date }),
      ...(typeof editor === 'string' ? { editor: parseAuthor(editor) } : {}),
    }
  })
}

function find(settings: Settings, name: string): EnvironmentTag {
  const tag = environmentTagsOf(settings).find((other) => other.name === name)
  if (tag !== undefined) return tag
  throw new EscError('not_found', `there is no environment tag '${name}'`, {
    hint: 'names of tags are case-sensitive',
  })
}

function entry(value: string, { author, created }: Stamp): JsonObject {
  return { value, modified: created.toISOString(), editor: formatAuthor(author) }
}

function entries(settings: Settings): { [key: string]: JsonObject[string] } {
  const value = settings.get('tags')
  if (value === undefined || value === null) return {}
  if (!isJsonObject(value)) throw damaged(settings.file, 'has tags that are not a mapping')
  return { ...value }
}
