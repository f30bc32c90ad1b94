export { configFolder } from './config-folder.ts'
export type { KeyOwner } from './data-key.ts'
export { DataKey } from './data-key.ts'
export {
  type DotenvxKey,
  isDotenvxCiphertext,
  type OpenDotenvxKey,
  openDotenvxKeys,
} from './dotenvx-file.ts'
export { type KeyHolders, keyHolders } from './key-holders.ts'
export { unknownKeyHost } from './key-hosts.ts'
export { verifyChange } from './key-signature.ts'
export { keyTexts } from './key-texts.ts'
export { makeDataKey, type NewKey } from './new-key.ts'
export type { JsonWebKeySet, OidcKey } from './oidc-key.ts'
export { oidcKey, oidcKeySet } from './oidc-key.ts'
export type { OidcKeyContext, OidcKeyUse } from './oidc-key-file.ts'
export { makeOidcKey, type OidcKeys, oidcKeys, prepareOidcKey, rotateOidcKey } from './oidc-key-rotation.ts'
export type { KeyContext, KeyHost } from './provider.ts'
export { type OwnIdentity, ownIdentity } from './providers/age-own-identity.ts'
export { recipientProblem } from './providers/age-recipient.ts'
export type { PulumiSecrets } from './pulumi-stack.ts'
export {
  makePulumiPassphrase,
  makePulumiProvider,
  openPulumiPassphrase,
  openPulumiProvider,
  openPulumiSecrets,
} from './pulumi-stack.ts'
export { recipientsFile } from './recipients-file.ts'
export {
  isRemoteProvider,
  openSecretsProvider,
  rewrapDataKey,
  secretsProviderKind,
  tryProvider,
} from './secrets-provider.ts'
export type { SopsPlaintext } from './sops-file.ts'
export { decryptSops, isSopsCiphertext, openSopsDataKey } from './sops-file.ts'
export { storageToken } from './storage-token.ts'
