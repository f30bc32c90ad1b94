import { FakeGoogle } from '../../fakes/gcp-kms.ts'
import { testSecretsProvider, unavailable } from '../contract.ts'
import type { Setup } from '../setup.ts'

testSecretsProvider({
  kind: 'gcpkms',
  remote: true,
  start: async (folder) => {
    const fake = await new FakeGoogle().start()
    const name = 'projects/p/locations/europe-west1/keyRings/r/cryptoKeys'
    fake.addKey(`${name}/app`)
    fake.addKey(`${name}/other`)
    const allowed = ['useToEncrypt', 'useToDecrypt']
    const { credentials } = fake.addAccount('esc@p.iam.gserviceaccount.com', allowed)
    const weak = fake.addAccount('weak@p.iam.gserviceaccount.com', ['useToEncrypt']).credentials
    const stranger = { ...JSON.parse(credentials), private_key: JSON.parse(weak).private_key }
    const setup = (env: Record<string, string>): Setup => ({ env, configFolder: folder, routes: fake.routes })
    const privateLine = (text: string) => (JSON.parse(text).private_key as string).split('\n')[3]!
    const url = `gcpkms://${name}/app?additional_authenticated_data=dGVhbQ`
    return {
      url,
      setup: setup({ GOOGLE_CREDENTIALS: credentials }),
      other: {
        url: `gcpkms://${name}/other?additional_authenticated_data=dGVhbQ`,
        message: /INVALID_ARGUMENT: Decryption failed/,
      },
      secrets: () => [privateLine(credentials), privateLine(weak), ...fake.issuedTokens],
      fake,
      rotate: () => fake.rotate(`${name}/app`),
      failures: {
        'no permission': {
          setup: setup({ GOOGLE_CREDENTIALS: weak }),
          ...unavailable,
          message: /PERMISSION_DENIED: Permission 'cloudkms\.cryptoKeyVersions\.useToDecrypt' denied/,
        },
        'no credentials': { setup: setup({}), ...unavailable, message: /no Google credentials are set/ },
        'credentials that are no JSON': {
          setup: setup({ GOOGLE_CREDENTIALS: '{' }),
          ...unavailable,
          message: /GOOGLE_CREDENTIALS is no JSON object/,
        },
        'a credentials file that is not there': {
          setup: setup({ GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/sa.json' }),
          ...unavailable,
          message: /there is no file \/nowhere\/sa\.json/,
        },
        'the key of another account': {
          setup: setup({ GOOGLE_CREDENTIALS: JSON.stringify(stranger) }),
          ...unavailable,
          message: /invalid_grant: Invalid JWT Signature/,
        },
        'no such key': { url: `gcpkms://${name}/none`, action: 'wrap', ...unavailable, message: /NOT_FOUND/ },
        'a disabled version': {
          cause: () => void fake.keys.get(`${name}/app`)!.disabled.add(1),
          ...unavailable,
          message: /FAILED_PRECONDITION: cryptoKeyVersions\/1 is not enabled/,
        },
        'other authenticated data': { url: `gcpkms://${name}/app`, code: 'tampered', message: /INVALID_ARGUMENT/ },
        'damage on the way': {
          cause: () => {
            fake.damages = true
          },
          code: 'provider_failed',
          message: /malformed answer/,
        },
      },
    }
  },
})
