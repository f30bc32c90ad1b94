import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseSignature, type SignedRequest, signatureMatches, skewMs } from './sigv4.ts'

export interface FakeKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  status: 'Active' | 'Inactive'
  readonly createdAt: Date
  lastUsedAt?: Date
  /** Requests signed with it that are still to be answered `InvalidClientTokenId`. */
  unknownFor: number
  /** Listings that still leave it out. */
  unlistedFor: number
}

export interface FakeUser {
  readonly arn: string
  readonly userName: string
  readonly keys: FakeKey[]
  /** Deleted keys that listings still show. */
  readonly ghosts: { readonly key: FakeKey; listedFor: number }[]
  /** Actions such as `iam:CreateAccessKey`, or `*`. */
  allowed: readonly string[]
}

export interface FakeCall {
  readonly action: string
  readonly params: Readonly<Record<string, string>>
  readonly accessKeyId: string | undefined
  /** `OK`, the error code, or `dropped`. */
  outcome: string
}

/** Thrown by a hook or a handler: answers with an error. */
export class FakeFault extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Thrown by a hook: the connection is cut without an answer. */
export class DroppedConnection extends Error {}

/**
 * `before` runs when the request was read and nothing was done, `after` when it was carried out or
 * refused, and not yet answered.
 */
export interface FakeHooks {
  before?(call: FakeCall): void | Promise<void>
  after?(call: FakeCall): void | Promise<void>
}

export interface FakeIamOptions {
  /** New keys are unknown to the first so many requests signed with them. */
  readonly unknownFor?: number
  /** New keys are left out of the first so many listings. */
  readonly unlistedFor?: number
  /** Deleted keys stay in the next so many listings. */
  readonly lingersFor?: number
  readonly pageSize?: number
  /** How far the clock of AWS is ahead of ours, in milliseconds. */
  readonly clockOffsetMs?: number
}

const versions: Readonly<Record<string, string>> = { iam: '2010-05-08', sts: '2011-06-15' }
const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * IAM and STS as far as access keys go, over their real wire format: Query requests, XML answers,
 * signatures checked, two keys a user, keys that take a while to be known. Point
 * `AWS_ENDPOINT_URL_IAM` and `AWS_ENDPOINT_URL_STS` at `url`.
 */
export class FakeIam {
  readonly users = new Map<string, FakeUser>()
  readonly calls: FakeCall[] = []
  hooks: FakeHooks = {}
  unknownFor: number
  unlistedFor: number
  lingersFor: number
  pageSize: number
  clockOffsetMs: number
  readonly #server: Server

  constructor({
    unknownFor = 0,
    unlistedFor = 0,
    lingersFor = 0,
    pageSize = 100,
    clockOffsetMs = 0,
  }: FakeIamOptions = {}) {
    this.unknownFor = unknownFor
    this.unlistedFor = unlistedFor
    this.lingersFor = lingersFor
    this.pageSize = pageSize
    this.clockOffsetMs = clockOffsetMs
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  now(): Date {
    return new Date(Date.now() + this.clockOffsetMs)
  }

  addUser(arn: string, allowed: readonly string[] = []): FakeUser {
    const user: FakeUser = { arn, userName: arn.split('/').at(-1)!, keys: [], ghosts: [], allowed }
    this.users.set(arn, user)
    return user
  }

  /** A key made by hand: known at once, listed at once. */
  addKey(user: FakeUser, key: Partial<FakeKey> = {}): FakeKey {
    const made: FakeKey = {
      accessKeyId: `AKIA${Array.from(randomBytes(16), (byte) => idAlphabet[byte % 32]).join('')}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      status: 'Active',
      createdAt: new Date(Math.floor(this.now().getTime() / 1000) * 1000),
      unknownFor: 0,
      unlistedFor: 0,
      ...key,
    }
    user.keys.push(made)
    return made
  }

  removeKey(user: FakeUser, accessKeyId: string): void {
    const index = user.keys.findIndex((key) => key.accessKeyId === accessKeyId)
    if (index >= 0) user.keys.splice(index, 1)
  }

  find(accessKeyId: string): { readonly user: FakeUser; readonly key: FakeKey } | undefined {
    for (const user of this.users.values()) {
      const key = user.keys.find((each) => each.accessKeyId === accessKeyId)
      if (key !== undefined) return { user, key }
    }
    return undefined
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of incoming) chunks.push(chunk)
    } catch {
      return
    }
    const request: SignedRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    }
    const params = Object.fromEntries(new URLSearchParams(request.body))
    const call: FakeCall = {
      action: params.Action ?? '',
      params,
      accessKeyId: parseSignature(request)?.accessKeyId,
      outcome: 'OK',
    }
    this.calls.push(call)
    try {
      await this.hooks.before?.(call)
      let carriedOut: { readonly result: string } | { readonly fault: unknown }
      try {
        carriedOut = { result: this.#carryOut(request, params) }
      } catch (fault) {
        carriedOut = { fault }
      }
      await this.hooks.after?.(call)
      if ('fault' in carriedOut) throw carriedOut.fault
      const { result } = carriedOut
      const service = params.Version === versions.sts ? 'sts' : 'iam'
      this.#answer(
        response,
        200,
        `<${call.action}Response xmlns="https://${service}.amazonaws.com/doc/${params.Version}/">${result}<ResponseMetadata><RequestId>${requestId()}</RequestId></ResponseMetadata></${call.action}Response>`,
      )
    } catch (error) {
      if (error instanceof FakeFault) {
        call.outcome = error.code
        const type = error.status < 500 ? 'Sender' : 'Receiver'
        this.#answer(
          response,
          error.status,
          `<ErrorResponse><Error><Type>${type}</Type><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message></Error><RequestId>${requestId()}</RequestId></ErrorResponse>`,
        )
      } else {
        call.outcome = 'dropped'
        incoming.socket.destroy()
        if (!(error instanceof DroppedConnection)) throw error
      }
    }
  }

  #answer(response: ServerResponse, status: number, body: string): void {
    response.writeHead(status, {
      'content-type': 'text/xml',
      'x-amzn-requestid': requestId(),
      date: this.now().toUTCString(),
    })
    response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`)
  }

  #carryOut(request: SignedRequest, params: Readonly<Record<string, string>>): string {
    if (request.method !== 'POST' || request.path !== '/') throw new FakeFault(404, 'UnknownOperation', 'POST / only')
    const handler = this.#handlers[params.Action ?? '']
    if (handler === undefined) throw new FakeFault(400, 'InvalidAction', `Could not find operation ${params.Action}`)
    const caller = this.#authenticate(request, handler.service)
    if (params.Version !== versions[handler.service]) {
      throw new FakeFault(
        400,
        'InvalidAction',
        `Could not find operation ${params.Action} for version ${params.Version}`,
      )
    }
    const right = `${handler.service}:${params.Action}`
    if (handler.service === 'iam' && !caller.allowed.some((each) => each === right || each === '*')) {
      const target = this.#userNamed(caller, params.UserName)?.arn ?? '*'
      throw new FakeFault(
        403,
        'AccessDenied',
        `User: ${caller.arn} is not authorized to perform: ${right} on resource: ${target} because no identity-based policy allows the ${right} action`,
      )
    }
    return handler.run(caller, params)
  }

  #authenticate(request: SignedRequest, service: string): FakeUser {
    const parts = parseSignature(request)
    if (parts === undefined)
      throw new FakeFault(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token')
    if (parts.service !== service || (service === 'iam' && parts.region !== 'us-east-1')) {
      throw new FakeFault(
        403,
        'SignatureDoesNotMatch',
        `Credential should be scoped to a valid region and service (${parts.scope}).`,
      )
    }
    if (skewMs(parts, this.now()) > 5 * 60_000) {
      throw new FakeFault(403, 'SignatureDoesNotMatch', `Signature expired: ${parts.timestamp}`)
    }
    const found = this.find(parts.accessKeyId)
    const unknown = new FakeFault(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.')
    if (found === undefined || found.key.status === 'Inactive') throw unknown
    const { user, key } = found
    if ((key.sessionToken ?? '') !== String(request.headers['x-amz-security-token'] ?? '')) throw unknown
    if (key.unknownFor > 0) {
      key.unknownFor--
      throw unknown
    }
    if (!signatureMatches(request, parts, key.secretAccessKey)) {
      // The real one quotes the request it would have signed.
      throw new FakeFault(
        403,
        'SignatureDoesNotMatch',
        `The request signature we calculated does not match the signature you provided. The Canonical String for this request should have been 'POST / ${parts.signedHeaders.map((name) => `${name}:${request.headers[name]}`).join(' ')}'`,
      )
    }
    key.lastUsedAt = this.now()
    return user
  }

  readonly #handlers: Readonly<
    Record<string, { service: string; run(caller: FakeUser, params: Readonly<Record<string, string>>): string }>
  > = {
    GetCallerIdentity: {
      service: 'sts',
      run: ({ arn }) =>
        `<GetCallerIdentityResult><Arn>${arn}</Arn><UserId>AIDA${arn.length}</UserId><Account>${arn.split(':')[4]}</Account></GetCallerIdentityResult>`,
    },
    GetUser: {
      service: 'iam',
      run: (caller, params) => {
        const { arn, userName } = this.#requireUser(caller, params)
        return `<GetUserResult><User><Path>/</Path><UserName>${userName}</UserName><UserId>AIDA${arn.length}</UserId><Arn>${arn}</Arn><CreateDate>2020-01-01T00:00:00Z</CreateDate></User></GetUserResult>`
      },
    },
    ListAccessKeys: {
      service: 'iam',
      run: (caller, params) => {
        const { keys, ghosts, userName } = this.#requireUser(caller, params)
        const listed = keys.filter((key) => {
          if (key.unlistedFor === 0) return true
          key.unlistedFor--
          return false
        })
        for (const ghost of ghosts) if (ghost.listedFor-- > 0) listed.push(ghost.key)
        const start = Number(params.Marker ?? 0)
        const page = listed.slice(start, start + this.pageSize)
        const more = start + this.pageSize < listed.length
        const members = page
          .map(
            ({ accessKeyId, status, createdAt }) =>
              `<member><UserName>${userName}</UserName><AccessKeyId>${accessKeyId}</AccessKeyId><Status>${status}</Status><CreateDate>${seconds(createdAt)}</CreateDate></member>`,
          )
          .join('')
        return `<ListAccessKeysResult><AccessKeyMetadata>${members}</AccessKeyMetadata><IsTruncated>${more}</IsTruncated>${more ? `<Marker>${start + this.pageSize}</Marker>` : ''}</ListAccessKeysResult>`
      },
    },
    CreateAccessKey: {
      service: 'iam',
      run: (caller, params) => {
        const user = this.#requireUser(caller, params)
        if (user.keys.length >= 2) {
          throw new FakeFault(409, 'LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2')
        }
        const key = this.addKey(user, { unknownFor: this.unknownFor, unlistedFor: this.unlistedFor })
        return `<CreateAccessKeyResult><AccessKey><UserName>${user.userName}</UserName><AccessKeyId>${key.accessKeyId}</AccessKeyId><Status>Active</Status><SecretAccessKey>${key.secretAccessKey}</SecretAccessKey><CreateDate>${seconds(key.createdAt)}</CreateDate></AccessKey></CreateAccessKeyResult>`
      },
    },
    DeleteAccessKey: {
      service: 'iam',
      run: (caller, params) => {
        const user = this.#requireUser(caller, params)
        const doomed = user.keys.find((key) => key.accessKeyId === params.AccessKeyId)
        if (doomed === undefined) {
          throw new FakeFault(404, 'NoSuchEntity', `The Access Key with id ${params.AccessKeyId} cannot be found.`)
        }
        this.removeKey(user, doomed.accessKeyId)
        user.ghosts.push({ key: doomed, listedFor: this.lingersFor })
        return ''
      },
    },
    GetAccessKeyLastUsed: {
      service: 'iam',
      run: (_caller, params) => {
        const found = this.find(params.AccessKeyId ?? '')
        if (found === undefined) throw new FakeFault(403, 'AccessDenied', 'no such key in this account')
        const { lastUsedAt } = found.key
        const when = lastUsedAt === undefined ? '' : `<LastUsedDate>${seconds(lastUsedAt)}</LastUsedDate>`
        return `<GetAccessKeyLastUsedResult><UserName>${found.user.userName}</UserName><AccessKeyLastUsed>${when}<Region>N/A</Region><ServiceName>N/A</ServiceName></AccessKeyLastUsed></GetAccessKeyLastUsedResult>`
      },
    },
  }

  /** Users are looked up by name in the caller's account, as IAM does. */
  #userNamed(caller: FakeUser, userName: string | undefined): FakeUser | undefined {
    const account = caller.arn.split(':')[4]
    return [...this.users.values()].find(
      (user) => user.userName === (userName ?? caller.userName) && user.arn.split(':')[4] === account,
    )
  }

  #requireUser(caller: FakeUser, { UserName }: Readonly<Record<string, string>>): FakeUser {
    const user = this.#userNamed(caller, UserName)
    if (user === undefined) {
      throw new FakeFault(404, 'NoSuchEntity', `The user with name ${UserName} cannot be found.`)
    }
    return user
  }
}

function requestId(): string {
  return randomBytes(8).toString('hex')
}

function seconds(date: Date): string {
  return date.toISOString().replace(/\.[0-9]+Z$/, 'Z')
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
