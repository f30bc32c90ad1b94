import { inspect } from 'node:util'
import { plainSecretTexts, secretForms } from '../masking/index.ts'
import { HiddenPatterns, IDLE_MS, Redactor } from '../masking/redactor/index.ts'
import type { OpenEnvironment } from './environment.ts'

/** Hides secrets in what the process writes, until it is ended. */
export interface LogMasking {
  /** Also hides the secrets of this environment, such as a newer revision. */
  add(environment: OpenEnvironment): void
  /** Ends it, after what was held back has been written. */
  end(): void
}

/** Shorter ones would hide parts of ordinary words. */
const LEAST_LENGTH = 4

/**
 * Hides the secrets of open environments in all that this process writes to its standard output and
 * standard error, in the error that ends the process too. Encoded and escaped forms of them are
 * hidden as well.
 *
 * @example
 * ```ts
 * import { installLogMasking, openStore } from '@gitesc/cli'
 *
 * const store = await openStore()
 * const masking = installLogMasking(await store.open('app/dev'))
 * await store.watch('app/dev', (env) => masking.add(env)).then((watch) => watch.close())
 * console.log('connecting with hunter2-hunter2') // connecting with [secret]
 * masking.end()
 * ```
 */
export function installLogMasking(...environments: readonly OpenEnvironment[]): LogMasking {
  const texts = new Set<string>()
  const streams = [process.stdout, process.stderr].map((stream) => new MaskedStream(stream))
  const add = (environment: OpenEnvironment) => {
    const { values, environmentVariables, files } = environment
    for (const text of plainSecretTexts({ values, environmentVariables, files })) {
      if (text.length >= LEAST_LENGTH) texts.add(text)
    }
    const patterns = new HiddenPatterns(() => secretForms([...texts]))
    for (const stream of streams) stream.hide(patterns)
  }
  for (const environment of environments) add(environment)
  const exit = () => {
    for (const stream of streams) stream.hurry()
  }
  const end = () => {
    process.off('exit', exit)
    process.off('uncaughtException', fail)
    for (const stream of streams) stream.end()
  }
  process.on('exit', exit)
  process.on('uncaughtException', fail)
  return { add, end }
}

type Written = (error?: Error | null) => void

/** Ends the process as Node would, which writes such an error past the streams. */
function fail(error: unknown): void {
  if (process.listenerCount('uncaughtException') > 1) return
  process.stderr.write(`Uncaught ${inspect(error)}\n`)
  process.exit(1)
}

/** A standard stream whose `write` hides secrets. */
class MaskedStream {
  readonly #stream: NodeJS.WriteStream
  readonly #write: NodeJS.WriteStream['write']
  #redactor: Redactor | undefined
  #idle: NodeJS.Timeout | undefined
  #isHurried = false

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    this.#write = stream.write
    const masked = this.#masked.bind(this) as NodeJS.WriteStream['write']
    stream.write = masked
  }

  /** Hides these from now on; what was held back for others is written first. */
  hide(patterns: HiddenPatterns): void {
    this.#flush()
    this.#redactor = new Redactor(patterns)
  }

  /** Holds nothing back from now on: no timer will let it go. */
  hurry(): void {
    this.#isHurried = true
    this.#flush()
  }

  end(): void {
    this.#flush()
    this.#redactor = undefined
    this.#stream.write = this.#write
  }

  #masked(chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean {
    const encoding = typeof rest[0] === 'string' ? (rest[0] as BufferEncoding) : undefined
    const written = rest.find((each) => typeof each === 'function') as Written | undefined
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
    const shown = this.#redactor === undefined ? bytes : this.#redactor.push(bytes)
    clearTimeout(this.#idle)
    if (this.#isHurried) {
      this.#send(shown)
      this.#flush()
      return this.#send(new Uint8Array(), written)
    }
    if (this.#redactor?.holds) {
      this.#idle = setTimeout(() => this.#send(this.#redactor?.idle() ?? new Uint8Array()), IDLE_MS)
      this.#idle.unref()
    }
    return this.#send(shown, written)
  }

  #flush(): void {
    clearTimeout(this.#idle)
    if (this.#redactor !== undefined) this.#send(this.#redactor.end())
  }

  #send(bytes: Uint8Array, written?: Written): boolean {
    if (bytes.length > 0) return this.#write.call(this.#stream, bytes, undefined, written)
    if (written !== undefined) process.nextTick(written)
    return true
  }
}
