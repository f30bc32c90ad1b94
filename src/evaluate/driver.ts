import {
  type EnvironmentDeclaration,
  hasCiphertext,
  listCalls,
  listReferences,
  parseEnvironment,
} from '../language/index.ts'
import { present } from '../present.ts'
import { compileSchema, markUnion, nullSchema, type Schema } from '../schema/index.ts'
import {
  type Answers,
  type CallResult,
  callId,
  type Failure,
  failureOf,
  type HostCall,
  isFailure,
  type ParsedProgram,
  type RotatorCall,
  type Signature,
} from './calls.ts'
import type { EvaluationOptions, EvaluationRequest } from './evaluate-request.ts'
import type { RotationOutcome } from './evaluation.ts'
import type { ExportedValue } from './export/exported.ts'
import type { Decrypt, EvaluationHost, EvaluatorProvider, EvaluatorRotator } from './host.ts'
import { limiter } from './limiter.ts'
import { mapOf } from './values/convert.ts'

const defaultConcurrency = 64

/** The most characters in all definitions that take part in one evaluation. */
export const maxLoaded = 64 * 1024 * 1024

/** Makes the calls that rounds ask for and keeps the answers. */
export class Driver {
  readonly #request: EvaluationRequest
  readonly #host: EvaluationHost
  readonly #limit: <T>(task: () => Promise<T>) => Promise<T>
  readonly #programs = new Map<string, ParsedProgram | Failure>()
  readonly #providers = new Map<string, Signature | Failure>()
  readonly #rotators = new Map<string, Signature | Failure>()
  readonly #decrypters = new Map<string, { readonly decrypt: Decrypt } | Failure>()
  readonly #results = new Map<string, CallResult | Failure>()
  readonly #unlock = new Map<string, () => Promise<Decrypt>>()
  readonly #callable = { open: new Map<string, EvaluatorProvider>(), rotate: new Map<string, EvaluatorRotator>() }
  readonly #rotated: RotatorCall[] = []
  readonly #known = new Set<string>()
  readonly #started: Promise<void>[] = []
  #loaded = 0

  constructor(request: EvaluationRequest, host: EvaluationHost, options: EvaluationOptions) {
    this.#request = request
    this.#host = host
    this.#limit = limiter(options.concurrency ?? defaultConcurrency, options.signal)
    this.#unlock.set(request.name, request.unlock)
  }

  /** True when the definitions are too large together, in whatever order they were loaded. */
  get loadedTooMuch(): boolean {
    return this.#loaded > maxLoaded
  }

  get answers(): Answers {
    return {
      programs: this.#programs,
      providers: this.#providers,
      rotators: this.#rotators,
      decrypters: this.#decrypters,
      results: this.#results,
    }
  }

  /**
   * Loads every environment the text names, and those they name, at once. One that cannot be
   * loaded matters only to the expression that needs it. Providers of what is certainly evaluated
   * are loaded along the way.
   */
  async loadAhead(environment: EnvironmentDeclaration): Promise<void> {
    this.#begin(environment, true)
    // Environments may name one another in a circle, so none waits for those it
    // names: all are awaited here.
    for (let i = 0; i < this.#started.length; i++) await this.#started[i]
  }

  #begin(environment: EnvironmentDeclaration, certain: boolean): void {
    for (const { name, kind } of listReferences(environment))
      if (name !== this.#request.name) this.#once(`load\0${name}`, () => this.#load(name, certain && kind === 'import'))
    if (!certain) return
    if (this.#needsKeyAhead(environment)) this.#once('unlock', () => this.#unlockRoot())
    for (const { name: kind, provider } of listCalls(environment)) {
      const name = provider?.value
      if (name !== undefined) this.#once(`${kind}\0${name}`, () => this.#loadProvider(kind, name))
    }
  }

  /**
   * A rotation encrypts what it makes under the key of the root, so asking for it early asks for
   * nothing more, and saves the round that would only find out that it is needed.
   */
  #needsKeyAhead(environment: EnvironmentDeclaration): boolean {
    const { mode, name: root } = this.#request
    return mode === 'rotate' && environment.name === root && hasCiphertext(environment)
  }

  #unlockRoot(): Promise<void> {
    const { name } = this.#request
    return this.#call({ kind: 'unlock', id: callId('unlock', name), environment: name })
  }

  #once(key: string, task: () => Promise<void>): void {
    if (this.#known.has(key)) return
    this.#known.add(key)
    this.#started.push(task())
  }

  async #load(name: string, certain: boolean): Promise<void> {
    const loaded = await this.#attempt(() => this.#host.load(name))
    if (isFailure(loaded)) {
      this.#programs.set(name, loaded)
      return
    }
    this.#loaded += loaded.value.text.length
    if (this.loadedTooMuch) return
    this.#unlock.set(name, () => loaded.value.unlock())
    const program = loaded.value.parsed ?? parseEnvironment(name, loaded.value.text)
    this.#programs.set(name, program)
    if (program.environment) this.#begin(program.environment, certain)
  }

  async #loadProvider(kind: 'open' | 'rotate', name: string): Promise<void> {
    if (kind === 'open') {
      const provider = await this.#attempt(() => this.#host.provider(name))
      if (!isFailure(provider)) this.#callable.open.set(name, provider.value)
      this.#providers.set(name, isFailure(provider) ? provider : signatureOf(provider.value))
    } else {
      const rotator = await this.#attempt(() => this.#host.rotator(name))
      if (!isFailure(rotator)) this.#callable.rotate.set(name, rotator.value)
      this.#rotators.set(name, isFailure(rotator) ? rotator : signatureOf(rotator.value, rotator.value.state))
    }
  }

  /** Makes all calls that have no answer yet, together. Whether there were any. */
  async answer(calls: readonly HostCall[], evaluated: readonly string[]): Promise<boolean> {
    const open = calls.filter((call) => !this.#results.has(call.id))
    const leaves = open.some((call) => this.#leaves(call))
    if (leaves || open.some(({ kind }) => kind === 'openRotator' || kind === 'rotate'))
      await this.#host.vouch?.(evaluated, { leaves })
    await Promise.all(open.map((call) => this.#call(call)))
    return open.length > 0
  }

  /** True when a call takes its inputs out of the evaluation, to somebody else. */
  #leaves(call: HostCall): boolean {
    if (call.kind === 'rotate') return this.#callable.rotate.get(call.provider)?.local !== true
    return call.kind === 'open'
  }

  async #call(call: HostCall): Promise<void> {
    switch (call.kind) {
      case 'unlock': {
        const unlock = present(this.#unlock.get(call.environment))
        const key = await this.#attempt(unlock)
        this.#decrypters.set(call.environment, isFailure(key) ? key : { decrypt: remembering(key.value) })
        return
      }
      case 'provider':
        return this.#loadProvider('open', call.name)
      case 'rotator':
        return this.#loadProvider('rotate', call.name)
      case 'open': {
        const provider = present(this.#callable.open.get(call.provider))
        const warnings: string[] = []
        const context = { ...call.context, warn: (text: string) => void warnings.push(text) }
        const opened = await this.#attempt(() => provider.open(call.inputs, context))
        this.#results.set(call.id, isFailure(opened) || warnings.length === 0 ? opened : { ...opened, warnings })
        return
      }
      case 'openRotator': {
        const rotator = present(this.#callable.rotate.get(call.provider))
        this.#results.set(call.id, await this.#attempt(() => rotator.open(call.inputs, call.state, call.context)))
        return
      }
      case 'rotate': {
        const rotator = present(this.#callable.rotate.get(call.provider))
        this.#rotated.push(call)
        const rotated = await this.#attempt(() => rotator.rotate(call.inputs, call.state, call.context))
        this.#results.set(call.id, rotated)
        if (!isFailure(rotated)) await this.#openRotated(rotator, call, rotated.value)
      }
    }
  }

  /** Asks for the call of the next round: the credential that the new state stands for. */
  async #openRotated(rotator: EvaluatorRotator, call: RotatorCall, rotated: ExportedValue): Promise<void> {
    const { inputs, context } = call
    const state = mapOf(rotated) ?? call.state
    const id = callId('openRotator', context.currentEnvironment, context.path)
    this.#results.set(id, await this.#attempt(() => rotator.open(inputs, state, context)))
  }

  async #attempt<T>(task: () => Promise<T>): Promise<{ readonly value: T } | Failure> {
    return this.#limit(async () => {
      try {
        return { value: await task() }
      } catch (error) {
        return failureOf(error)
      }
    })
  }

  /**
   * Rotations that were made although the last round did not come to them. It should not happen; a
   * credential is never lost to it.
   */
  unreported(reported: readonly RotationOutcome[]): readonly RotationOutcome[] {
    const known = new Set(reported.filter(({ status }) => status !== 'not-evaluated').map(({ path }) => path))
    return this.#rotated.flatMap((call): RotationOutcome[] => {
      const answer = this.#results.get(call.id)
      const { path } = call.context
      if (answer === undefined || known.has(path)) return []
      if (isFailure(answer))
        return [{ path, status: 'failed', diagnostics: [{ severity: 'error', summary: answer.error, path }] }]
      const patch = { docPath: call.statePath, replacement: answer.value }
      return [{ path, status: 'succeeded', diagnostics: [], patch }]
    })
  }
}

/** Decrypts what it is given once: each round is given the same ciphertexts. */
function remembering(decrypt: Decrypt): Decrypt {
  const plaintexts = new Map<Uint8Array, string>()
  return (ciphertext) => {
    let plaintext = plaintexts.get(ciphertext)
    if (plaintext === undefined) {
      plaintext = decrypt(ciphertext)
      plaintexts.set(ciphertext, plaintext)
    }
    return plaintext
  }
}

function signatureOf(declared: { readonly inputs: Schema; readonly outputs: Schema }, state?: Schema): Signature {
  const compile = (schema: Schema): Schema | Failure => {
    try {
      return compileSchema(schema, { declared: true })
    } catch (error) {
      return failureOf(error)
    }
  }
  const compiledState = compile(state ?? true)
  return { inputs: compile(declared.inputs), outputs: compile(declared.outputs), state: orNull(compiledState) }
}

/** A state may be absent. `any` accepts that already, and exactly one alternative must. */
function orNull(state: Schema | Failure): Schema | Failure {
  if (typeof state !== 'object') return state === true ? true : nullSchema
  return isFailure(state) ? state : markUnion({ oneOf: [state, nullSchema] }, [state])
}
