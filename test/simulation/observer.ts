import type { Json } from '../../src/json.ts'
import type { DataKey } from '../../src/keys/index.ts'
import { decodeEnvelope } from '../../src/language/index.ts'
import { decodeJournalEntry, type JournalEntry } from '../../src/rotation/journal-entry.ts'
import { entryContextOf, entryNames, parseEntry } from '../../src/store/journal/journal-file.ts'
import { decode, getAt, type Node } from '../../src/yaml/index.ts'
import type { MemoryFiles } from '../files/memory-files.ts'
import { stateOf, storeFolder } from './machine.ts'

/** What a model rotator keeps: a token, the password of a user, or no more than a password. */
export type SeenCredential =
  | string
  | { readonly id: string; readonly token: string }
  | { readonly username: string; readonly password: string }

/** Of a token: its id; of a user: its name. */
export function nameOf(credential: SeenCredential | undefined): string | undefined {
  if (credential === undefined || typeof credential === 'string') return undefined
  return 'id' in credential ? credential.id : credential.username
}

export interface SeenState {
  readonly account?: string
  readonly current: SeenCredential
  readonly previous?: SeenCredential
}

/** One rotator of a definition, its secrets in the clear. */
export interface SeenRotator {
  readonly rotator: string
  readonly inputs: { readonly account?: string; readonly server?: string }
  readonly state?: SeenState
}

/** What one revision says, by key below `values`. */
export type SeenRevision = ReadonlyMap<string, SeenRotator>

/** Looks at the disk from outside, with the data key: nothing it does is part of the simulation. */
export class Observer {
  readonly #disk: MemoryFiles
  readonly #folder: string
  readonly #id: string
  readonly #key: DataKey
  readonly #seen = new WeakMap<Uint8Array, SeenRevision>()
  #hint = 0

  constructor(disk: MemoryFiles, environment: { readonly name: string; readonly id: string; readonly key: DataKey }) {
    this.#disk = disk
    this.#folder = `${storeFolder}/${environment.name}`
    this.#id = environment.id
    this.#key = environment.key
  }

  /** The bytes of every revision file, by number; a gap is `undefined`. */
  revisionFiles(): readonly (Uint8Array | undefined)[] {
    const files: (Uint8Array | undefined)[] = []
    for (const name of this.#disk.list(`${this.#folder}/revisions`)) {
      if (/^[0-9]+\.yaml$/.test(name)) files[Number.parseInt(name, 10) - 1] = this.#bytes(Number.parseInt(name, 10))
    }
    return Array.from(files)
  }

  newestNumber(): number {
    // Only a loss of power takes revisions away.
    while (this.#hint > 0 && !this.#bytes(this.#hint)) this.#hint--
    while (this.#bytes(this.#hint + 1)) this.#hint++
    return this.#hint
  }

  /** The newest revision that is on the disk at this moment. */
  newest(): SeenRevision {
    return this.revision(this.newestNumber())
  }

  revision(number: number): SeenRevision {
    const bytes = this.#bytes(number)!
    let seen = this.#seen.get(bytes)
    if (seen === undefined) {
      seen = this.#rotators(Buffer.from(bytes).toString())
      this.#seen.set(bytes, seen)
    }
    return seen
  }

  definition(): string {
    const text = Buffer.from(this.#bytes(this.newestNumber())!).toString()
    return text.slice(text.indexOf('\n---\n') + 5)
  }

  /** The value at a key below `values` as data, ciphertexts as they are. */
  block(key: string): Json {
    const { node } = decode('observed', this.definition())
    return plainOf(getAt(node, ['values', key])!, () => undefined)
  }

  journal(host: string): readonly JournalEntry[] {
    const folder = `${stateOf(host)}/journal/${this.#id}`
    if (!this.#disk.stat(folder)) return []
    return entryNames(this.#disk.list(folder)).map(({ file, id }) => {
      const { bound, ciphertext } = parseEntry(this.#disk.readFile(`${folder}/${file}`))!
      return decodeJournalEntry(this.#key.decryptRecord(entryContextOf(id, bound), ciphertext))
    })
  }

  #bytes(number: number): Uint8Array | undefined {
    return this.#disk.peek(`${this.#folder}/revisions/${number}.yaml`)
  }

  #rotators(text: string): SeenRevision {
    const definition = text.slice(text.indexOf('\n---\n') + 5)
    const decoded = decode('observed', definition)
    const found = new Map<string, SeenRotator>()
    if (decoded.failed || !decoded.node) throw new Error(`a revision cannot be read: ${text}`)
    const plain = plainOf(decoded.node, (envelope) => this.#key.decrypt(decodeEnvelope(envelope)))
    const { values } = plain as { values?: Record<string, Record<string, Omit<SeenRotator, 'rotator'>>> }
    for (const [key, value] of Object.entries(values ?? {})) {
      const call = Object.entries(value).find(([name]) => name.startsWith('fn::rotate::'))
      if (call === undefined) continue
      found.set(key, { ...call[1], rotator: call[0].slice('fn::rotate::'.length) })
    }
    return found
  }
}

/** Data of a node; `open` gives the plaintext of an envelope, or undefined to leave it as it is. */
function plainOf(node: Node, open: (envelope: string) => string | undefined): Json {
  switch (node.kind) {
    case 'object': {
      const members = Object.fromEntries(node.entries.map(({ key, value }) => [key.value, plainOf(value, open)]))
      const secret = members['fn::secret'] as { ciphertext: string } | undefined
      return (secret && open(secret.ciphertext)) ?? members
    }
    case 'array':
      return node.elements.map((element) => plainOf(element, open))
    case 'null':
      return null
    case 'number':
      return Number(node.text)
    default:
      return node.value
  }
}
