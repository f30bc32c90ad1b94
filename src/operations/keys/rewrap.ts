import { EscError, hintOf, messageOf } from '../../errors.ts'
import type { Text } from '../../rich-text.ts'
import { operation, storeOperation } from '../session/operation.ts'
import { visibleEnvironments } from '../session/permit.ts'
import { allowTypedProvider } from '../trust/typed-provider.ts'

/** The outcome for an environment whose data key was encrypted again. */
export interface RewrappedKey {
  readonly name: string
  readonly status: 'rewrapped'
  readonly from: string
  readonly to: string
}

/** The outcome for one environment. After `failed` it is as it was. */
export type Rewrapped =
  | RewrappedKey
  | {
      readonly name: string
      readonly status: 'failed'
      readonly code: string
      readonly error: string
      readonly hint?: Text | undefined
    }

interface RewrapRequest {
  /** Another URL of the same kind. Default: the present one. */
  readonly secretsProvider?: string
}

/**
 * Wraps the data key of an environment again, for the recipients or the key version of now. Throws
 * EscError `not_found`.
 */
export const rewrapKey = operation({
  name: 'rewrap-key',
  level: 'admin',
  audit: 'environment-key-rewrapped',
  input: (z) => z.strictObject({ secretsProvider: z.string().optional() }),
  async run(work, { secretsProvider }: RewrapRequest): Promise<RewrappedKey> {
    const { name } = work.subject
    const remember = await allowTypedProvider(work, secretsProvider)
    const done = await work.store.keys.rewrap(name, secretsProvider)
    await remember()
    return { name, status: 'rewrapped', ...done }
  },
  outcome: ({ from, to }) => ({ details: { from, to } }),
})

/**
 * Wraps the data keys of all environments that have one under a provider of lists or versions.
 * Those that fail keep no other from being done, and are in the result.
 */
export const rewrapKeys = storeOperation({
  name: 'rewrap-keys',
  level: undefined,
  audit: 'environment-key-rewrapped',
  changes: true,
  async run(work, request: RewrapRequest): Promise<Rewrapped[]> {
    const rewrapped: Rewrapped[] = []
    for (const name of visibleEnvironments(work)) {
      try {
        if (work.store.environment(name).settings.wrappedDataKey === undefined) continue
        work.host.progress?.(`wrapping the key of ${name}`)
        rewrapped.push(await work.perform(rewrapKey, work.reference(name), request))
      } catch (error) {
        if (!(error instanceof EscError)) throw error
        rewrapped.push({ name, status: 'failed', code: error.code, error: messageOf(error), hint: hintOf(error) })
      }
    }
    return rewrapped
  },
})
