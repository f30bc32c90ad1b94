import { EscError } from '../errors.ts'
import { unusable } from './kubeconfig.ts'
import type { ClusterAccess } from './provider.ts'
import { memberOf, textIn } from './vendor-call.ts'

export interface ExecCredential {
  readonly token?: string
  readonly cert?: string
  readonly key?: string
}

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']

/**
 * Runs the program that a kubeconfig names for a login, and reads what it prints. Nobody can type
 * anything into it.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 *
 * @throws EscError `provider_failed`; `invalid_input` for settings that cannot be honoured.
 */
export async function execCredential(
  exec: unknown,
  about: { readonly server: string; readonly ca: string | undefined; readonly cluster: unknown },
  access: ClusterAccess,
  named: string,
): Promise<ExecCredential> {
  const [apiVersion = '', command] = [textIn(exec, 'apiVersion'), textIn(exec, 'command')]
  if (!versions.includes(apiVersion)) {
    throw unusable(
      named,
      `has \`exec\` of the version ${JSON.stringify(apiVersion)}`,
      `esc knows ${versions.join(', ')}`,
    )
  }
  if (command === undefined) throw unusable(named, 'has `exec` without `command`')
  if (textIn(exec, 'interactiveMode') === 'Always') {
    throw unusable(
      named,
      `has a program, ${command}, that somebody must type something into`,
      'log in with another user of the kubeconfig',
    )
  }
  const args = memberOf(exec, 'args')
  const words = [command, ...(Array.isArray(args) ? args.map(String) : [])]
  const doing = `kubernetes-secrets: login to ${about.server}`
  const printed = await access.run(words, { env: variablesOf(exec, apiVersion, about), doing })
  return credentialIn(printed, apiVersion, `${doing}: ${command}`)
}

function variablesOf(
  exec: unknown,
  apiVersion: string,
  { server, ca, cluster }: { readonly server: string; readonly ca: string | undefined; readonly cluster: unknown },
): Record<string, string> {
  const variables = memberOf(exec, 'env')
  const pairs = (Array.isArray(variables) ? variables : []).flatMap((each) => {
    const [name, value] = [textIn(each, 'name'), memberOf(each, 'value')]
    return name === undefined ? [] : [[name, String(value ?? '')] as const]
  })
  const servername = textIn(cluster, 'tls-server-name')
  const extensions = memberOf(cluster, 'extensions')
  const config = (Array.isArray(extensions) ? extensions : []).find(
    (each) => memberOf(each, 'name') === 'client.authentication.k8s.io/exec',
  )
  const wanted = memberOf(exec, 'provideClusterInfo') === true && {
    cluster: {
      server,
      ...(servername !== undefined && { 'tls-server-name': servername }),
      ...(ca !== undefined && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
      ...(config !== undefined && { config: memberOf(config, 'extension') }),
    },
  }
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false, ...wanted } }
  return { ...Object.fromEntries(pairs), KUBERNETES_EXEC_INFO: JSON.stringify(info) }
}

/** Nothing that was printed is quoted: it may be the credential. */
function credentialIn(printed: string, apiVersion: string, doing: string): ExecCredential {
  const failed = (problem: string) =>
    new EscError('provider_failed', `${doing} ${problem}`, {
      hint: 'run the program of the kubeconfig by hand to see why',
    })
  let answer: unknown
  try {
    answer = JSON.parse(printed)
  } catch {
    throw failed('printed no JSON')
  }
  if (textIn(answer, 'kind') !== 'ExecCredential') throw failed('printed no ExecCredential')
  if (textIn(answer, 'apiVersion') !== apiVersion) throw failed(`printed no ExecCredential of ${apiVersion}`)
  const status = memberOf(answer, 'status')
  const [token, cert, key] = ['token', 'clientCertificateData', 'clientKeyData'].map((name) => textIn(status, name))
  if ((cert === undefined) !== (key === undefined)) throw failed('printed one of certificate and key without the other')
  if (token === undefined && cert === undefined) throw failed('printed no credential')
  return { ...(token !== undefined && { token }), ...(cert !== undefined && { cert, key }) }
}
