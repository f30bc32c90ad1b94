import { azureAppSecretRotator } from '../../../src/rotators/issued/azure-app-secret.ts'
import { gcpServiceAccountKeyRotator } from '../../../src/rotators/issued/gcp-service-account-key.ts'
import { type HttpIssuedInputs, httpIssuedRotator } from '../../../src/rotators/issued/http-issued/index.ts'
import { twilioApiKeyRotator } from '../../../src/rotators/issued/twilio-api-key.ts'
import { secret } from '../../../src/secret.ts'
import { FakeAdminApi } from '../../fakes/admin-api.ts'
import { type FakeApplication, FakeGraph } from '../../fakes/azure-graph.ts'
import { FakeGcpIam, type FakeServiceAccount } from '../../fakes/gcp-iam.ts'
import { reroute } from '../../fakes/http-fake.ts'
import { FakeTwilio } from '../../fakes/twilio.ts'
import type { IssuedVendor, Lag } from './issued-vendor.ts'
import { knownApiVendors } from './known-api-vendors.ts'
import { kubernetesVendor } from './kubernetes-vendor.ts'
import { onLoopback } from './on-loopback.ts'

const then = '2020-01-01T00:00:00Z'

export async function azureVendor(lag: Lag = {}) {
  const fake = await new FakeGraph(lag).start()
  const manager = fake.addApplication(['Application.ReadWrite.OwnedBy'])
  const managerPassword = fake.addPassword(manager)
  const application: FakeApplication = fake.addApplication()
  manager.owns = [application.appId]
  const vendor = {
    fake,
    manager,
    managerPassword,
    application,
    rotator: azureAppSecretRotator({ fetch: reroute(fake.routes) }),
    inputs: {
      login: { clientId: manager.appId, tenantId: fake.tenant, clientSecret: secret(managerPassword.secretText) },
      clientId: application.appId,
    },
    create: 'addPassword',
    remove: 'removePassword',
    list: 'list',
    isLogin: (action: string) => action === `token ${application.appId}`,
    ids: () => application.passwords.map(({ keyId }) => keyId),
    idOf: ({ secretId }) => secretId,
    holds: ({ secretId, secretValue }) =>
      application.passwords.some(({ keyId, secretText }) => keyId === secretId && secretText === secretValue.reveal()),
    add() {
      const { keyId, secretText } = fake.addPassword(application)
      return { secretId: keyId, secretValue: secret(secretText), createdAt: then }
    },
    addLost(mark: string, at: Date) {
      fake.addPassword(application, { displayName: mark, startDateTime: at.toISOString(), unlistedFor: 2 })
    },
    drop: (id: string) => void remove(application.passwords, ({ keyId }) => keyId === id),
    secrets: () => [
      managerPassword.secretText,
      ...application.passwords.map(({ secretText }) => secretText),
      ...fake.issuedTokens,
    ],
    stop: () => fake.stop(),
  } satisfies IssuedVendor<
    import('../../../src/rotators/issued/azure-app-secret.ts').AzureAppSecretInputs,
    import('../../../src/rotators/issued/azure-app-secret.ts').AzureAppSecret
  > &
    Record<string, unknown>
  return vendor
}

export async function gcpVendor(lag: Lag = {}) {
  const fake = await new FakeGcpIam(lag).start()
  const account: FakeServiceAccount = fake.addAccount('app@my-proj.iam.gserviceaccount.com')
  const token = fake.addToken(['list', 'create', 'delete'].map((verb) => `iam.serviceAccountKeys.${verb}`))
  const vendor = {
    fake,
    account,
    token,
    rotator: gcpServiceAccountKeyRotator({ fetch: reroute(fake.routes) }),
    inputs: {
      login: { project: 123456789012, accessToken: secret(token), tokenType: 'Bearer' },
      serviceAccount: account.email,
    },
    create: 'create',
    remove: 'delete',
    list: 'list',
    isLogin: (action: string) => action === 'token',
    ids: () => account.keys.map(({ keyId }) => keyId),
    idOf: ({ keyId }) => keyId,
    holds: ({ keyId, credentials }) =>
      account.keys.some((key) => key.keyId === keyId && key.credentials === credentials.reveal()),
    add() {
      const { keyId, credentials } = fake.addKey(account, { createdAt: new Date(then) })
      return { keyId, credentials: secret(credentials), createdAt: then }
    },
    addLost(_mark: string, at: Date) {
      fake.addKey(account, { createdAt: at, unlistedFor: 2 })
    },
    drop: (id: string) => void remove(account.keys, ({ keyId }) => keyId === id),
    secrets: () => [
      token,
      ...account.keys.flatMap(({ credentials }) => [credentials, JSON.parse(credentials).private_key as string]),
    ],
    stop: () => fake.stop(),
  } satisfies IssuedVendor<
    import('../../../src/rotators/issued/gcp-service-account-key.ts').GcpKeyInputs,
    import('../../../src/rotators/issued/gcp-service-account-key.ts').GcpKey
  > &
    Record<string, unknown>
  return vendor
}

export async function twilioVendor(lag: Lag = {}, keyType: 'standard' | 'restricted' = 'standard') {
  const fake = await new FakeTwilio(lag).start()
  const restricted = keyType === 'restricted'
  const policy = { allow: ['/twilio/voice/calls/list'] }
  const vendor = {
    fake,
    rotator: twilioApiKeyRotator({ fetch: reroute(fake.routes) }),
    inputs: {
      login: { accountSid: fake.accountSid, authToken: secret(fake.authToken) },
      friendlyName: 'esc-prod',
      keyType,
      ...(restricted && { policy }),
    },
    create: restricted ? 'create v1' : 'create',
    remove: restricted ? 'delete v1' : 'delete',
    list: 'list',
    isLogin: (action: string) => action === 'messages',
    ids: () => fake.keys.map(({ sid }) => sid),
    idOf: ({ sid }) => sid,
    holds: (credential) =>
      fake.keys.some(({ sid, secret }) => sid === credential.sid && secret === credential.secret.reveal()),
    add() {
      const { sid, secret: text } = fake.addKey({ kind: keyType, ...(restricted && { policy }) })
      return { sid, secret: secret(text), createdAt: then }
    },
    addLost(mark: string, at: Date) {
      fake.addKey({ kind: keyType, friendlyName: `esc-prod ${mark}`, createdAt: at, unlistedFor: 2 })
    },
    drop: (id: string) => void remove(fake.keys, ({ sid }) => sid === id),
    secrets: () => [fake.authToken, ...fake.keys.map(({ secret }) => secret)],
    stop: () => fake.stop(),
  } satisfies IssuedVendor<
    import('../../../src/rotators/issued/twilio-api-key.ts').TwilioApiKeyInputs,
    import('../../../src/rotators/issued/twilio-api-key.ts').TwilioApiKey
  > &
    Record<string, unknown>
  return vendor
}

/**
 * `marked`: the API keeps names, by which what was lost is found; else the time at which it was
 * made has to do.
 */
export async function httpVendor(lag: Lag = {}, marked = true) {
  const fake = await new FakeAdminApi(lag).start()
  const name = marked ? 'esc-prod {{mark}}' : 'esc-prod'
  const inputs: HttpIssuedInputs = {
    url: fake.base,
    noun: 'API key',
    auth: { bearer: secret(fake.adminToken) },
    list: {
      path: 'service-keys',
      items: 'records',
      id: 'id',
      ...(marked ? { name: 'label' } : { createdAt: 'created_at' }),
      next: { cursor: 'last_record', parameter: 'starting_from', more: 'more_records' },
    },
    create: {
      path: 'service-keys',
      body: { label: name, scopes: ['mail.send'] },
      id: 'id',
      values: { key: 'plaintext' },
      createdAt: 'created_at',
    },
    delete: { path: 'service-keys/{{id}}' },
    verify: { path: 'whoami', auth: { bearer: '{{key}}' } },
    limit: { count: fake.limit, status: 409, code: 'key_limit_reached' },
  }
  const vendor = {
    fake,
    rotator: onLoopback(httpIssuedRotator()),
    inputs,
    create: 'create',
    remove: 'delete',
    list: 'list',
    ...(marked && { recordsBefore: false as const }),
    isLogin: (action: string) => action === 'log in',
    ids: () => fake.keys.map(({ id }) => id),
    idOf: ({ id }) => id,
    holds: ({ id, values }) => fake.keys.some((key) => key.id === id && key.secret === values.key?.reveal()),
    add() {
      const { id, secret: text } = fake.addKey({ createdAt: new Date(then) })
      return { id, values: { key: secret(text) }, createdAt: then }
    },
    addLost(mark: string, at: Date) {
      fake.addKey({ name: marked ? `esc-prod ${mark}` : 'esc-prod', createdAt: at, unlistedFor: 2 })
    },
    drop: (id: string) => void remove(fake.keys, (key) => key.id === id),
    secrets: () => [fake.adminToken, ...fake.keys.map(({ secret }) => secret)],
    stop: () => fake.stop(),
  } satisfies IssuedVendor<
    HttpIssuedInputs,
    import('../../../src/rotators/issued/http-issued/definition.ts').HttpCredential
  > &
    Record<string, unknown>
  return vendor
}

/** All of them. A vendor's own types matter to its own tests only. */
export const issuedVendors: Readonly<Record<string, (lag?: Lag) => Promise<IssuedVendor>>> = {
  'azure-app-secret': async (lag) => (await azureVendor(lag)) as unknown as IssuedVendor,
  'gcp-service-account-key': async (lag) => (await gcpVendor(lag)) as unknown as IssuedVendor,
  'kubernetes-service-account-token': async (lag) => (await kubernetesVendor(lag)) as unknown as IssuedVendor,
  'kubernetes-service-account-token, with an end': async (lag) =>
    (await kubernetesVendor(lag, 24)) as unknown as IssuedVendor,
  'http-issued': async (lag) => (await httpVendor(lag)) as unknown as IssuedVendor,
  'http-issued, without names': async (lag) => (await httpVendor(lag, false)) as unknown as IssuedVendor,
  ...knownApiVendors,
  'twilio-api-key': async (lag) => (await twilioVendor(lag)) as unknown as IssuedVendor,
  'twilio-api-key, restricted': async (lag) => (await twilioVendor(lag, 'restricted')) as unknown as IssuedVendor,
}

function remove<T>(list: T[], matches: (item: T) => boolean): void {
  const index = list.findIndex(matches)
  if (index >= 0) list.splice(index, 1)
}
