// Bundled by itself and loaded when a rotation first talks to AWS.
export {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  GetUserCommand,
  IAMClient,
  ListAccessKeysCommand,
} from '@aws-sdk/client-iam'
export { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
