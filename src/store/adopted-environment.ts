import type { JsonObject } from '../json.ts'
import type { PreparedKey } from './new-environment.ts'
import { digestOf, formatAuthor, formatRevision, type RevisionRecord } from './revisions/revision-file.ts'
import type { StagedEnvironment } from './revisions/staging.ts'
import type { Retraction, RevisionTag } from './revisions/versions.ts'
import type { EnvironmentTag } from './settings/environment-tags.ts'
import { Settings, sealSettings } from './settings/settings.ts'

/** A revision of another store: its secrets are encrypted for this one already. */
export interface AdoptedRevision extends Pick<RevisionRecord, 'created' | 'author' | 'change' | 'details'> {
  readonly definition: string
}

/** An environment of another store, with its history, as this store is to have it. */
export interface AdoptedEnvironment {
  /** Its data key (`Additions.prepareKey`), under which the secrets of all definitions are. */
  readonly key: PreparedKey
  /** In order from 1; at least one. */
  readonly revisions: readonly AdoptedRevision[]
  readonly tags: readonly EnvironmentTag[]
  readonly revisionTags: readonly RevisionTag[]
  readonly retractions: readonly Retraction[]
  readonly deletionProtected: boolean
}

/** Everything of an adopted environment but its name: each revision chained and sealed. */
export function adoptedEnvironment(content: AdoptedEnvironment): StagedEnvironment {
  const { key, wrapped, secretsProvider } = content.key
  let previous: string | undefined
  const revisions = content.revisions.map(({ definition, ...record }, index) => {
    const bytes = formatRevision({ ...record, number: index + 1, previous }, definition, (sealed) =>
      key.seal('revision', sealed),
    )
    previous = digestOf(bytes)
    return bytes
  })
  const plain = new Settings(`id: ${key.owner.id}\n`, 'settings.yaml')
  const sealed = { secretsProvider, wrappedDataKey: wrapped, sealedFrom: 1, ...versionFields(content) }
  const settings = plain.with({ ...sealSettings(plain, sealed, key), ...plainFields(content) })
  const newest = content.revisions.at(-1)
  return { settings, revisions, definition: () => newest?.definition ?? '' }
}

function versionFields({ revisionTags, retractions }: AdoptedEnvironment): JsonObject {
  return {
    ...(revisionTags.length > 0 && {
      revisionTags: fieldsOf(revisionTags, ({ name, revision, modified, editor }) => [
        name,
        { revision, modified: modified?.toISOString(), editor: editor && formatAuthor(editor) },
      ]),
    }),
    ...(retractions.length > 0 && {
      retractions: fieldsOf(retractions, ({ revision, replacement, at, by, reason }) => [
        String(revision),
        { replacement, at: at?.toISOString(), by: by && formatAuthor(by), reason },
      ]),
    }),
  }
}

function plainFields({ tags, deletionProtected }: AdoptedEnvironment): JsonObject {
  return {
    ...(tags.length > 0 && {
      tags: fieldsOf(tags, ({ name, value, modified, editor }) => [
        name,
        { value, modified: modified?.toISOString(), editor: editor && formatAuthor(editor) },
      ]),
    }),
    ...(deletionProtected && { deletionProtected }),
  }
}

function fieldsOf<T>(all: readonly T[], entry: (one: T) => readonly [string, JsonObject]): JsonObject {
  return Object.fromEntries(all.map(entry))
}
