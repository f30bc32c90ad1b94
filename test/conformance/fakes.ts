import { setTimeout as delay } from 'node:timers/promises'
import type {
  Decrypt,
  EvaluationHost,
  EvaluatorProvider,
  EvaluatorRotator,
  ExportedMap,
  ExportedValue,
  LoadedEnvironment,
} from '../../src/evaluate/index.ts'
import { JsonNumber } from '../../src/json.ts'
import { arrayOf, record, type Schema, tuple } from '../../src/schema/index.ts'
import { quote } from '../../src/yaml/index.ts'

/** The cipher of the recorded cases: each byte plus 128. Encryption and decryption are the same. */
export function rot128(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte + 128) % 256)
}

export const decrypt: Decrypt = (ciphertext) => new TextDecoder().decode(rot128(ciphertext))

const zero = { line: 0, column: 0, byte: 0 }
const trace = { def: { begin: zero, end: zero } }

export const executionContext: ExportedMap = {
  pulumi: { value: { user: { value: { id: { value: 'USER_123', trace } }, trace } }, trace },
}

const string = { type: 'string' } as const
const number = { type: 'number' } as const

const tableSchema: Schema = {
  $defs: { defRecord: record({ baz: { ...string, const: 'qux' } }) },
  type: 'object',
  properties: {
    null: { type: 'null' },
    boolean: { type: 'boolean' },
    false: { type: 'boolean', const: false },
    true: { type: 'boolean', const: true },
    number,
    pi: { ...number, const: new JsonNumber('3.14') },
    string,
    hello: { ...string, const: 'hello' },
    array: arrayOf(true),
    tuple: tuple([
      { ...string, const: 'hello' },
      { ...string, const: 'world' },
    ]),
    map: { type: 'object', additionalProperties: true },
    record: record({ foo: string }),
    anyOf: { anyOf: [string, number] },
    oneOf: { oneOf: [string, number] },
    ref: { $ref: '#/$defs/defRecord' },
    'const-array': { type: 'array', const: ['hello', new JsonNumber('42')] },
    'const-object': { type: 'object', const: { hello: 'world' } },
    enum: { ...string, enum: ['foo', 'bar'] },
    never: false,
    always: true,
    double: tuple([string, number]),
    triple: tuple([string, number, { type: 'boolean' }]),
    dependentReq: { type: 'object', properties: { foo: string, bar: number }, dependentRequired: { foo: ['bar'] } },
    multiple: { ...number, multipleOf: 2 },
    minimum: { ...number, minimum: 1 },
    exclusiveMinimum: { ...number, exclusiveMinimum: 1 },
    maximum: { ...number, maximum: 1 },
    exclusiveMaximum: { ...number, exclusiveMaximum: 1 },
    minLength: { ...string, minLength: 1 },
    maxLength: { ...string, maxLength: 1 },
    pattern: { ...string, pattern: '^foo[0-9]+$' },
    minItems: { type: 'array', minItems: 3 },
    maxItems: { type: 'array', maxItems: 2 },
    minProperties: { type: 'object', minProperties: 1 },
    maxProperties: { type: 'object', maxProperties: 1 },
  },
}

export interface Delays {
  readonly openMs?: number
  readonly loadMs?: number
}

function providers(delays: Delays): Record<string, EvaluatorProvider> {
  return {
    test: { inputs: true, outputs: true, open: async (inputs) => ({ value: inputs, trace }) },
    'secret-wrapper': { inputs: true, outputs: true, open: async (inputs) => ({ value: inputs, secret: true, trace }) },
    error: {
      inputs: record({ why: string }),
      outputs: true,
      open: async (inputs) => {
        throw new Error(String(inputs.why!.value))
      },
    },
    schema: { inputs: tableSchema, outputs: tableSchema, open: async (inputs) => ({ value: inputs, trace }) },
    bench: {
      inputs: true,
      outputs: true,
      open: async () => {
        if (delays.openMs) await delay(delays.openMs)
        return { value: delays.openMs ? `${delays.openMs}ms` : '0s', trace }
      },
    },
  }
}

const swapState = record({ a: string, b: string })
const echoState: Schema = { type: 'object', properties: { current: string, previous: string }, required: ['current'] }
const none: ExportedValue = { trace }

const rotators: Record<string, EvaluatorRotator> = {
  swap: {
    inputs: true,
    state: swapState,
    outputs: swapState,
    open: async (_inputs, state) => ({ value: state ?? {}, trace }),
    rotate: async (_inputs, state) => ({ value: { a: state?.b ?? none, b: state?.a ?? none }, trace }),
  },
  echo: {
    inputs: { type: 'object', properties: { next: string }, required: ['next'], rotateOnly: ['next'] },
    state: echoState,
    outputs: echoState,
    open: async (inputs, state) => {
      const next = inputs.next
      if (next && !next.unknown && next.value !== state?.current?.value)
        throw new Error('oh no! inputs were evaluated outside of rotation')
      return { value: state ?? {}, trace }
    },
    rotate: async (inputs, state) => {
      const next = inputs.next!
      if (next.unknown) throw new Error('oh no! rotateOnly inputs were not evaluated during rotation')
      return { value: { current: next, previous: state?.current ?? none }, trace }
    },
  },
}

/** The world of the recorded cases. `read` gives the text of an environment or throws. */
export function fakeWorld(read: (name: string) => string, delays: Delays = {}): EvaluationHost {
  const known = providers(delays)
  return {
    async load(name): Promise<LoadedEnvironment> {
      if (delays.loadMs) await delay(delays.loadMs)
      return { text: read(name), unlock: async () => decrypt }
    },
    async provider(name) {
      if (!Object.hasOwn(known, name)) throw new Error(`unknown provider ${quote(name)}`)
      return known[name]!
    },
    async rotator(name) {
      if (!Object.hasOwn(rotators, name)) throw new Error(`unknown rotator ${quote(name)}`)
      return rotators[name]!
    },
  }
}
