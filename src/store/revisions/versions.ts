import { EscError } from '../../errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import { present } from '../../present.ts'
import { again, rich, step } from '../../rich-text.ts'
import { nearest } from '../../suggestion.ts'
import type { Settings } from '../settings/settings.ts'
import type { SettingsFile } from '../settings/settings-file.ts'
import { damaged } from '../settings/yaml-mapping.ts'
import type { History } from './history.ts'
import { type Author, formatAuthor, parseAuthor, type Revision } from './revision-file.ts'

/** A name for a revision, such as `stable`. `latest` is not kept: it is whatever is newest. */
export interface RevisionTag {
  readonly name: string
  readonly revision: number
  readonly modified?: Date
  readonly editor?: Author
}

/** A revision that must not be used any more. */
export interface Retraction {
  readonly revision: number
  /** The revision to use instead, itself not retracted when this was written. */
  readonly replacement: number
  readonly at?: Date
  readonly by?: Author
  readonly reason?: string
}

/** The one who changes something, and when. */
export interface Stamp {
  readonly author: Author
  readonly created: Date
}

/** A revision that was asked for and is retracted: code `retracted`. */
export class RetractedError extends EscError {
  readonly retraction: Retraction

  constructor(environment: string, retraction: Retraction) {
    const { revision, replacement, reason } = retraction
    super(
      'retracted',
      `revision ${revision} of environment '${environment}' is retracted${reason ? `: ${reason}` : ''}`,
      {
        hint: `use its replacement, ${environment}@${replacement}`,
      },
    )
    this.retraction = retraction
  }
}

interface VersionsContext {
  readonly name: string
  readonly history: History
  readonly settings: SettingsFile
  /** Changes sealed fields under the write lock and seals them. */
  readonly changeSealed: (purpose: string, change: (settings: Settings) => JsonObject) => Promise<void>
}

/**
 * The names of revisions, and which may be used: tags and retractions, sealed under the data key.
 */
export class Versions {
  readonly #context: VersionsContext

  constructor(context: VersionsContext) {
    this.#context = context
  }

  /**
   * The revision that a version means: a number, `latest`, or a tag. Undefined: the newest. Needs
   * no key, so what it found is only as good as the settings until `Environment.verify` or
   * `unlock` has checked them.
   * @throws RetractedError; EscError `not_found`, `usage`.
   */
  resolve(version: string | undefined): Revision {
    const { history, settings } = this.#context
    if (version === undefined || version === 'latest') return history.newest()
    const number = this.#number(version, settings.last)
    const retraction = retractionsOf(settings.last).find(({ revision }) => revision === number)
    if (retraction !== undefined) throw new RetractedError(this.#context.name, retraction)
    return history.linked(number)
  }

  /** By name. Without `latest`. */
  tags(): RevisionTag[] {
    return revisionTagsOf(this.#context.settings.last)
  }

  /** Newest first. */
  retractions(): Retraction[] {
    return retractionsOf(this.#context.settings.last)
  }

  /**
   * Makes a tag, or moves it. `version` may itself be a tag; undefined: the newest revision.
   * @throws RetractedError; EscError `usage`, `not_found`.
   */
  async tag(name: string, version: string | undefined, by: Stamp): Promise<RevisionTag> {
    checkTagName(name)
    await this.#context.changeSealed('tag', (settings) => {
      const revision = this.resolve(version).number
      return { revisionTags: { ...objectAt(settings, 'revisionTags'), [name]: tagEntry(revision, by) } }
    })
    return present(this.tags().find((tag) => tag.name === name))
  }

  /** @throws EscError `usage` for `latest` and numbers, `not_found`. */
  async removeTag(name: string): Promise<void> {
    checkTagName(name)
    await this.#context.changeSealed('tag', (settings) => {
      const { [name]: removed, ...others } = objectAt(settings, 'revisionTags')
      if (removed === undefined) throw this.#noTag(name, settings)
      return { revisionTags: Object.keys(others).length === 0 ? undefined : others }
    })
  }

  /**
   * Takes a revision out of use: it can no longer be resolved, and tags on it move to the
   * replacement. Default replacement: the newest earlier revision that is not retracted.
   * @throws EscError `usage` for the newest revision, or where there is no
   *   replacement; RetractedError.
   */
  async retract(
    version: string,
    options: Stamp & { readonly replacement?: string; readonly reason?: string },
  ): Promise<Retraction> {
    const { history, name } = this.#context
    let retracted = 0
    await this.#context.changeSealed('retract', (settings) => {
      const newest = history.newest().number
      retracted = this.resolve(version).number
      if (retracted === newest) {
        throw new EscError('usage', 'cannot retract the `latest` revision', {
          hint: `save another revision of ${name} first, for example with a rollback`,
        })
      }
      const replacement = this.#replacement(retracted, options.replacement, settings)
      const entry = {
        replacement,
        at: options.created.toISOString(),
        by: formatAuthor(options.author),
        reason: options.reason || undefined,
      }
      const moved = revisionTagsOf(settings).filter((tag) => tag.revision === retracted)
      const revisionTags: Fields = { ...objectAt(settings, 'revisionTags') }
      for (const tag of moved) revisionTags[tag.name] = tagEntry(replacement, options)
      // Those that were to be replaced by this one follow it to its replacement.
      const retractions: Fields = { ...objectAt(settings, 'retractions'), [retracted]: entry }
      for (const earlier of retractionsOf(settings)) {
        if (earlier.replacement !== retracted) continue
        retractions[earlier.revision] = { ...(retractions[earlier.revision] as JsonObject), replacement }
      }
      return { retractions, ...(moved.length === 0 ? {} : { revisionTags }) }
    })
    return present(this.retractions().find(({ revision }) => revision === retracted))
  }

  #replacement(retracted: number, given: string | undefined, settings: Settings): number {
    if (given !== undefined) {
      const replacement = this.resolve(given).number
      if (replacement !== retracted) return replacement
      throw new EscError('usage', `revision ${retracted} cannot be its own replacement`, {
        hint: 'name another revision',
      })
    }
    const gone = new Set(retractionsOf(settings).map(({ revision }) => revision))
    for (let number = retracted - 1; number > 0; number--) if (!gone.has(number)) return number
    throw new EscError('usage', `there is no earlier revision that could replace revision ${retracted}`, {
      hint: rich`name the replacement with ${again('replace-with')}`,
    })
  }

  #number(version: string, settings: Settings): number {
    if (/^[0-9]/.test(version)) {
      const number = Number(version)
      if (/^[0-9]+$/.test(version) && Number.isSafeInteger(number)) return number
      throw new EscError('usage', `invalid revision number "${version}"`, { hint: 'write a number, such as @3' })
    }
    const tag = revisionTagsOf(settings).find(({ name }) => name === version)
    if (tag === undefined) throw this.#noTag(version, settings)
    return tag.revision
  }

  #noTag(tag: string, settings: Settings): EscError {
    const { name } = this.#context
    const names = revisionTagsOf(settings).map((other) => other.name)
    const similar = nearest(tag, names)
    return new EscError('not_found', `environment '${name}' has no revision tagged '${tag}'`, {
      hint:
        similar === undefined
          ? rich`${step('list its tags', { do: 'list-revision-tags', environment: name })}`
          : `did you mean '${similar}'?`,
    })
  }
}

export function revisionTagsOf(settings: Settings): RevisionTag[] {
  const tags = Object.entries(objectAt(settings, 'revisionTags')).map(([name, entry]) => {
    const { revision, modified, editor } = isJsonObject(entry) ? entry : { revision: entry }
    if (!isRevision(revision)) throw damaged(settings.file, `has a revision tag '${name}' that names no revision`)
    return { name, revision, ...dateAt('modified', modified), ...authorAt('editor', editor) }
  })
  return tags.sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function retractionsOf(settings: Settings): Retraction[] {
  const retractions = Object.entries(objectAt(settings, 'retractions')).map(([number, entry]) => {
    const { replacement, at, by, reason } = isJsonObject(entry) ? entry : {}
    const revision = Number(number)
    if (!isRevision(revision) || !isRevision(replacement)) {
      throw damaged(settings.file, `has a retraction of '${number}' that names no revision or replacement`)
    }
    const text = typeof reason === 'string' ? { reason } : {}
    return { revision, replacement, ...dateAt('at', at), ...authorAt('by', by), ...text }
  })
  return retractions.sort((a, b) => b.revision - a.revision)
}

/** @throws EscError `usage` for a name that could not be told from a number, a path or `latest`. */
function checkTagName(name: string): void {
  if (name === 'latest') {
    throw new EscError('usage', 'the tag `latest` cannot be set or removed', {
      hint: 'it is always the newest revision; choose another name',
    })
  }
  if (isTagName(name)) return
  throw new EscError('usage', `'${name}' cannot be the name of a revision tag`, {
    hint: 'begin with a letter and use letters, digits, `-`, `_` and `.`, at most 100',
  })
}

/** True for what a revision tag can be called; `latest` is none. */
export function isTagName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9._-]*$/.test(name) && name.length <= 100 && name !== 'latest'
}

function tagEntry(revision: number, { author, created }: Stamp): JsonObject {
  return { revision, modified: created.toISOString(), editor: formatAuthor(author) }
}

type Fields = Record<string, Json | undefined>

function objectAt(settings: Settings, key: string): Fields {
  const value = settings.get(key)
  if (value === undefined || value === null) return {}
  if (!isJsonObject(value)) throw damaged(settings.file, `has ${key} that are not a mapping`)
  return { ...value }
}

function isRevision(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

function dateAt<Key extends string>(key: Key, value: unknown): { [K in Key]?: Date } {
  const date = typeof value === 'string' ? new Date(value) : undefined
  return date === undefined || Number.isNaN(date.getTime()) ? {} : ({ [key]: date } as { [K in Key]?: Date })
}

function authorAt<Key extends string>(key: Key, value: unknown): { [K in Key]?: Author } {
  return typeof value === 'string' ? ({ [key]: parseAuthor(value) } as { [K in Key]?: Author }) : {}
}
