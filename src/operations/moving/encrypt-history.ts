import { EscError, messageOf } from '../../errors.ts'
import type { DataKey } from '../../keys/index.ts'
import { decryptDefinition, encryptDefinition } from '../../language/index.ts'
import { again, rich } from '../../rich-text.ts'
import type { RemoteText } from './remote-history.ts'

/** Definitions from elsewhere, and the key that they are encrypted under here. */
export interface EncryptedHistory {
  /** Project and name. */
  readonly name: string
  readonly key: DataKey
  readonly texts: readonly RemoteText[]
}

/**
 * The definitions with their secrets encrypted under the key. A secret that a revision shares with
 * the one before it keeps its ciphertext, so that differences stay small.
 *
 * @throws EscError `invalid_definition` for a text in which not every secret can be found, since
 *   one could be stored in the clear; `tampered` for ciphertext, which nobody here could decrypt.
 */
export function encryptHistory({ name, key, texts }: EncryptedHistory): readonly string[] {
  let before = new Map<string, Uint8Array>()
  return texts.map(({ number, plaintext }) => {
    if (plaintext === undefined) return `# Revision ${number} is retracted. It was not there to be imported.\n`
    const now = new Map<string, Uint8Array>()
    try {
      const definition = encryptDefinition(name, plaintext, (secret, path) => {
        const identity = `${path}\0${secret}`
        const ciphertext = before.get(identity) ?? key.encrypt(secret)
        now.set(identity, ciphertext)
        return ciphertext
      })
      // What the server has left encrypted is under a key of its own.
      decryptDefinition(name, definition, (ciphertext) => key.decrypt(ciphertext))
      before = now
      return definition
    } catch (error) {
      throw unusable(name, number, error)
    }
  })
}

function unusable(name: string, number: number, error: unknown): EscError {
  const hint = rich`correct it at the source; or, if it is an old revision, give ${again('no-history')}`
  const code = error instanceof EscError ? error.code : 'invalid_definition'
  return new EscError(code, `revision ${number} of '${name}' cannot be imported: ${messageOf(error)}`, {
    hint,
    cause: error,
  })
}
