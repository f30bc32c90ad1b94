import { createHash } from 'node:crypto'
import { allocate, Budget, BudgetExceeded } from '../../budget.ts'
import { EscError } from '../../errors.ts'
import type { ExportedMap, ExportedValue } from '../../evaluate/index.ts'
import { JsonNumber } from '../../json.ts'
import { DataKey } from '../../keys/index.ts'
import { present } from '../../present.ts'
import { type Environment, layout } from '../../store/index.ts'
import { digestOfPowers } from '../../trust/index.ts'
import type { UsedEnvironments } from '../session/used-environments.ts'
import type { Workspace } from '../session/workspace.ts'

/** All that what was opened depends on. Names and digests: no secrets. */
interface Circumstances {
  /** The build of the program: another one may evaluate differently. */
  readonly build: string
  /**
   * Until when the logins in it count, in milliseconds since 1970. Absent: it depends on nothing
   * outside the store.
   */
  readonly until?: number
  /** The lifetime, in seconds, that was asked for those logins. Absent: as definitions say. */
  readonly lifetime?: number
  /**
   * The environments that took part, by the names they were asked for, each after
   * the one that asked for it.
   */
  readonly environments: readonly Part[]
}

interface Part {
  readonly asked: string
  readonly id: string
  /** The digest of the revision. */
  readonly digest: string
  /** True when secrets of it were decrypted. */
  readonly decrypted: boolean
}

/** A result as it is kept. */
interface Kept {
  /** All of it. */
  readonly bytes: Uint8Array
  /** The circumstances as text, which the ciphertext is bound to. */
  readonly head: string
  readonly circumstances: Circumstances
  readonly ciphertext: Uint8Array
}

/** The time that a login must count yet to be handed out. */
const leastLeftMs = 5 * 60_000

/** Variables that lead logins elsewhere, or make them others. */
const mattersToLogins =
  /^(?:ACTIONS|ARM|AWS|AZURE|BUILDKITE|CIRCLE|CLOUDSDK|ESC|GCE|GITLAB|GOOGLE|IDENTITY|PULUMI|VAULT)_|^(?:HTTPS?|NO)_PROXY$/i

/** The largest result that is kept; a larger one is evaluated each time. */
const maxBytes = 4 << 20

/**
 * The result that an environment came to when it was last opened on this machine, encrypted under
 * the keys of all environments that took part together. It stands for the evaluation alone: rules,
 * revisions, seals and keys are looked at each time, and the audit log says the same.
 */
export class OpenedCache {
  readonly #workspace: Workspace
  readonly #root: Environment
  readonly #environments: UsedEnvironments
  readonly #build: string

  /**
   * @param environments holds the root, verified, and nothing else.
   * @returns undefined: nothing is kept, because `esc.yaml` says `cache: off`, the store is a copy,
   *   or the program has no build.
   * @throws EscError `invalid_input` for another `cache`.
   */
  static of(workspace: Workspace, environments: UsedEnvironments): OpenedCache | undefined {
    const { original } = workspace
    const { build } = workspace.host
    if (build === undefined || original !== undefined || isOff(workspace)) return undefined
    const [root] = environments.all.values()
    return root && new OpenedCache(workspace, root.environment, environments, build)
  }

  private constructor(workspace: Workspace, root: Environment, environments: UsedEnvironments, build: string) {
    this.#workspace = workspace
    this.#root = root
    this.#environments = environments
    this.#build = build
  }

  /**
   * `undefined` when it is to be evaluated, because something is different now or was never kept.
   * Afterwards all that takes part has been loaded and verified.
   *
   * @throws EscError `key_unavailable`, `tampered`.
   */
  async recall(): Promise<{ readonly properties: ExportedMap; readonly constant: boolean } | undefined> {
    const kept = this.#read()
    if (kept === undefined) return undefined
    const { build, until, lifetime, environments: parts } = kept.circumstances
    const { lifetimeSeconds } = this.#workspace.policy
    if (until !== undefined && (lifetime !== lifetimeSeconds || !this.#isFresh(until))) return undefined
    if (build !== this.#build || !parts.every((part, index) => this.#isAsItWas(part, index))) return undefined
    for (const { asked } of parts) await this.#environments.verify(asked)
    const keys = await this.#keys(parts.map(({ asked }) => asked))
    const properties = await this.#decrypted(kept, keys)
    if (properties === undefined) return undefined
    for (const { asked, decrypted } of parts) if (decrypted) await this.#environments.recordDecryption(asked)
    return { properties, constant: until === undefined }
  }

  /** `undefined` for what these keys have not encrypted, or was made for other circumstances. */
  async #decrypted(
    { bytes, head, circumstances, ciphertext }: Kept,
    keys: readonly DataKey[],
  ): Promise<ExportedMap | undefined> {
    const { recalled } = this.#workspace.host
    const { until } = circumstances
    const known = until === undefined ? recalled?.find(this.#root.id, bytes, keys) : undefined
    if (known !== undefined) return known
    const text = jointKey(keys)?.decryptOpened(head, ciphertext)
    if (text === undefined) return undefined
    const surroundings = until === undefined ? '' : await this.#surroundings()
    if (!text.startsWith(surroundings)) return undefined
    const properties = decodeProperties(JSON.parse(text.slice(surroundings.length)))
    if (until === undefined) recalled?.keep(this.#root.id, { bytes, keys, properties })
    return properties
  }

  /**
   * Keeps what evaluating has come to.
   *
   * @param names of the environments that were evaluated, the root first. Others that were
   *   loaded have no part in it.
   */
  async keep(properties: ExportedMap, names: readonly string[]): Promise<void> {
    await this.#keep(properties, names)
  }

  /**
   * The same for what holds logins, as long as they count, where `esc.yaml` says `cache: on`.
   *
   * @param until `undefined`: something in it is to be opened anew each time.
   */
  async keepFor(until: number | undefined, properties: ExportedMap, names: readonly string[]): Promise<void> {
    if (until === undefined || !this.#isFresh(until)) return
    const cache = this.#workspace.store.configuration.get('cache')
    if (cache === 'on' || cache === true) await this.#keep(properties, names, Math.min(until, Number.MAX_SAFE_INTEGER))
  }

  /** Whoever gets a login has some minutes to use it. */
  #isFresh(until: number): boolean {
    return this.#workspace.host.now().getTime() + leastLeftMs < until
  }

  /**
   * A digest of what a login depends on beside the store: who opens it, since identity tokens name
   * them, the variables of the process, and what this machine allows. It is kept among what is
   * encrypted, since some variables could be guessed.
   */
  async #surroundings(): Promise<string> {
    const { env } = this.#workspace.host
    const { allowedPowers } = await import('../trust/powers.ts')
    const digest = createHash('sha256').update(digestOfPowers(await allowedPowers(this.#workspace)))
    digest.update(JSON.stringify([this.#workspace.principal().name, await this.#workspace.author()]))
    for (const name of Object.keys(env).sort()) {
      if (mattersToLogins.test(name)) digest.update(`\n${name}=${env[name]}`)
    }
    return `${digest.digest('hex')}\n`
  }

  async #keep(properties: ExportedMap, names: readonly string[], until?: number): Promise<void> {
    if (!this.#environments.complete) return
    const key = jointKey(await this.#keys(names))
    if (key === undefined) return
    const encoded = encodeWithin(maxBytes, properties)
    if (encoded === undefined) return
    const text = until === undefined ? encoded : `${await this.#surroundings()}${encoded}`
    const environments = names.map((asked): Part => {
      const { environment, revision } = present(this.#environments.all.get(asked))
      const decrypted = this.#environments.decrypted(asked)
      return { asked, id: environment.id, digest: revision.digest, decrypted }
    })
    const timed = until === undefined ? {} : { until, lifetime: this.#workspace.policy.lifetimeSeconds }
    const head = JSON.stringify({ build: this.#build, ...timed, environments } satisfies Circumstances)
    this.#root.keepOpened(Buffer.concat([Buffer.from(`${head}\n`), key.encryptOpened(head, text)]))
  }

  #read(): Kept | undefined {
    const bytes = this.#root.opened()
    if (bytes === undefined) return undefined
    try {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const end = buffer.indexOf('\n')
      const head = buffer.toString('utf8', 0, end)
      const circumstances = JSON.parse(head)
      const sound = circumstances.environments.every(({ asked }: Part) => typeof asked === 'string')
      return sound ? { bytes, head, circumstances, ciphertext: buffer.subarray(end + 1) } : undefined
    } catch {
      return undefined
    }
  }

  /**
   * Each is loaded only after all before it were as they were, so that nothing is loaded which
   * evaluating would not load.
   */
  #isAsItWas({ asked, id, digest }: Part, index: number): boolean {
    try {
      if (index > 0) this.#environments.load(asked)
    } catch {
      return false
    }
    const now = this.#environments.all.get(asked)
    return now !== undefined && now.environment.id === id && now.revision.digest === digest
  }

  /** The keys of those environments that have one. */
  async #keys(names: readonly string[]): Promise<readonly DataKey[]> {
    const keys: DataKey[] = []
    for (const name of names) {
      const { environment } = present(this.#environments.all.get(name))
      if (environment.settings.wrappedDataKey !== undefined) keys.push(await environment.unlock())
    }
    return keys
  }
}

/**
 * The key of environments together. Undefined: none of them has a key, and so nothing to keep from
 * others.
 */
function jointKey(keys: readonly DataKey[]): DataKey | undefined {
  return keys.length === 0 ? undefined : DataKey.joint(keys)
}

function isOff({ store }: Workspace): boolean {
  // Spares most stores the parser, as with the access rules.
  if (!store.configuration.mayHave('cache')) return false
  const cache = store.configuration.get('cache')
  if (cache === 'off' || cache === false) return true
  if (cache === undefined || cache === 'on' || cache === true) return false
  throw new EscError('invalid_input', `cache in ${layout.configuration(store.folder)} must be on or off`, {
    hint: 'write `cache: off`, or leave it out',
  })
}

/**
 * As `ExportedValue`, but JSON: where the value is neither text nor boolean, one of `number`,
 * `list` and `map` stands for it.
 */
interface Encoded {
  readonly value?: boolean | string
  readonly number?: string
  readonly list?: readonly Encoded[]
  readonly map?: EncodedMap
  readonly secret?: true
  readonly unknown?: true
  readonly trace: { readonly def: ExportedValue['trace']['def']; base?: Encoded }
}

/** Pairs, because `__proto__` is a key like any other. */
type EncodedMap = readonly (readonly [string, Encoded])[]

/** As JSON that `decodeProperties` reads. */
export function encodeProperties(map: ExportedMap): EncodedMap {
  return Object.entries(map).map(([key, value]) => [key, encode(value)])
}

/**
 * The JSON text. Undefined: it would be longer, since each value comes with all that lies beneath
 * it. Working that out has a budget.
 */
function encodeWithin(length: number, properties: ExportedMap): string | undefined {
  try {
    const encoded = new Budget({ steps: Number.POSITIVE_INFINITY, bytes: 8 * length }).within(() =>
      encodeProperties(properties),
    )
    const text = JSON.stringify(encoded)
    return text.length > length ? undefined : text
  } catch (error) {
    if (error instanceof BudgetExceeded) return undefined
    throw error
  }
}

/** Characters that the place of a value takes at least. */
const leastLength = 60

function encode({ value, secret, unknown, trace: { def, base } }: ExportedValue): Encoded {
  allocate(leastLength + (typeof value === 'string' ? value.length : 0))
  return {
    ...(value === undefined
      ? {}
      : value instanceof JsonNumber
        ? { number: value.text }
        : Array.isArray(value)
          ? { list: value.map(encode) }
          : typeof value === 'object'
            ? { map: encodeProperties(value as ExportedMap) }
            : { value }),
    ...(secret && { secret }),
    ...(unknown && { unknown }),
    trace: { def, ...(base && { base: encode(base) }) },
  }
}

export function decodeProperties(entries: EncodedMap): ExportedMap {
  const map: Record<string, ExportedValue> = Object.create(null)
  for (const [key, value] of entries) map[key] = decode(value)
  return map
}

/** The object itself where it can be: making everything twice would take as long as reading it. */
function decode(encoded: Encoded): ExportedValue {
  const { number, list, map, secret, unknown, trace } = encoded
  if (trace.base !== undefined) trace.base = decode(trace.base) as Encoded
  if (number === undefined && list === undefined && map === undefined) return encoded as ExportedValue
  const value =
    number !== undefined ? new JsonNumber(number) : list !== undefined ? list.map(decode) : decodeProperties(map ?? [])
  return {
    value,
    ...(secret && { secret }),
    ...(unknown && { unknown }),
    trace: trace as ExportedValue['trace'],
  }
}
