import { EscError } from '../errors.ts'
import type { TlsOptions } from '../http/index.ts'
import type { SchemaObject } from '../schema/index.ts'
import type { Secret } from '../secret.ts'
import { dataIn, type KubeconfigContext, readKubeconfig, unusable } from './kubeconfig.ts'
import { execCredential } from './kubernetes-exec.ts'
import { machineOf } from './machine.ts'
import type { ClusterAccess, ProviderContext } from './provider.ts'
import { siteAddress } from './site-address.ts'
import { memberOf, textIn } from './vendor-call.ts'

const provider = 'kubernetes-secrets'

export type KubernetesLoginInputs = {
  readonly from?: string
  readonly kubeconfig?: Secret<string>
  readonly context?: string
  readonly server?: string
  readonly certificateAuthority?: string
  readonly token?: Secret<string>
  readonly clientCertificate?: string
  readonly clientKey?: Secret<string>
}

const secretText: SchemaObject = { type: 'string', secret: true }
const text: SchemaObject = { type: 'string', minLength: 1 }

function variant(properties: Readonly<Record<string, SchemaObject>>, required: readonly string[]): SchemaObject {
  return { type: 'object', additionalProperties: false, properties, required }
}

const cluster = {
  server: text,
  certificateAuthority: { ...text, description: 'PEM. Default: those that this machine trusts.' },
}

export const kubernetesLoginSchema: SchemaObject = {
  oneOf: [
    variant(
      {
        from: {
          ...text,
          description:
            'A kubeconfig of this machine, such as ~/.kube/config, or in-cluster: the service account of the pod.',
        },
        context: { ...text, description: 'Default: the current one of the kubeconfig.' },
      },
      ['from'],
    ),
    variant(
      {
        kubeconfig: { ...secretText, description: 'Its text, YAML or JSON. It names no files and no programs.' },
        context: text,
        token: { ...secretText, description: 'Logs in instead of the user of the context.' },
      },
      ['kubeconfig'],
    ),
    variant({ ...cluster, token: secretText }, ['server', 'token']),
    variant({ ...cluster, clientCertificate: text, clientKey: secretText }, [
      'server',
      'clientCertificate',
      'clientKey',
    ]),
  ],
}

/** A way to the API of a cluster. */
export interface ClusterLogin {
  /** Without a slash at its end. */
  readonly server: string
  readonly tls: TlsOptions
  readonly headers: Readonly<Record<string, string>>
  readonly hidden: readonly string[]
  /** The namespace of entries that name none. */
  readonly namespace: string
  /** The definition names the host; it is not one of the user's own. */
  readonly named?: true
}

/** Finds the way to a cluster. @throws EscError `invalid_input`, `untrusted`, `provider_failed`. */
export async function kubernetesLogin(inputs: KubernetesLoginInputs, context: ProviderContext): Promise<ClusterLogin> {
  const { from, kubeconfig, token, server, certificateAuthority: ca } = inputs
  if (from !== undefined) {
    const access = await (await machineOf(context, provider)).cluster(from)
    if (from === 'in-cluster') return ofPod(access, context)
    return ofKubeconfig(await readKubeconfig(access.kubeconfig, from, inputs.context), { named: from, access })
  }
  if (kubeconfig !== undefined) {
    const named = '`login.kubeconfig`'
    const found = await readKubeconfig(kubeconfig.reveal(), named, inputs.context)
    return { ...(await ofKubeconfig(found, { named, token })), named: true }
  }
  const { clientCertificate: cert, clientKey } = inputs
  return {
    server: addressOf('`login.server`', server as string),
    tls: { ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert, key: clientKey?.reveal() as string }) },
    ...(token === undefined ? { headers: {}, hidden: [] } : bearer(token.reveal())),
    namespace: 'default',
    named: true,
  }
}

function addressOf(named: string, server: string): string {
  return siteAddress(`${provider}: ${named}`, server, 'https://10.0.0.1:6443')
}

function bearer(token: string) {
  return { headers: { authorization: `Bearer ${token}` }, hidden: [token] }
}

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
function ofPod(access: ClusterAccess, { env = {} }: ProviderContext): ClusterLogin {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env
  if (!host) {
    throw new EscError(
      'provider_failed',
      `${provider}: esc does not run in a pod: KUBERNETES_SERVICE_HOST is not set`,
      {
        hint: 'elsewhere, set `login.from` to the path of a kubeconfig',
      },
    )
  }
  const server = addressOf('KUBERNETES_SERVICE_HOST', `https://${host.includes(':') ? `[${host}]` : host}:${port}`)
  const read = (name: string) => access.read(`${accountFolder}/${name}`)
  return { server, tls: { ca: read('ca.crt') }, ...bearer(read('token').trim()), namespace: read('namespace').trim() }
}

interface KubeconfigSource {
  readonly named: string
  /** The files and programs that it may name. Absent: none, since it is the definition's. */
  readonly access?: ClusterAccess
  /** Logs in instead of the user. */
  readonly token?: Secret<string> | undefined
}

async function ofKubeconfig(
  { cluster, user, namespace = 'default' }: KubeconfigContext,
  source: KubeconfigSource,
): Promise<ClusterLogin> {
  const { named, token } = source
  refuseIgnored(named, cluster, ignoredOfCluster)
  const address = textIn(cluster, 'server')
  if (address === undefined) throw unusable(named, 'has a cluster without `server`')
  const server = addressOf(`\`server\` in ${named}`, address)
  const ca = pemIn(cluster, 'certificate-authority', source)
  const servername = textIn(cluster, 'tls-server-name')
  const tls = { ...(ca !== undefined && { ca }), ...(servername !== undefined && { servername }) }
  if (token !== undefined) return { server, tls, ...bearer(token.reveal()), namespace }
  refuseIgnored(named, user, ignoredOfUser)
  const { cert, key, ...login } = await loginOf(user, { server, ca, cluster }, source)
  return { server, tls: { ...tls, ...(cert !== undefined && { cert, key }) }, ...login, namespace }
}

/** Settings that would change who logs in, or where, and are not honoured. */
const ignoredOfCluster = {
  'insecure-skip-tls-verify':
    'esc shows credentials to no server that it cannot verify: add its `certificate-authority-data`',
  'proxy-url': 'esc asks the server directly: remove it, or use a context without',
}
const ignoredOfUser = {
  as: 'esc acts for nobody else: remove it, or use a user without',
  'as-groups': 'esc acts for nobody else: remove it, or use a user without',
  'as-uid': 'esc acts for nobody else: remove it, or use a user without',
  'as-user-extra': 'esc acts for nobody else: remove it, or use a user without',
  'auth-provider': 'kubectl 1.26 and later know none either: use `exec`',
}

function refuseIgnored(named: string, entry: unknown, ignored: Readonly<Record<string, string>>): void {
  for (const [field, hint] of Object.entries(ignored)) {
    if (memberOf(entry, field)) throw unusable(named, `has \`${field}\``, hint)
  }
}

async function loginOf(
  user: unknown,
  cluster: { readonly server: string; readonly ca: string | undefined; readonly cluster: unknown },
  source: KubeconfigSource,
) {
  const { named, access } = source
  const cert = pemIn(user, 'client-certificate', source)
  const key = pemIn(user, 'client-key', source)
  if ((cert === undefined) !== (key === undefined)) {
    throw unusable(named, 'has one of client certificate and client key without the other')
  }
  const shown = cert === undefined ? {} : { cert, key: key as string }
  const file = textIn(user, 'tokenFile')
  if (file !== undefined) return { ...shown, ...bearer(own(access, named, 'tokenFile').read(file).trim()) }
  const token = textIn(user, 'token')
  if (token !== undefined) return { ...shown, ...bearer(token) }
  const [username, password] = [textIn(user, 'username'), textIn(user, 'password')]
  if (username !== undefined && password !== undefined) {
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    return { ...shown, headers: { authorization: basic }, hidden: [password, basic] }
  }
  const exec = memberOf(user, 'exec')
  if (exec !== undefined && exec !== null) {
    const { token: given, ...certificate } = await execCredential(exec, cluster, own(access, named, 'exec'), named)
    return { ...shown, ...certificate, ...(given === undefined ? { headers: {}, hidden: [] } : bearer(given)) }
  }
  if (cert === undefined) throw unusable(named, 'has no credentials for this user')
  return { ...shown, headers: {}, hidden: [] }
}

/**
 * The way to files and programs.
 * @throws EscError `invalid_input` for the kubeconfig of a definition.
 */
function own(access: ClusterAccess | undefined, named: string, field: string): ClusterAccess {
  if (access !== undefined) return access
  const [what, remedy] =
    field === 'exec'
      ? [
          'names a program (`exec`), and a definition may run none here',
          'give a `token` beside it, or use `login: {from}`',
        ]
      : [
          `names a file (\`${field}\`), and a definition may read none here`,
          'write its content instead, or use `login: {from}`',
        ]
  throw unusable(named, what, remedy)
}

/** Certificates or a key: in the kubeconfig itself, which counts, or in a file. */
function pemIn(entry: unknown, field: string, { named, access }: KubeconfigSource): string | undefined {
  const data = dataIn(entry, `${field}-data`, named)
  const file = textIn(entry, field)
  return data ?? (file === undefined ? undefined : own(access, named, field).read(file))
}
