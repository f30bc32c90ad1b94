import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** A request as it arrived. Header names in lower case. */
export interface SignedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface SignatureParts {
  readonly accessKeyId: string
  /** Such as `20260101/us-east-1/iam/aws4_request`. */
  readonly scope: string
  readonly region: string
  readonly service: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** Such as `20260101T000000Z`. */
  readonly timestamp: string
}

/** What the Authorization header claims; undefined when it is no AWS signature. */
export function parseSignature({ headers }: SignedRequest): SignatureParts | undefined {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(([0-9]{8})\/([^/,]+)\/([^/,]+)\/aws4_request), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      String(headers.authorization ?? ''),
    )
  const timestamp = String(headers['x-amz-date'] ?? '')
  if (match === null || !/^[0-9]{8}T[0-9]{6}Z$/.test(timestamp) || !timestamp.startsWith(match[3]!)) return undefined
  return {
    accessKeyId: match[1]!,
    scope: match[2]!,
    region: match[4]!,
    service: match[5]!,
    signedHeaders: match[6]!.split(';'),
    signature: match[7]!,
    timestamp,
  }
}

/**
 * Computes the signature anew, from the AWS description of Signature Version 4 and with nothing of
 * the SDK.
 */
export function signatureMatches(request: SignedRequest, parts: SignatureParts, secretAccessKey: string): boolean {
  for (const required of ['host', 'x-amz-date']) if (!parts.signedHeaders.includes(required)) return false
  const canonicalHeaders = parts.signedHeaders
    .map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}\n`,
    )
    .join('')
  const canonicalRequest = [
    request.method,
    request.path,
    '',
    canonicalHeaders,
    parts.signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', parts.timestamp, parts.scope, sha256(canonicalRequest)].join('\n')
  const key = parts.scope
    .split('/')
    .reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`)
  return timingSafeEqual(hmac(key, toSign), Buffer.from(parts.signature, 'hex'))
}

/** Difference between the signing time and `now`, in milliseconds. */
export function skewMs({ timestamp }: SignatureParts, now: Date): number {
  const iso = timestamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z')
  return Math.abs(new Date(iso).getTime() - now.getTime())
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
