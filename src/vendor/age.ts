// Bundled by itself and loaded when a data key is first wrapped or unwrapped for age
// recipients, ours or of SOPS.
export { armor, Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption'
