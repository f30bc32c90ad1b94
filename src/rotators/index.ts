import { EscError } from '../errors.ts'
import { present } from '../present.ts'
import { unknownNameHint } from '../suggestion.ts'
import type { Rotator } from './rotator.ts'

export type {
  CredentialCheck,
  Plan,
  PlanStep,
  Reconciled,
  RotationRequest,
  Rotator,
  RotatorContext,
  SharedResources,
} from './rotator.ts'

// Each rotator is loaded when it is first named, and its vendor's SDK only when it rotates:
// `open` pays for neither.
const loaders: Readonly<Record<string, () => Promise<unknown>>> = {
  'aws-iam': async () => (await import('./issued/aws-iam/index.ts')).awsIam,
  'azure-app-secret': async () => (await import('./issued/azure-app-secret.ts')).azureAppSecret,
  external: async () => (await import('./external/index.ts')).external,
  'gcp-service-account-key': async () => (await import('./issued/gcp-service-account-key.ts')).gcpServiceAccountKey,
  'http-issued': async () => (await import('./issued/http-issued/index.ts')).httpIssued,
  'kubernetes-service-account-token': async () => (await import('./issued/kubernetes-token/index.ts')).kubernetesToken,
  'ldap-password': async () => (await import('./chosen/ldap-password/index.ts')).ldapPassword,
  mysql: async () => (await import('./pair/mysql.ts')).mysql,
  'mysql-dual': async () => (await import('./chosen/mysql-dual/index.ts')).mysqlDual,
  'openai-admin-key': async () => (await import('./issued/openai.ts')).openAiAdminKey,
  'openai-api-key': async () => (await import('./issued/openai.ts')).openAiApiKey,
  passphrase: async () => (await import('./generated/passphrase.ts')).passphrase,
  password: async () => (await import('./generated/password.ts')).password,
  postgres: async () => (await import('./pair/postgres/index.ts')).postgres,
  'redis-acl': async () => (await import('./chosen/redis-acl/index.ts')).redisAcl,
  'sendgrid-api-key': async () => (await import('./issued/sendgrid-api-key.ts')).sendGridApiKey,
  'snowflake-user': async () => (await import('./chosen/snowflake-user/index.ts')).snowflakeUser,
  'ssh-key': async () => (await import('./chosen/ssh-key/index.ts')).sshKey,
  'twilio-api-key': async () => (await import('./issued/twilio-api-key.ts')).twilioApiKey,
}

const anthropic =
  'the Admin API of Anthropic lists, renames and disables keys, and creates none: make them in the Claude Console, or use workload identity federation there, which needs no key'
const githubApp =
  'the API of GitHub creates and deletes no private keys of an app: make a second one in its settings, put it in place of the first, and delete that; `fn::open::gh-login` gives tokens of one hour'
const githubToken =
  'the API of GitHub creates no personal access tokens, and a token of an app ends after one hour by itself: get one whenever the environment is opened, with `fn::open::gh-login`'

/** Rotators that people look for, and the reason why there is none. */
const absent: Readonly<Record<string, string>> = {
  'anthropic-admin-key': anthropic,
  'anthropic-api-key': anthropic,
  'gh-pat': githubToken,
  'github-app': githubApp,
  'github-app-key': githubApp,
  'github-token': githubToken,
  mongodb:
    'no registry that the tests could take it from has a server of MongoDB, so its crash safety could not be tested: use `external` with an adapter of your own, or write a plugin',
  mssql:
    'there is no server of SQL Server that its crash safety could be tested against: use `external` with an adapter of your own, or write a plugin',
}

/** In alphabetical order. */
export const rotatorNames: readonly string[] = Object.keys(loaders)

/** Returns the reason why there is no rotator of a name that people look for. */
export function absentRotator(name: string): string | undefined {
  return Object.hasOwn(absent, name) ? absent[name] : undefined
}

/** Throws `not_found` for a name nobody knows. */
export async function loadRotator(name: string): Promise<Rotator> {
  if (!Object.hasOwn(loaders, name)) {
    throw new EscError('not_found', `unknown rotator ${JSON.stringify(name)}`, {
      hint: absentRotator(name) ?? unknownNameHint(name, rotatorNames),
    })
  }
  // The schemas promise the shapes that each rotator's own type parameters spell out.
  return (await present(loaders[name])()) as Rotator
}
