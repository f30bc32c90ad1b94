// Bundled by itself and loaded when a data key is first wrapped or unwrapped for age recipients.
export { Decrypter, Encrypter, identityToRecipient } from 'age-encryption'
