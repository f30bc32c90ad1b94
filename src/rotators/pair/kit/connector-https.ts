import { createHmac } from 'node:crypto'
import { EscError } from '../../../errors.ts'
import { direct, type HttpAnswer, NoAnswer, send, type TlsOptions } from '../../../http/index.ts'
import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'
import { isThisMachine } from '../../server-address.ts'
import {
  httpsOptions,
  requireEncryption,
  requireTlsMaterial,
  type Tls,
  tlsFault,
  tlsHint,
  tlsSchema,
} from '../../tls/index.ts'
import { connectionHints, VendorError } from '../../vendor-error.ts'
import type { ConnectorLink, ConnectorUse } from './connector-link.ts'

export type HttpsConnector = {
  readonly url: string
  readonly secret: Secret<string>
  /** Short for `tls: {ca}`. */
  readonly ca?: string
  readonly tls?: Tls
}

export const httpsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  description: 'A service inside the network that takes signed orders.',
  properties: {
    url: { type: 'string', description: 'https://…; http:// only on this machine.' },
    secret: { type: 'string', secret: true, description: 'Signs the orders; at least 16 characters.' },
    ca: { type: 'string', description: 'Short for `tls: {ca}`.' },
    tls: tlsSchema,
  },
  required: ['url', 'secret'],
}

const timeoutMs = 60_000
const longestBytes = 64 * 1024

/**
 * The headers that prove an order: `Timestamp`, seconds since 1970, and `Signature: sha256=<hex>`,
 * the HMAC-SHA-256 of `<timestamp>.<body>` under the shared secret. The receiver refuses one more
 * than 5 minutes off, so that an order that was seen cannot be sent again later.
 */
export function orderHeaders(
  body: string,
  secret: Secret<string>,
  now: Date,
): { Timestamp: string; Signature: string } {
  const timestamp = String(Math.floor(now.getTime() / 1000))
  const mac = createHmac('sha256', secret.reveal()).update(`${timestamp}.${body}`).digest('hex')
  return { Timestamp: timestamp, Signature: `sha256=${mac}` }
}

export async function connectHttps(
  { url, secret, ca, tls }: HttpsConnector,
  { rotator, now }: ConnectorUse,
): Promise<ConnectorLink> {
  const target = URL.canParse(url) ? new URL(url) : undefined
  const secure = target?.protocol === 'https:'
  const local = target?.protocol === 'http:' && isThisMachine(target.hostname.replace(/^\[|\]$/g, ''))
  if (target === undefined || !(secure || local) || target.username !== '' || target.password !== '') {
    // The URL may hold a password, so it is not quoted.
    throw new EscError('invalid_input', `${rotator}: \`connector.https.url\` is not an https:// address`, {
      hint: 'it looks like https://rotator.internal.example.org/rotate, without user and password',
    })
  }
  if (secret.reveal().length < 16) {
    throw new EscError('invalid_input', `${rotator}: \`connector.https.secret\` is shorter than 16 characters`, {
      hint: 'take a random one, such as the output of openssl rand -hex 32',
    })
  }
  const transport = direct({ tls: tlsOf({ ca, tls }, { rotator, now: now() }) })
  const label = `connector ${target.host}`
  return {
    label,
    // The protocol has no question that changes nothing.
    async probe() {},
    async send(body, hide) {
      const headers = { 'Content-Type': 'application/json', ...orderHeaders(body, secret, now()) }
      const order = { method: 'POST', url: target.href, headers, body, timeoutMs, longestBytes } as const
      const answer = await send(order, transport).catch((error) => {
        throw asVendorError(error, rotator, `${label} could not be asked`)
      })
      const { status, text } = answer
      if (status === 200 || hasForm(answer)) return text
      throw new VendorError(`${label} answered HTTP ${status}: ${hide(text)}`, {
        rotator,
        code: String(status),
        refused: status === 401 || status === 403 || status === 404,
        hint:
          status === 401 || status === 403
            ? 'compare `connector.https.secret` with that of the receiver, and both clocks'
            : 'look at the log of the receiver',
      })
    },
    close() {},
  }
}

function tlsOf({ ca, tls }: Pick<HttpsConnector, 'ca' | 'tls'>, at: { rotator: string; now: Date }): TlsOptions {
  requireEncryption(tls, { rotator: at.rotator, place: 'database.connector.https.tls' })
  if (ca === undefined) return httpsOptions(tls)
  if (tls?.ca !== undefined) {
    throw new EscError('invalid_input', `${at.rotator}: \`connector.https\` has \`ca\` beside that of \`tls\``, {
      hint: 'keep one of the two',
    })
  }
  requireTlsMaterial({ ca }, { ...at, place: 'database.connector.https' })
  return httpsOptions({ ...tls, ca })
}

/** True when the answer has the form of the protocol, which counts more than its status. */
function hasForm({ json }: HttpAnswer): boolean {
  return typeof (json as { readonly code?: unknown } | null | undefined)?.code === 'number'
}

const codes: Readonly<Record<string, string>> = { timeout: 'ETIMEDOUT', 'too large': 'ANSWER_TOO_LONG' }

function asVendorError(error: unknown, rotator: string, what: string): unknown {
  if (!(error instanceof NoAnswer)) return error
  const fault = tlsFault(error.code)
  const code = fault?.code ?? codes[error.code] ?? error.code
  const text = fault === undefined ? code : `${code}: ${fault.detail}`
  const hint = fault ? tlsHint(fault) : connectionHints[code]
  return new VendorError(`${what}: ${text}`, { rotator, code, refused: !error.sent, hint })
}
