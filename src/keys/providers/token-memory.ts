import type { KeyNetwork } from '../network.ts'
import type { KeyContext } from '../provider.ts'

/** An access token. It is kept in memory only. */
export interface AccessToken {
  readonly text: string
  readonly lifeSeconds: number
}

interface Kept {
  readonly token: Promise<AccessToken>
  /** In milliseconds since 1970. */
  expiresAt: number
}

/** By context, so that what one process learned for one user is not used for another. */
const memories = new WeakMap<KeyContext, Map<string, Kept>>()

/**
 * Asks for a token once for all environments of a process, and again a minute before it
 * expires or after a failure.
 */
export async function remembered(
  context: KeyContext,
  name: string,
  network: KeyNetwork,
  ask: () => Promise<AccessToken>,
): Promise<string> {
  const memory = memories.get(context) ?? new Map<string, Kept>()
  memories.set(context, memory)
  let kept = memory.get(name)
  if (kept === undefined || kept.expiresAt <= network.now().getTime()) {
    const mine: Kept = { token: ask(), expiresAt: Number.POSITIVE_INFINITY }
    kept = mine
    memory.set(name, mine)
    mine.token.then(
      ({ lifeSeconds }) => {
        const seconds = Number.isFinite(lifeSeconds) ? lifeSeconds - 60 : 0
        mine.expiresAt = network.now().getTime() + 1000 * seconds
      },
      () => memory.delete(name),
    )
  }
  return (await kept.token).text
}
