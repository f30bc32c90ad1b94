import { reencryptDefinition } from '../../language/index.ts'
import type { Reencrypt } from '../../store/index.ts'

/** Every ciphertext of a definition under another key; no other byte changes. */
export const reencrypt: Reencrypt = (definition, { decrypt, encrypt }) =>
  reencryptDefinition('definition', definition, (ciphertext) => encrypt(decrypt(ciphertext)))
