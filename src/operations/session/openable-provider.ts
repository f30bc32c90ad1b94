import {
  type EvaluatorProvider,
  type ExportedMap,
  type ExportedValue,
  fromPlain,
  mapToJson,
  type OpenContext,
  toPlain,
} from '../../evaluate/index.ts'
import { formatJson } from '../../json.ts'
import type { PlainObject } from '../../plain.ts'
import type { Provider, ProviderContext } from '../../providers/index.ts'
import type { Schema } from '../../schema/index.ts'

/** The results that calls of one evaluation came to, by what they asked for. */
export type SharedCalls = Map<string, { readonly result: Promise<ExportedValue>; readonly warnings: string[] }>

export interface ProviderCalls {
  readonly context: (call: OpenContext) => ProviderContext
  /** Surrounds each call that is made. Default: it is made. */
  readonly open?: (work: () => Promise<ExportedValue>) => Promise<ExportedValue>
  /** The shared calls of the evaluation that the calls are of. */
  readonly once: SharedCalls
}

/**
 * A provider as the evaluator calls it. What it throws tells none of the secrets that it was given;
 * of a `shareable` one, calls that ask for the same in the same environment are one.
 */
export function openableProvider(
  provider: Provider,
  { context, once, open = (work) => work() }: ProviderCalls,
): EvaluatorProvider {
  const { name, inputs: schema, outputs, shareable } = provider
  const call = (inputs: ExportedMap, about: OpenContext) =>
    open(() =>
      masked([inputs], async () => fromPlain(await provider.open(plainInputs(inputs, schema), context(about)))),
    )
  return {
    inputs: schema,
    outputs,
    async open(inputs, about) {
      if (shareable !== true) return call(inputs, about)
      const asked = formatJson(mapToJson(inputs, { redact: false }))
      const key = JSON.stringify([name, about.currentEnvironment, about.rootEnvironment, asked])
      let shared = once.get(key)
      if (shared === undefined) {
        const warnings: string[] = []
        shared = { result: call(inputs, { ...about, warn: (text) => void warnings.push(text) }), warnings }
        once.set(key, shared)
      }
      try {
        return await shared.result
      } finally {
        for (const each of shared.warnings) about.warn(each)
      }
    },
  }
}

/**
 * Runs work of a provider or rotator; what it throws tells none of the secrets that it was given.
 */
export async function masked<T>(given: readonly (ExportedMap | undefined)[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { maskedError } = await import('./masked-error.ts')
    throw maskedError(error, given)
  }
}

const NOWHERE = { line: 0, column: 0, byte: 0 }

/**
 * Returns the values that a schema describes, out of the evaluation: secrets as the schema marks
 * them.
 */
export function plainInputs(inputs: ExportedMap, schema: Schema): PlainObject {
  return toPlain({ value: inputs, trace: { def: { begin: NOWHERE, end: NOWHERE } } }, schema) as PlainObject
}
