import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { machineFiles } from '../../../src/files/index.ts'
import type { DataKey } from '../../../src/keys/index.ts'
import { createKeyFile } from '../../../src/keys/key-file.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../src/language/index.ts'
import { type Environment, Store } from '../../../src/store/index.ts'
import { sealSettings } from '../../../src/store/settings/settings.ts'
import { rot128 } from '../fakes.ts'
import type { RecordedEnvironment, Transcript } from './transcript.ts'

/** Who the recorded sessions belong to: their own store has this label. */
export const user = 'test-user'

/**
 * The author of everything in a replay. Its name is as long as `<unknown>`, which stands in its
 * place in recorded tables.
 */
export const author = { name: user }

/** When everything in a replay happens that was not there before. */
export const now = new Date('2024-07-29T12:30:00.000Z')

/**
 * The folders of a replay: a store for each organization, programs, files, and a place for
 * temporary ones.
 */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'esc-transcript-'))
  readonly work = join(this.folder, 'work')
  readonly temporary = join(this.folder, 'temp')
  readonly variables: Readonly<Record<string, string>>
  readonly #stores = new Map<string, Store>()
  readonly #keys: DataKey[] = []

  constructor(transcript: Transcript) {
    const programs = join(this.folder, 'bin')
    for (const folder of [this.work, this.temporary, programs]) mkdirSync(folder)
    this.variables = {
      HOME: this.folder,
      PATH: programs,
      TMPDIR: this.temporary,
      NO_COLOR: '1',
      ESC_CONFIG_HOME: join(this.folder, 'config'),
      ESC_AUTHOR: `${author.name} <>`,
      ESC_NO_HINTS: '1',
      ...transcript.variables,
    }
    for (const [name, script] of Object.entries(transcript.programs)) {
      writeFileSync(join(programs, name), `#!/bin/bash\n${script}`)
      chmodSync(join(programs, name), 0o755)
    }
    for (const [path, content] of Object.entries(transcript.files)) {
      const file = join(this.work, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
    }
  }

  /** Makes the stores and everything in them. */
  async fill(environments: readonly RecordedEnvironment[]): Promise<void> {
    // Made now, so that no command says that it has made one.
    createKeyFile(machineFiles, join(this.folder, 'config', 'default.key'))
    this.#store(user)
    for (const recorded of environments) await this.#add(recorded)
    const folders = [...this.#stores.values()].map(({ folder }) => folder)
    const configuration = { current: this.#store(user).folder, stores: folders }
    writeFileSync(join(this.folder, 'config', 'config.json'), JSON.stringify(configuration))
  }

  async #add({ organization, name, revisions, tags }: RecordedEnvironment): Promise<void> {
    const store = this.#store(organization)
    const environment = await store.additions.create(name, { author, created: hours(1) })
    const key = await environment.dataKey()
    const names: Record<string, number> = {}
    const retractions: Record<string, { replacement: number; at: string; by: string; reason?: string }> = {}
    for (const [index, { definition, tags, retracted }] of revisions.entries()) {
      const number = index + 2
      await environment.append({
        base: number - 1,
        definition: definition.replace(ciphertexts, (text) => recrypt(text, plainText, (it) => key.encrypt(it))),
        change: 'edit',
        author,
        created: hours(number),
      })
      for (const tag of tags) names[tag] = number
      if (retracted === undefined) continue
      const { replacement = 42, reason } = retracted
      const at = hours(number).toISOString()
      retractions[number] = { replacement, at, by: author.name, ...(reason === undefined ? {} : { reason }) }
    }
    // As recorded, which the store itself would refuse: a revision that replaces itself, a tag that
    // nobody made.
    await this.#seal(environment, { revisionTags: names, retractions })
    for (const [tag, value] of Object.entries(tags)) await environment.tags.set(tag, value, { author, created: now })
  }

  async #seal(environment: Environment, fields: Parameters<typeof sealSettings>[1]): Promise<void> {
    const given = Object.entries(fields).filter(([, value]) => Object.keys(value as object).length > 0)
    if (given.length === 0) return
    const { settings } = environment
    const sealed = sealSettings(settings, Object.fromEntries(given), await environment.dataKey())
    writeFileSync(settings.file, settings.with(sealed))
  }

  /**
   * The one run that the recorded service says every schedule has had; for `env schedule history
   * ENV ID`.
   */
  async addRecordedRun([, , , name = '', schedule = '']: readonly string[]): Promise<void> {
    const [organization = '', ...path] = name.split('/')
    const executed = '2026-05-13T12:30:00.000Z'
    const run = { due: executed, attempt: 1, executed, completed: executed, result: 'succeeded', version: 1 }
    const environment = this.#store(organization).environment(path.join('/'))
    await environment.events.append('schedules', { id: 'evt-1', schedule, ...run })
  }

  /** The text with our ciphertexts replaced by what the recorded cipher would have made of them. */
  async withRecordedCiphertexts(text: string): Promise<string> {
    if (!ciphertexts.test(text)) return text
    await this.#collectKeys()
    const decrypt = (ciphertext: Uint8Array) => {
      for (const key of this.#keys) {
        try {
          return key.decrypt(ciphertext)
        } catch {}
      }
      throw new Error('a ciphertext that no environment of this replay can decrypt')
    }
    return text.replace(ciphertexts, (each) => recrypt(each, decrypt, (it) => rot128(Buffer.from(it))))
  }

  async #collectKeys(): Promise<void> {
    this.#keys.length = 0
    for (const { folder } of this.#stores.values()) {
      const store = Store.open(folder, this.#world())
      for (const name of store.list()) {
        const environment = store.environment(name)
        if (environment.settings.wrappedDataKey !== undefined) this.#keys.push(await environment.unlock())
      }
    }
  }

  #store(organization: string): Store {
    let store = this.#stores.get(organization)
    if (store === undefined) {
      store = Store.init(join(this.folder, 'stores', organization), { organization }, this.#world())
      this.#stores.set(organization, store)
    }
    return store
  }

  #world() {
    return { keys: { env: this.variables, configFolder: join(this.folder, 'config'), notify: () => {} } }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** An envelope in base64: it begins with `escx`. */
const ciphertexts = /ZXNjeA[A-Za-z0-9+/]+=*/g

function recrypt(
  base64: string,
  decrypt: (ciphertext: Uint8Array) => string,
  encrypt: (plaintext: string) => Uint8Array,
): string {
  return encodeEnvelope(encrypt(decrypt(decodeEnvelope(base64))))
}

function plainText(ciphertext: Uint8Array): string {
  return Buffer.from(rot128(ciphertext)).toString()
}

/** The recorded date of a revision: as many hours after the epoch as its number. */
export function hours(count: number): Date {
  return new Date(count * 3_600_000)
}
