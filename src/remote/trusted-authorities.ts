import { EscError, messageOf } from '../errors.ts'
import { direct, type Transport, viaFetch } from '../http/index.ts'
import type { Endpoint } from './endpoint.ts'

const byEndpoint = new WeakMap<Endpoint, Promise<Transport>>()

/**
 * The way to a server. Node itself takes `NODE_EXTRA_CA_CERTS` into account; `SSL_CERT_FILE`, which
 * other ESC clients go by, takes the place of Node's own authorities.
 *
 * @throws EscError `invalid_input` for a file that cannot be read.
 */
export function transportTo(endpoint: Endpoint): Promise<Transport> {
  let transport = byEndpoint.get(endpoint)
  if (transport === undefined) {
    transport = makeTransport(endpoint)
    byEndpoint.set(endpoint, transport)
  }
  return transport
}

async function makeTransport({ url, env }: Endpoint): Promise<Transport> {
  if (!env.SSL_CERT_FILE || !url.startsWith('https:')) return viaFetch()
  const names = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'].filter((name) => env[name])
  const certificates = await Promise.all(names.map((name) => readCertificates(name, env[name] as string)))
  return direct({ tls: { ca: certificates.join('\n') } })
}

async function readCertificates(variable: string, path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  let content: string
  try {
    content = await readFile(path, 'utf8')
  } catch (error) {
    throw refusal(variable, path, messageOf(error))
  }
  if (!content.includes('-----BEGIN CERTIFICATE-----')) throw refusal(variable, path, 'it holds no certificate')
  return content
}

function refusal(variable: string, path: string, reason: string): EscError {
  return new EscError('invalid_input', `cannot use the certificates of ${variable}, ${path}: ${reason}`, {
    hint: `write the path of a file of certificates in PEM into ${variable}, or unset it`,
  })
}
