import {
  type Evaluation,
  type EvaluationHost,
  type EvaluationOptions,
  type EvaluationRequest,
  type EvaluatorProvider,
  type EvaluatorRotator,
  type ExportedMap,
  type ExportedValue,
  evaluateEnvironment,
  fromPlain,
  mapToJson,
} from '../../src/evaluate/index.ts'
import { formatJson } from '../../src/json.ts'
import { encodeEnvelope } from '../../src/language/index.ts'
import type { Plain } from '../../src/plain.ts'
import type { Schema } from '../../src/schema/index.ts'

const trace = { def: { begin: { line: 0, column: 0, byte: 0 }, end: { line: 0, column: 0, byte: 0 } } }

/**
 * A `fn::secret` with ciphertext, in flow style. The "cipher" writes the environment's name before
 * the plaintext.
 */
export function sealed(environment: string, plaintext: string): string {
  return `{fn::secret: {ciphertext: ${encodeEnvelope(new TextEncoder().encode(`${environment}|${plaintext}`))}}}`
}

/** A world that notes every call, in order. */
export class TestWorld implements EvaluationHost {
  readonly calls: string[] = []
  readonly files: Readonly<Record<string, string>>
  readonly providers: Record<string, EvaluatorProvider> = {}
  readonly rotators: Record<string, EvaluatorRotator> = {}
  /** Environments whose key cannot be had. */
  readonly locked = new Set<string>()
  running = 0
  mostRunning = 0

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.files = files
    this.addProvider('echo', async (inputs) => ({ value: inputs, trace }))
  }

  addProvider(
    name: string,
    open: (inputs: ExportedMap) => Promise<ExportedValue>,
    types: { inputs?: Schema; outputs?: Schema } = {},
  ): this {
    this.providers[name] = {
      inputs: types.inputs ?? true,
      outputs: types.outputs ?? true,
      open: (inputs, { currentEnvironment, path }) =>
        this.#noted(`open ${currentEnvironment} ${path} ${show(inputs)}`, () => open(inputs)),
    }
    return this
  }

  /** A rotator whose new state is computed from inputs and old state; it opens as its state. */
  addRotator(
    name: string,
    types: { inputs?: Schema; state?: Schema },
    rotate: (inputs: ExportedMap, state: ExportedMap | undefined) => Plain,
  ): this {
    this.rotators[name] = {
      inputs: types.inputs ?? true,
      state: types.state ?? true,
      outputs: true,
      open: (_inputs, state, { path }) =>
        this.#noted(`openRotator ${path} ${show(state)}`, async () => ({ value: state ?? {}, trace })),
      rotate: (inputs, state, { path }) =>
        this.#noted(`rotate ${path} ${show(inputs)} ${show(state)}`, async () => fromPlain(rotate(inputs, state))),
    }
    return this
  }

  async #noted<T>(call: string, make: () => Promise<T>): Promise<T> {
    this.calls.push(call)
    this.running++
    this.mostRunning = Math.max(this.mostRunning, this.running)
    try {
      await new Promise((resolve) => setImmediate(resolve))
      return await make()
    } finally {
      this.running--
    }
  }

  async load(name: string) {
    return this.#noted(`load ${name}`, async () => {
      const text = Object.hasOwn(this.files, name) ? this.files[name] : undefined
      if (text === undefined) throw new Error(`no environment ${name}`)
      return { text, unlock: () => this.unlock(name) }
    })
  }

  unlock(name: string) {
    return this.#noted(`unlock ${name}`, async () => {
      if (this.locked.has(name)) throw new Error(`no key for ${name}`)
      return (ciphertext: Uint8Array) => {
        const [owner, ...rest] = new TextDecoder().decode(ciphertext).split('|')
        if (owner !== name) throw new Error(`sealed for ${owner}`)
        return rest.join('|')
      }
    })
  }

  async provider(name: string) {
    const provider = this.providers[name]
    if (provider === undefined) throw new Error(`unknown provider "${name}"`)
    return provider
  }

  async rotator(name: string) {
    const rotator = this.rotators[name]
    if (rotator === undefined) throw new Error(`unknown rotator "${name}"`)
    return rotator
  }

  evaluate(
    text: string,
    request: Partial<EvaluationRequest> = {},
    options: EvaluationOptions = {},
  ): Promise<Evaluation> {
    return evaluateEnvironment(
      { name: 'root', text, mode: 'open', unlock: () => this.unlock('root'), ...request },
      this,
      options,
    )
  }
}

function show(map: ExportedMap | undefined): string {
  return map === undefined ? 'none' : formatJson(mapToJson(map, { redact: false }))
}

/** An evaluation's values as compact JSON, redacted or not. */
export function valuesOf({ environment }: Evaluation, redact = false): string {
  return formatJson(mapToJson(environment?.properties ?? {}, { redact }))
}

export function summariesOf({ diagnostics }: Evaluation): string[] {
  return diagnostics.map(({ summary, range }) =>
    range ? `${range.begin.line}:${range.begin.column} ${summary}` : summary,
  )
}
