import { EscError } from '../../errors.ts'
import { type FileSystem, ioError, readIfPresent, statusOf, syncFolder, writeTemporary } from '../../files/index.ts'
import { type DataKey, type KeyContext, makeDataKey, secretsProviderKind } from '../../keys/index.ts'
import { present } from '../../present.ts'
import { rich, step } from '../../rich-text.ts'
import type { Environment } from '../environment.ts'
import { type EnvironmentContext, keyMemo } from '../environment-context.ts'
import { layout } from '../layout.ts'
import { packedThrough } from '../revisions/archive/archive-name.ts'
import { archivesOf } from '../revisions/archive/packed-revisions.ts'
import { packStaged } from '../revisions/archive/prune-revisions.ts'
import { cipherPair, type Reencrypt, reseal } from '../revisions/reencryption.ts'
import { parseRevision, type Revision, sealedBytesOf } from '../revisions/revision-file.ts'
import { cleanUpSwap, successorFolder, swapIn } from '../revisions/swap.ts'
import { reencryptValues } from '../settings/encrypted-values.ts'
import { Settings, sealedSettings, sealSettings } from '../settings/settings.ts'
import { linkOthers, removeTree } from '../tree.ts'
import { namesOfHolders } from './environment-key.ts'
import { announceHolders, withKeyChange } from './key-changes.ts'
import { digestOfKey, type KnownKey } from './remembered.ts'

export interface SecretsProviderChange {
  /** URL or bare kind of the new provider. The present one: a new data key under it. */
  readonly secretsProvider: string
  /**
   * The way in which the new provider finds its key. Default: as the store's do. From passphrase to
   * passphrase it must be given.
   */
  readonly keys?: KeyContext
  readonly reencrypt: Reencrypt
}

export interface SecretsProviderChanged {
  readonly from: string
  readonly to: string
  /** The number of revisions that were re-encrypted: all, or none where there was no key yet. */
  readonly revisions: number
}

/**
 * Gives an environment a new data key under another secrets provider: every revision is
 * re-encrypted and sealed anew in a copy beside the environment, the copy is opened with the new
 * provider alone and compared, and then takes the environment's place (`swapIn`). Until then
 * nothing of the environment is touched; authors, times and changes are kept.
 *
 * @throws EscError `conflict` while a rotation is unfinished; `unsaved_edit`, `tampered`,
 *   `key_unavailable`, `usage`, `io`.
 */
export async function reencryptUnder(
  environment: Environment,
  context: EnvironmentContext,
  change: SecretsProviderChange,
): Promise<SecretsProviderChanged> {
  const { files } = context.host
  const before = environment.settings.secretsProvider ?? context.defaultSecretsProvider()
  const kind = secretsProviderKind(change.secretsProvider)
  if (kind === 'passphrase' && secretsProviderKind(before) === 'passphrase' && change.keys === undefined) {
    throw new EscError(
      'usage',
      `the new passphrase of environment '${context.name}' must be given apart from the present one`,
    )
  }
  const busy = await environment.lock('change the secrets provider')
  try {
    cleanUpSwap(files, context.folder)
    await refuseUnfinishedRotation(environment)
    refuseEdit(environment)
    if (environment.settings.wrappedDataKey === undefined) {
      await makeFirstKey(environment, context, change)
      return { from: before, to: change.secretsProvider, revisions: 0 }
    }
    const successor = await Successor.build(environment, context, change)
    try {
      const transaction = { environment: context.name, purpose: 'change the secrets provider' }
      await context.records.transaction(transaction, () => successor.takeOver())
    } catch (error) {
      // Only while nothing was renamed: else the next command completes the change.
      if (statusOf(files, context.folder) !== undefined) removeTree(files, successorFolder(context.folder))
      throw error
    }
    return { from: before, to: change.secretsProvider, revisions: successor.length }
  } catch (error) {
    throw ioError(error, `cannot change the secrets provider of environment '${context.name}'`)
  } finally {
    busy.release()
  }
}

/** There is nothing to re-encrypt yet: revisions without a seal stay as they are. */
async function makeFirstKey(
  environment: Environment,
  context: EnvironmentContext,
  { secretsProvider, keys }: SecretsProviderChange,
): Promise<void> {
  await environment.verify(environment.current())
  const made = await environment.makeKey({ secretsProvider, keys })
  if (made) return
  throw new EscError('conflict', `somebody else has just made the data key of environment '${context.name}'`, {
    hint: 'try again',
  })
}

interface SuccessorOptions {
  readonly change: SecretsProviderChange
  readonly wrappedDataKey: string
  readonly known: KnownKey
}

/** The copy of an environment under its new key. */
class Successor {
  readonly #environment: Environment
  readonly #context: EnvironmentContext
  readonly #folder: string
  readonly #options: SuccessorOptions
  readonly #from: DataKey
  /** The new key as the new provider unwrapped it. */
  readonly #to: DataKey
  #last: Revision | undefined

  private constructor(
    environment: Environment,
    context: EnvironmentContext,
    keys: { readonly from: DataKey; readonly to: DataKey },
    options: SuccessorOptions,
  ) {
    this.#environment = environment
    this.#context = context
    this.#folder = successorFolder(context.folder)
    this.#from = keys.from
    this.#to = keys.to
    this.#options = options
  }

  static async build(
    environment: Environment,
    context: EnvironmentContext,
    change: SecretsProviderChange,
  ): Promise<Successor> {
    const owner = { id: environment.id, name: context.name, folders: [context.folder, context.store] }
    const newest = environment.current()
    const from = await environment.unlock(newest)
    const keyContext = change.keys ?? context.host.keys
    const { key: to, wrapped: wrappedDataKey } = await makeDataKey(change.secretsProvider, keyContext, owner)
    const { secretsProvider } = change
    const named = { id: owner.id, secretsProvider, wrapped: wrappedDataKey }
    const holders = await namesOfHolders({ ...context, host: { ...context.host, keys: keyContext } }, named)
    const known = { key: digestOfKey(wrappedDataKey), signer: to.signer, secretsProvider, holders }
    announceHolders(context, owner.id, known)
    const successor = new Successor(environment, context, { from, to }, { change, wrappedDataKey, known })
    await successor.#start(newest.number)
    return successor
  }

  get length(): number {
    return this.#last?.number ?? 0
  }

  /** Most of the work, without keeping writers out. */
  async #start(newest: number): Promise<void> {
    const { files } = this.#context.host
    try {
      files.makeFolder(this.#folder)
      files.makeFolder(layout.revisions(this.#folder))
      for (let number = 1; number <= newest; number++) {
        // A long history should not keep a process from answering.
        if (number % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
        await this.#environment.verify(this.#environment.revision(number))
        this.#add(number)
      }
      packStaged(files, this.#folder, packedThrough(archivesOf(files, this.#context.folder)))
    } catch (error) {
      removeTree(files, this.#folder)
      throw error
    }
  }

  /**
   * The rest: what writers have added meanwhile, the other files, and the swap. For the
   * holder of the write lock.
   */
  takeOver(): void {
    const { folder, keys, memory, host } = this.#context
    const { wrappedDataKey } = this.#environment.settings
    const before = new Settings(readText(host.files, layout.settings(folder)), layout.settings(folder))
    if (before.wrappedDataKey !== wrappedDataKey) {
      throw new EscError(
        'conflict',
        `the data key of environment '${this.#context.name}' was changed in the meantime`,
        {
          hint: 'try again',
        },
      )
    }
    if (this.#environment.journal().anyUnder(this.#from)) throw unfinishedRotation(this.#environment)
    refuseEdit(this.#environment)
    const newest = this.#environment.current().number
    while (this.length < newest) {
      this.#environment.verifyUnder(this.#from, this.#environment.revision(this.length + 1))
      this.#add(this.length + 1)
    }
    syncFolder(host.files, layout.revisions(this.#folder))
    writeTemporary(host.files, layout.definition(this.#folder), Buffer.from(present(this.#last).definition))
    writeTemporary(host.files, layout.settings(this.#folder), Buffer.from(this.#settingsText(before)))
    const own = [layout.revisions(folder), layout.definition(folder), layout.settings(folder)]
    linkOthers(host.files, { from: folder, to: this.#folder, except: own })
    const owner = { id: before.id, name: this.#context.name }
    // Before the swap, or the machine would take its own new key for a stranger's.
    memory.trustKey(owner.id, digestOfKey(before.wrappedDataKey))
    memory.trustKey(owner.id, digestOfKey(this.#options.wrappedDataKey))
    swapIn(host.files, folder)
    keys.set(keyMemo(owner, this.#options.wrappedDataKey), Promise.resolve(this.#to))
  }

  #settingsText(before: Settings): string {
    const { change, known, wrappedDataKey } = this.#options
    const fields = { secretsProvider: change.secretsProvider, wrappedDataKey, sealedFrom: 1, sealedAfter: undefined }
    const resealed = new Settings(reencryptValues(before, { from: this.#from, to: this.#to }), before.file)
    const keyChanges = withKeyChange(before, { from: digestOfKey(before.wrappedDataKey), to: known }, this.#from)
    const after = new Settings(resealed.with({ ...sealSettings(before, fields, this.#to), keyChanges }), before.file)
    const sound =
      after.id === before.id &&
      after.wrappedDataKey === wrappedDataKey &&
      this.#to.verifySeal('settings', sealedSettings(after), after.settingsSeal ?? '')
    if (!sound) throw this.#unsound('the settings')
    return after.text
  }

  /** Adds a revision to the copy, reads it back, and compares it with the original. */
  #add(number: number): void {
    const { files } = this.#context.host
    const { reencrypt } = this.#options.change
    const original = this.#environment.revision(number)
    const file = layout.revision(this.#folder, number)
    const after = this.#last === undefined ? {} : { after: this.#last }
    for (const { bytes } of reseal([original], { from: this.#from, to: this.#to, reencrypt, ...after })) {
      writeTemporary(files, file, bytes)
    }
    const written = parseRevision(files.readFile(file), file, number)
    const sealed = this.#to.verifySeal('revision', sealedBytesOf(written), written.seal ?? '')
    const same = this.#revealed(written, this.#to) === this.#revealed(original, this.#from)
    if (!sealed || !same || written.previous !== this.#last?.digest) throw this.#unsound(`revision ${number}`)
    this.#last = written
  }

  /** A text that two revisions share if they differ in nothing but their ciphertexts. */
  #revealed(revision: Revision, key: DataKey): string {
    const plaintexts: string[] = []
    const ciphers = cipherPair(key, this.#to)
    const decrypt = (ciphertext: Uint8Array) => {
      const plaintext = ciphers.decrypt(ciphertext)
      plaintexts.push(plaintext)
      return plaintext
    }
    const rest = this.#options.change.reencrypt(revision.definition, { decrypt, encrypt: () => placeholder }, revision)
    return JSON.stringify([plaintexts, rest])
  }

  #unsound(what: string): EscError {
    return new EscError(
      'key_unavailable',
      `${what} of environment '${this.#context.name}' cannot be opened with '${this.#options.change.secretsProvider}' as before`,
      { hint: 'nothing was changed; the environment is still under its present secrets provider' },
    )
  }
}

const placeholder = new Uint8Array(28)

/**
 * The journal is encrypted under the data key, and only a rotation can finish what is in it.
 * Another store's entries stay as they are.
 */
async function refuseUnfinishedRotation(environment: Environment): Promise<void> {
  const journal = environment.journal()
  if (journal.ids().length === 0) return
  const keyless = environment.settings.wrappedDataKey === undefined
  if (keyless || journal.anyUnder(await environment.unlock())) throw unfinishedRotation(environment)
}

function unfinishedRotation(environment: Environment): EscError {
  return new EscError('conflict', `a rotation of environment '${environment.name}' is unfinished`, {
    hint: rich`${step('finish it', { do: 'rotate', environment: environment.name, paths: [] })} first, so that no credential is lost`,
  })
}

function refuseEdit(environment: Environment): void {
  if (environment.definitionState() !== 'edited') return
  throw new EscError('unsaved_edit', `${layout.definition(environment.folder)} was edited by hand and is not saved`, {
    hint: rich`${step('save it', { do: 'save-definition', environment: environment.name })}, or discard it first`,
  })
}

function readText(files: FileSystem, file: string): string {
  const bytes = readIfPresent(files, file)
  if (bytes === undefined) throw new EscError('not_found', `there is no ${file}`)
  return Buffer.from(bytes).toString()
}
