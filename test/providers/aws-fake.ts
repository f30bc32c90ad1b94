import { secret } from '../../src/secret.ts'
import { parseSignature, signatureMatches, skewMs } from '../fakes/sigv4.ts'
import type { Fault, VendorAnswer, VendorRequest } from './provider-under-test.ts'

export const awsRegion = 'eu-west-1'

export const awsLogin = {
  accessKeyId: 'ASIAREADER',
  secretAccessKey: secret('secret-key-of-reader'),
  sessionToken: secret('session-token-of-reader'),
}

export function awsFault({ status, code, text }: Fault): VendorAnswer {
  return { status, body: { __type: `com.amazonaws.service#${code}`, message: text } }
}

/** A service of AWS that speaks JSON, and checks who signed what. */
export function awsService(
  service: string,
  target: string,
  answer: (body: Readonly<Record<string, unknown>>) => VendorAnswer,
): (request: VendorRequest) => VendorAnswer {
  return (request) => {
    const parts = parseSignature(request)
    if (parts === undefined || request.host !== `${service}.${awsRegion}.amazonaws.com`)
      return awsFault({ status: 400, code: 'IncompleteSignature', text: request.host })
    if (
      parts.accessKeyId !== awsLogin.accessKeyId ||
      request.headers['x-amz-security-token'] !== 'session-token-of-reader'
    )
      return awsFault({ status: 400, code: 'UnrecognizedClientException', text: 'The security token is invalid.' })
    const isSigned =
      signatureMatches(request, parts, awsLogin.secretAccessKey.reveal()) &&
      parts.service === service &&
      parts.region === awsRegion &&
      parts.signedHeaders.includes('x-amz-target') &&
      parts.signedHeaders.includes('x-amz-security-token') &&
      skewMs(parts, new Date('2026-03-04T05:06:07Z')) === 0
    if (!isSigned) return awsFault({ status: 400, code: 'InvalidSignatureException', text: 'signed otherwise' })
    if (request.method !== 'POST' || request.headers['x-amz-target'] !== target)
      return awsFault({ status: 400, code: 'UnknownOperationException', text: '' })
    return answer(request.json as Readonly<Record<string, unknown>>)
  }
}
