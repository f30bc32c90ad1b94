import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { oidcKey, oidcKeySet } from '../../../src/keys/index.ts'
import { type AdapterNetwork, type ExternalInputs, externalRotator } from '../../../src/rotators/external/index.ts'
import type { Plan, Rotator, RotatorContext } from '../../../src/rotators/index.ts'
import { secret } from '../../../src/secret.ts'
import { adapterCertificate } from '../../fakes/adapter-certificate.ts'
import { FakeAdapter } from '../../fakes/external-adapter.ts'

const issuer = 'https://esc.example.org'
const folder = mkdtempSync(join(tmpdir(), 'esc-adapter-test-'))
after(() => rmSync(folder, { recursive: true }))

/** A user's adapter that trusts the key of this store. */
export async function startAdapter(network: AdapterNetwork = {}) {
  const fake = await new FakeAdapter().start()
  const keys = { env: {}, configFolder: folder, notify: () => {} }
  fake.trusted = { issuer, ...oidcKeySet(keys, new Date()) }
  const extras = {
    identity: {
      organization: 'acme',
      currentEnvironment: 'rotators/ci',
      rootEnvironment: 'rotators/ci',
      user: 'ann@example.org',
    },
    oidc: oidcKey(keys, { issuer }),
    network: { privateHosts: ['adapter.example.org'] },
  } satisfies Partial<RotatorContext>
  const lookup = async () => [{ address: '127.0.0.1', family: 4 }]
  const inputs: ExternalInputs = {
    url: `https://adapter.example.org:${fake.port}/rotate`,
    request: secret({ user: 'app', token: 'r3quest-canary' }),
  }
  return {
    fake,
    extras,
    inputs,
    rotator: withContext(externalRotator({ ca: adapterCertificate, lookup, ...network }), extras),
    stop: () => fake.stop(),
  }
}

/** As the engine hands it in: whatever context a test has, and what the rotator needs besides. */
export function withContext<Inputs, State extends object, Pending extends object, RotationPlan extends Plan>(
  rotator: Rotator<Inputs, State, Pending, RotationPlan>,
  extras: Partial<RotatorContext>,
): Rotator<Inputs, State, Pending, RotationPlan> {
  return {
    ...rotator,
    plan: (request, context) => rotator.plan(request, { ...context, ...extras }),
    rotate: (plan, request, stage, context) => rotator.rotate(plan, request, stage, { ...context, ...extras }),
    reconcile: (pending, request, context) => rotator.reconcile(pending, request, { ...context, ...extras }),
  }
}
