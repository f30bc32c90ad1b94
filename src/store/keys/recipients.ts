import { type KeyContext, type KeyOwner, keyHolders } from '../../keys/index.ts'

/**
 * The age recipients that a secrets provider names, itself or in a file. Empty: it names
 * none, or they cannot be read.
 */
export function recipientsOf(secretsProvider: string, context: KeyContext, owner: KeyOwner): string[] {
  try {
    const holders = keyHolders(secretsProvider, undefined, { context, owner })
    return holders.kind === 'recipients' ? holders.recipients.map(({ recipient }) => recipient) : []
  } catch {
    return []
  }
}
