import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { type FileSystem, statusOf, temporaryPrefix } from '../files/index.ts'
import type { JsonObject } from '../json.ts'
import { DataKey, type KeyContext, openSecretsProvider } from '../keys/index.ts'
import type { Environment } from './environment.ts'
import { layout } from './layout.ts'
import { tombstonePath } from './removed.ts'
import { packedThrough } from './revisions/archive/archive-name.ts'
import { archivesOf } from './revisions/archive/packed-revisions.ts'
import { packStaged } from './revisions/archive/prune-revisions.ts'
import { type Reencrypt, reseal } from './revisions/reencryption.ts'
import type { Author, Revision } from './revisions/revision-file.ts'
import type { StagedEnvironment } from './revisions/staging.ts'
import { Settings, sealSettings } from './settings/settings.ts'

export interface CloneOptions {
  readonly author: Author
  readonly created: Date
  /**
   * All revisions with their authors and times, and retractions. Default: one revision
   * with the newest definition.
   */
  readonly preserveHistory?: boolean
  readonly preserveEnvironmentTags?: boolean
  /** Without the history, only tags of the newest revision can be kept. */
  readonly preserveRevisionTags?: boolean
  /**
   * Moves the secrets of each definition to the clone's key; may drop what a clone must not have.
   */
  readonly reencrypt: Reencrypt
  /** Default: that of the source, so that a clone is not opened by others than its source. */
  readonly secretsProvider?: string
}

/**
 * Everything of a clone but its name: under an id and a data key of its own.
 * Verifies each revision it takes.
 */
export async function prepareClone(
  source: Environment,
  name: string,
  options: CloneOptions,
  host: { readonly keys: KeyContext; readonly files: FileSystem; readonly defaultSecretsProvider: string },
): Promise<StagedEnvironment> {
  // The files of the source say who may open the clone as well.
  const folders = [source.folder, dirname(dirname(source.folder))]
  const owner = { id: randomUUID(), name, folders }
  const newest = source.current()
  const from = source.settings.wrappedDataKey === undefined ? undefined : await source.unlock(newest)
  await source.verify(newest)
  const to = DataKey.generate(owner)
  const secretsProvider = options.secretsProvider ?? source.settings.secretsProvider ?? host.defaultSecretsProvider
  const provider = await openSecretsProvider(secretsProvider, host.keys, owner)
  const wrappedDataKey = await provider.wrapKey(to.revealBytes())

  const revisions: Revision[] = []
  for (let number = options.preserveHistory ? 1 : newest.number; number <= newest.number; number++) {
    const revision = source.revision(number)
    await source.verify(revision)
    revisions.push(revision)
  }
  const details = { from: source.name, fromRevision: String(newest.number) }
  const record = { author: options.author, created: options.created, change: 'clone', details }
  let definition = ''
  function* bytes(): Generator<Uint8Array> {
    const resealed = reseal(revisions, {
      from,
      to,
      reencrypt: options.reencrypt,
      ...(options.preserveHistory ? {} : { record: () => record }),
    })
    for (const revision of resealed) {
      definition = revision.definition
      yield revision.bytes
    }
  }
  const plain = new Settings(`id: ${owner.id}\n`, 'settings.yaml')
  const sealed = { secretsProvider, wrappedDataKey, sealedFrom: 1, ...versionFields(source, newest, options) }
  const tags = options.preserveEnvironmentTags ? { tags: source.settings.get('tags') } : {}
  const settings = plain.with({ ...sealSettings(plain, sealed, to), ...tags })
  const packed = options.preserveHistory ? packedThrough(archivesOf(host.files, source.folder)) : 0
  const afterwards = packed === 0 ? undefined : (folder: string) => packStaged(host.files, folder, packed)
  return {
    settings,
    revisions: bytes(),
    afterwards,
    definition: () => definition,
    others: otherFiles(source, host.files),
  }
}

/** Such as a list of recipients, or notes. Events are not the clone's. */
function otherFiles(source: Environment, files: FileSystem): Map<string, Uint8Array> {
  const { folder } = source
  const own = [layout.definition(folder), layout.settings(folder), tombstonePath(folder)]
  const others = new Map<string, Uint8Array>()
  for (const name of files.list(folder)) {
    const path = join(folder, name)
    if (own.includes(path) || name.startsWith(temporaryPrefix) || statusOf(files, path)?.kind !== 'file') continue
    others.set(name, files.readFile(path))
  }
  return others
}

/** Tags and retractions, as far as the clone has the revisions they speak of. */
function versionFields(source: Environment, newest: Revision, options: CloneOptions): JsonObject {
  const { settings, versions } = source
  const tagFields = settings.get('revisionTags') as JsonObject | undefined
  const tags = options.preserveRevisionTags ? versions.tags() : []
  const kept = tags.filter(({ revision }) => options.preserveHistory || revision === newest.number)
  const revisionTags: Record<string, JsonObject[string]> = {}
  for (const { name, revision } of kept) {
    const number = options.preserveHistory ? revision : 1
    const entry = tagFields?.[name]
    revisionTags[name] =
      typeof entry === 'object' && entry !== null ? { ...(entry as JsonObject), revision: number } : number
  }
  return {
    ...(kept.length === 0 ? {} : { revisionTags }),
    ...(options.preserveHistory ? { retractions: settings.get('retractions') } : {}),
  }
}
