import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseSignature, type SignedRequest, signatureMatches, skewMs } from './sigv4.ts'

/** What the function answers; `functionError` is an exception it did not catch. */
export type FunctionResult =
  | { readonly payload: unknown }
  | { readonly functionError: 'Unhandled' | 'Handled'; readonly payload: unknown }

export interface FakeLambdaOptions {
  readonly functionArn: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly run: (event: unknown) => Promise<FunctionResult>
  /** Around the answer to each request; throws: cut the connection. */
  readonly pass?: (when: 'before' | 'after') => void
}

/** The Invoke call of AWS Lambda, signatures checked. */
export class FakeLambda {
  readonly #options: FakeLambdaOptions
  readonly #server: Server
  /** Invocation types, in order. */
  readonly invocations: string[] = []
  allowed = true

  constructor(options: FakeLambdaOptions) {
    this.#options = options
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of incoming) body += chunk
    try {
      this.#options.pass?.('before')
    } catch {
      return void incoming.socket.destroy()
    }
    const { status, headers, text } = await this.#reply(incoming, body)
    try {
      this.#options.pass?.('after')
    } catch {
      return void incoming.socket.destroy()
    }
    response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': 'fake', ...headers })
    response.end(text)
  }

  async #reply(incoming: IncomingMessage, body: string) {
    const refuse = (status: number, type: string) => ({
      status,
      headers: { 'x-amzn-errortype': type },
      text: JSON.stringify({ Type: 'User', Message: `${type} of the fake` }),
    })
    const { functionArn, accessKeyId, secretAccessKey, run } = this.#options
    const [path = '', query] = incoming.url!.split('?')
    // Outside S3 a path is signed as it is encoded once more.
    const signed: SignedRequest = {
      method: incoming.method!,
      path: path.split('/').map(encodeURIComponent).join('/'),
      headers: incoming.headers,
      body,
    }
    const parts = parseSignature(signed)
    if (parts?.accessKeyId !== accessKeyId) return refuse(403, 'UnrecognizedClientException')
    const valid =
      query === undefined &&
      parts.service === 'lambda' &&
      parts.region === functionArn.split(':')[3] &&
      skewMs(parts, new Date()) < 300_000 &&
      signatureMatches(signed, parts, secretAccessKey)
    if (!valid) return refuse(403, 'InvalidSignatureException')
    if (!this.allowed) return refuse(403, 'AccessDeniedException')
    const [, name] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(path) ?? []
    if (incoming.method !== 'POST' || decodeURIComponent(name ?? '') !== functionArn) {
      return refuse(404, 'ResourceNotFoundException')
    }
    const type = String(incoming.headers['x-amz-invocation-type'] ?? 'RequestResponse')
    this.invocations.push(type)
    if (type === 'DryRun') return { status: 204, headers: {}, text: '' }
    const result = await run(JSON.parse(body))
    const headers: Record<string, string> =
      'functionError' in result ? { 'x-amz-function-error': result.functionError } : {}
    return { status: 200, headers, text: JSON.stringify(result.payload) }
  }
}
