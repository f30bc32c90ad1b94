import type { KubernetesToken, KubernetesTokenInputs } from '../../../src/rotators/issued/kubernetes-token/index.ts'
import { kubernetesTokenRotator } from '../../../src/rotators/issued/kubernetes-token/index.ts'
import { secret } from '../../../src/secret.ts'
import { adapterCertificate, adapterKey } from '../../fakes/adapter-certificate.ts'
import { FakeKubernetes } from '../../fakes/kubernetes-tokens.ts'
import type { IssuedVendor, Lag } from './issued-vendor.ts'
import { onLoopback } from './on-loopback.ts'

/**
 * `lifetimeInHours`: tokens that end by themselves; else those that the cluster puts into secrets.
 */
export async function kubernetesVendor(lag: Lag = {}, lifetimeInHours?: number) {
  const fake = await new FakeKubernetes({ cert: adapterCertificate, key: adapterKey }, lag).start()
  const then = '2020-01-01T00:00:00Z'
  const bound = lifetimeInHours !== undefined
  const inputs: KubernetesTokenInputs = {
    server: fake.url,
    login: { token: secret(fake.manager) },
    namespace: fake.namespace,
    serviceAccount: fake.account,
    tls: { ca: adapterCertificate },
    ...(bound && { lifetimeInHours }),
  }
  const labels = { 'app.kubernetes.io/managed-by': 'esc' }
  return {
    fake,
    rotator: onLoopback(kubernetesTokenRotator()),
    inputs,
    create: 'create',
    remove: 'delete',
    list: 'list',
    recordsBefore: false as const,
    isLogin: (action: string) => action === 'log in',
    ids: () => fake.secrets.map(({ name }) => name),
    idOf: ({ secretName }: KubernetesToken) => secretName,
    holds: ({ secretName, token }: KubernetesToken) =>
      fake.secrets.some(
        ({ name, tokens }) => name === secretName && tokens.some(({ text }) => text === token.reveal()),
      ),
    add(): KubernetesToken {
      const made = fake.addSecret({ createdAt: new Date(then), labels, ...(bound && { type: 'Opaque' }) })
      if (bound)
        made.tokens.push({ text: `eyJ${made.uid}`, expiresAt: new Date(Date.now() + 3_600_000), unknownFor: 0 })
      return { secretName: made.name, token: secret(made.tokens[0]!.text), createdAt: then }
    },
    addLost(mark: string, at: Date) {
      const type = bound ? { type: 'Opaque' } : {}
      fake.addSecret({ name: `${fake.account}-${mark}`, createdAt: at, unlistedFor: 2, labels, ...type })
    },
    drop(id: string) {
      fake.secrets.splice(
        fake.secrets.findIndex(({ name }) => name === id),
        1,
      )
    },
    secrets: () => [fake.manager, ...fake.secrets.flatMap(({ tokens }) => tokens.map(({ text }) => text))],
    stop: () => fake.stop(),
  } satisfies IssuedVendor<KubernetesTokenInputs, KubernetesToken> & Record<string, unknown>
}
