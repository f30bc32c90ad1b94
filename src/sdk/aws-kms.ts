// Bundled by itself and loaded when a data key is first wrapped or unwrapped by AWS KMS.
export { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms'
export { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
