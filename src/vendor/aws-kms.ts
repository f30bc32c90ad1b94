// Bundled by itself and loaded when a data key is first wrapped or unwrapped by AWS KMS.
export { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms'
export {
  AssumeRoleCommand,
  getDefaultRoleAssumer,
  getDefaultRoleAssumerWithWebIdentity,
  STSClient,
} from '@aws-sdk/client-sts'
export { defaultProvider } from '@aws-sdk/credential-provider-node'
export { loadSharedConfigFiles } from '@smithy/core/config'
