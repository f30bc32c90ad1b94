import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { oidcKeySet } from '../../../src/keys/index.ts'
import type { User } from '../../crash-matrix/problems.ts'
import type { Opened } from '../../crash-matrix/subject.ts'
import { adapterCertificate } from '../../fakes/adapter-certificate.ts'
import { FakeAdapter } from '../../fakes/external-adapter.ts'
import { rotations, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'an adapter',
  async start() {
    const fake = await new FakeAdapter().start()
    const folder = mkdtempSync(join(tmpdir(), 'esc-matrix-'))
    const authority = join(folder, 'authority.pem')
    writeFileSync(authority, adapterCertificate)
    // The key that the program signs with is the one the adapter trusts.
    const issuer = 'https://esc.example.org'
    fake.trusted = { issuer, ...oidcKeySet({ env: {}, configFolder: folder, notify: () => {} }, new Date()) }
    return {
      inputs: { url: `https://adapter.example.org:${fake.port}/rotate`, request: { user: 'app' } },
      env: {
        ESC_CONFIG_HOME: folder,
        ESC_TEST_HOSTS: 'adapter.example.org',
        NODE_EXTRA_CA_CERTS: authority,
      },
      configuration: `oidc: {issuer: "${issuer}"}\nnetwork: {privateHosts: [adapter.example.org]}\n`,
      async problems(value: Opened<User> | undefined) {
        // The adapter keeps the last two, of which the newest must be ours.
        const newest = fake.valid.at(-1)
        const password = value?.current?.password
        const unknown = newest !== undefined && newest !== password ? ['the newest password'] : []
        const deleted = password !== undefined && !fake.valid.includes(password) ? ['current'] : []
        return { lost: [], unknown, deleted }
      },
      logIn: async ({ password }: User) => fake.valid.includes(password) || 'wrong password',
      async stop() {
        await fake.stop()
        rmSync(folder, { recursive: true })
      },
    }
  },
  badInputs: rotations({
    configuration: 'network: {privateHosts: [127.0.0.1]}\n',
    async start() {
      const fake = await new FakeAdapter().start()
      return {
        inputs: { url: `https://127.0.0.1:${fake.port}/rotate`, request: { user: 'app' } },
        held: async () => [fake.rotations, fake.calls.length],
        stop: () => fake.stop(),
      }
    },
    bad: {
      'no URL': without('url'),
      'a URL without TLS': { set: { url: 'http://127.0.0.1/rotate' }, says: ['must match the pattern', '^https://'] },
      'a URL that is none': {
        set: { url: 'https://' },
        says: ['`url` is not an https URL'],
        remedy: /adapter\.example\.org/,
      },
      'a URL with a password': {
        set: { url: 'https://a:canary-in-url@127.0.0.1/' },
        says: ['`url` holds a user name or password'],
        remedy: /signature/,
      },
      'a URL with a fragment': {
        set: { url: 'https://127.0.0.1/#a' },
        says: ['`url` holds a fragment'],
        remedy: /adapter\.example\.org/,
      },
      'a private address': { set: { url: 'https://10.0.0.1/rotate' }, says: ['10.0.0.1'], remedy: /privateHosts/ },
      'the address of the cloud': {
        set: { url: 'https://169.254.169.254/latest' },
        says: ['169.254.169.254'],
        remedy: /privateHosts/,
      },
      'a request that is not an object': { set: { request: 'rotate' }, says: ['expected object, got string'] },
      'a misspelt input': { set: { requests: {} }, says: ['unknown property "requests"', 'request'] },
      'a state that is none': { state: { current: 'x' }, says: ['expected object, got string'] },
    },
  }),
}
