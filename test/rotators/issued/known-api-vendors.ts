import type { PlainObject } from '../../../src/plain.ts'
import type { Rotator } from '../../../src/rotators/index.ts'
import type { ApiKey, KnownApiOptions } from '../../../src/rotators/issued/http-issued/known-api.ts'
import type { IssuedPending, IssuedPlan, IssuedState } from '../../../src/rotators/issued/kit/index.ts'
import { openAiAdminKeyRotator, openAiApiKeyRotator } from '../../../src/rotators/issued/openai.ts'
import { sendGridApiKeyRotator } from '../../../src/rotators/issued/sendgrid-api-key.ts'
import { secret } from '../../../src/secret.ts'
import { reroute } from '../../fakes/http-fake.ts'
import type { KeyRing } from '../../fakes/key-ring.ts'
import { FakeOpenAi } from '../../fakes/openai.ts'
import { FakeSendGrid } from '../../fakes/sendgrid.ts'
import type { VendorFake } from '../../fakes/vendor-fake.ts'
import type { IssuedVendor, Lag } from './issued-vendor.ts'

export async function openAiVendor(kind: 'admin' | 'project', lag: Lag = {}) {
  const fake = await new FakeOpenAi(kind, lag).start()
  const login = { adminKey: secret(fake.managingKey) }
  const inputs = { login, ...(kind === 'admin' ? { organization: fake.organization } : { project: fake.project }) }
  const rotator = kind === 'admin' ? openAiAdminKeyRotator : openAiApiKeyRotator
  return vendorOf({ fake, inputs, rotator, managingKey: fake.managingKey, logIn: 'log in' })
}

export async function sendGridVendor(lag: Lag = {}) {
  const fake = await new FakeSendGrid(lag).start()
  const inputs = { login: { apiKey: secret(fake.managingKey) }, scopes: ['mail.send'] }
  return vendorOf({ fake, inputs, rotator: sendGridApiKeyRotator, managingKey: fake.managingKey, logIn: 'scopes' })
}

interface Known<Inputs, Fake> {
  readonly fake: Fake
  readonly inputs: Inputs
  // biome-ignore lint/suspicious/noExplicitAny: each rotator has inputs of its own
  readonly rotator: (options: KnownApiOptions) => Rotator<any, IssuedState<ApiKey>, IssuedPending<ApiKey>, IssuedPlan>
  readonly managingKey: string
  readonly logIn: string
}

type RingFake = VendorFake & { unknownFor: number; unlistedFor: number; readonly ring: KeyRing }

function vendorOf<Inputs, Fake extends RingFake>({ fake, inputs, rotator, managingKey, logIn }: Known<Inputs, Fake>) {
  const then = '2020-01-01T00:00:00Z'
  const { ring } = fake
  return {
    fake,
    rotator: rotator({ fetch: reroute(fake.routes) }),
    inputs,
    create: 'create',
    remove: 'delete',
    list: 'list',
    recordsBefore: false as const,
    isLogin: (action: string) => action === logIn,
    ids: () => ring.keys.map(({ id }) => id),
    idOf: ({ id }: ApiKey) => id,
    holds: ({ id, apiKey }: ApiKey) => ring.keys.some((key) => key.id === id && key.secret === apiKey.reveal()),
    add(): ApiKey {
      const { id, secret: text } = ring.add({ createdAt: new Date(then) })
      return { id, apiKey: secret(text), createdAt: then }
    },
    addLost: (mark: string, at: Date) => void ring.add({ name: `esc ${mark}`, createdAt: at, unlistedFor: 2 }),
    drop(id: string) {
      ring.keys.splice(
        ring.keys.findIndex((key) => key.id === id),
        1,
      )
    },
    secrets: () => [managingKey, ...ring.keys.map((key) => key.secret)],
    stop: () => fake.stop(),
  } satisfies IssuedVendor<Inputs, ApiKey> & Record<string, unknown>
}

/** As `issuedVendors`, which has them too. */
export const knownApiVendors: Readonly<Record<string, (lag?: Lag) => Promise<IssuedVendor>>> = {
  'openai-api-key': async (lag) => (await openAiVendor('project', lag)) as unknown as IssuedVendor<PlainObject>,
  'openai-admin-key': async (lag) => (await openAiVendor('admin', lag)) as unknown as IssuedVendor<PlainObject>,
  'sendgrid-api-key': async (lag) => (await sendGridVendor(lag)) as unknown as IssuedVendor<PlainObject>,
}
