import { createHash, createHmac } from 'node:crypto'
import type { Secret } from '../secret.ts'

/** The login that `aws-login` gives, and what calls AWS is given. */
export type AwsLogin = {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret<string>
  readonly sessionToken?: Secret<string>
}

export interface SignedParts {
  /** Default: POST. */
  readonly method?: 'GET' | 'POST'
  /** Without a query; its path is signed as it is written. */
  readonly url: URL
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly region: string
  readonly service: string
  readonly login: AwsLogin
  readonly now: Date
}

/** The headers of a request to an AWS service, signed with Signature Version 4. */
export function signedHeaders({
  method = 'POST',
  url,
  body,
  headers,
  region,
  service,
  login,
  now,
}: SignedParts): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '')
  const date = time.slice(0, 8)
  const all: Record<string, string> = {
    ...headers,
    'x-amz-date': time,
    ...(login.sessionToken !== undefined && { 'x-amz-security-token': login.sessionToken.reveal() }),
  }
  const signed = Object.entries({ ...all, host: url.host }).sort(([a], [b]) => (a < b ? -1 : 1))
  const names = signed.map(([name]) => name).join(';')
  const lines = signed.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}\n`).join('')
  const request = [method, url.pathname, '', lines, names, sha256(body)].join('\n')
  const scope = [date, region, service, 'aws4_request']
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(request)].join('\n')
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${login.secretAccessKey.reveal()}`)
  const signature = hmac(key, text).toString('hex')
  const credential = `${login.accessKeyId}/${scope.join('/')}`
  all.authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`
  return all
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
