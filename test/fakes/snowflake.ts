import { createHash, createPublicKey, createVerify, type KeyObject, randomBytes, randomUUID } from 'node:crypto'
import type { FakeAnswer, FakeRequest } from './http-fake.ts'
import { bearerOf, pathOf, Refusal, VendorFake } from './vendor-fake.ts'

interface FakeKeySlot {
  readonly key: KeyObject
  readonly fingerprint: string
  /** Log-ins that are still to be refused. */
  unknownFor: number
}

export interface FakeSnowflakeUser {
  /** As Snowflake keeps it. */
  readonly name: string
  slot1: FakeKeySlot | undefined
  slot2: FakeKeySlot | undefined
  disabled: boolean
  /** Names of users it owns. */
  owns: readonly string[]
}

export interface FakeSnowflakeOptions {
  /** A key that was just set is refused for the first so many log-ins. */
  readonly unknownFor?: number
  /** A statement is answered with 202 that often before it is done. */
  readonly runsFor?: number
}

/** The SQL API of one Snowflake account, as far as key pairs of users go. */
export class FakeSnowflake extends VendorFake {
  readonly account: string
  protected readonly hosts: readonly string[]
  readonly users = new Map<string, FakeSnowflakeUser>()
  /** Users by OAuth token. */
  readonly tokens = new Map<string, FakeSnowflakeUser>()
  readonly #running = new Map<string, { readonly answer: FakeAnswer; left: number }>()
  unknownFor: number
  runsFor: number

  constructor({ unknownFor = 0, runsFor = 0 }: FakeSnowflakeOptions = {}, account = 'MyOrg-Account_1') {
    super()
    this.account = account
    this.hosts = [`${account.toLowerCase().replaceAll('_', '-')}.snowflakecomputing.com`]
    this.unknownFor = unknownFor
    this.runsFor = runsFor
  }

  addUser(name: string, owns: readonly string[] = []): FakeSnowflakeUser {
    const user: FakeSnowflakeUser = { name, slot1: undefined, slot2: undefined, disabled: false, owns }
    this.users.set(name, user)
    return user
  }

  addToken(user: FakeSnowflakeUser): string {
    const token = `ver:1-hint:${randomBytes(24).toString('base64url')}`
    this.tokens.set(token, user)
    return token
  }

  /** `pem`: of the public or the private half. */
  slotOf(pem: string, unknownFor = 0): FakeKeySlot {
    const key = createPublicKey(pem)
    return { key, fingerprint: fingerprintOf(key.export({ type: 'spki', format: 'der' })), unknownFor }
  }

  protected actionOf({ method, body }: FakeRequest): string {
    if (method === 'GET') return 'poll'
    const { statement = '' } = JSON.parse(body) as { statement?: string }
    const [, slot] = /SET RSA_PUBLIC_KEY(_2)?=/.exec(statement) ?? []
    if (statement.startsWith('ALTER')) return slot === undefined ? 'set 1' : 'set 2'
    return statement.startsWith('DESC') ? 'describe' : 'select'
  }

  protected carryOut(request: FakeRequest): FakeAnswer {
    const { path } = pathOf(request)
    const user = this.#authenticate(request)
    if (request.headers['user-agent'] === undefined || request.headers['user-agent'] === 'node') {
      throw fault(400, '391902', 'User-Agent is required')
    }
    if (request.method === 'GET') {
      const running = this.#running.get(path.split('/').at(-1) ?? '')
      if (running === undefined) throw fault(404, '391905', 'Statement not found')
      return running.left-- > 0 ? this.#later(path.split('/').at(-1)!) : running.answer
    }
    if (path !== 'api/v2/statements') throw fault(404, '391901', 'Not found')
    const { statement, timeout } = JSON.parse(request.body) as { statement: string; timeout: number }
    if (typeof timeout !== 'number') throw fault(400, '391903', 'timeout')
    const rows = this.#run(user, statement)
    const answer = {
      status: 200,
      body: { code: '090001', sqlState: '00000', message: 'Statement executed successfully.', data: rows },
    }
    if (this.runsFor === 0) return answer
    const handle = randomUUID()
    this.#running.set(handle, { answer, left: this.runsFor - 1 })
    return this.#later(handle)
  }

  #later(handle: string): FakeAnswer {
    const message =
      'Asynchronous execution in progress. Use provided query id to perform query monitoring and management.'
    const statementStatusUrl = `/api/v2/statements/${handle}?requestId=${randomUUID()}`
    return { status: 202, body: { code: '333334', message, statementHandle: handle, statementStatusUrl } }
  }

  #authenticate(request: FakeRequest): FakeSnowflakeUser {
    const token = bearerOf(request)
    const type = request.headers['x-snowflake-authorization-token-type']
    if (type === 'OAUTH') {
      const user = this.tokens.get(token ?? '')
      // Worse than the real one, which does not repeat what it was given.
      if (user === undefined) throw fault(401, '390303', `Invalid OAuth access token. ${token}`)
      return user
    }
    const invalid = fault(401, '390144', `JWT token is invalid. ${token}`)
    if (type !== 'KEYPAIR_JWT') throw invalid
    const [head = '', payload = '', signature = ''] = (token ?? '').split('.')
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
    const { alg } = read(head)
    const { iss, sub, iat, exp } = read(payload)
    const account = this.account.split('.', 1)[0]!.toUpperCase()
    const user = [...this.users.values()].find(({ name }) => `${account}.${name.toUpperCase()}` === sub)
    const slot = [user?.slot1, user?.slot2].find((each) => each !== undefined && iss === `${sub}.${each.fingerprint}`)
    if (user === undefined || slot === undefined || alg !== 'RS256') throw invalid
    const now = Date.now() / 1000
    if (!(Number(iat) <= now + 600 && Number(exp) > now && Number(exp) - Number(iat) <= 3600)) throw invalid
    if (!createVerify('RSA-SHA256').update(`${head}.${payload}`).verify(slot.key, signature, 'base64url')) throw invalid
    if (slot.unknownFor > 0) {
      slot.unknownFor--
      throw invalid
    }
    if (user.disabled) throw fault(401, '390101', 'User temporarily locked or disabled.')
    return user
  }

  #run(caller: FakeSnowflakeUser, statement: string): (string | null)[][] {
    if (statement === 'SELECT CURRENT_USER()') return [[caller.name]]
    const [, described] = /^DESC USER "((?:[^"]|"")+)"$/.exec(statement) ?? []
    if (described !== undefined) {
      const user = this.#owned(caller, described.replaceAll('""', '"'))
      return [
        ['NAME', user.name, 'null', 'Name'],
        ['RSA_PUBLIC_KEY_FP', user.slot1?.fingerprint ?? 'null', 'null', 'Fingerprint'],
        ['RSA_PUBLIC_KEY_2_FP', user.slot2?.fingerprint ?? 'null', 'null', 'Fingerprint'],
      ]
    }
    const [, name, slot, text] =
      /^ALTER USER "((?:[^"]|"")+)" SET (RSA_PUBLIC_KEY|RSA_PUBLIC_KEY_2)='([A-Za-z0-9+/]+={0,2})'$/.exec(statement) ??
      []
    if (name === undefined || text === undefined)
      throw fault(422, '001003', 'SQL compilation error: syntax error', '42000')
    const user = this.#owned(caller, name.replaceAll('""', '"'))
    const der = Buffer.from(text, 'base64')
    const key = createPublicKey({ key: der, type: 'spki', format: 'der' })
    if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048)
      throw fault(422, '390190', 'New public key rejected', '22023')
    const former = [user.slot1, user.slot2].find((each) => each?.fingerprint === fingerprintOf(der))
    user[slot === 'RSA_PUBLIC_KEY' ? 'slot1' : 'slot2'] = former ?? {
      key,
      fingerprint: fingerprintOf(der),
      unknownFor: this.unknownFor,
    }
    return [['Statement executed successfully.']]
  }

  #owned(caller: FakeSnowflakeUser, name: string): FakeSnowflakeUser {
    const user = this.users.get(name)
    if (user === undefined) {
      throw fault(422, '002003', `SQL compilation error:\nUser '${name}' does not exist or not authorized.`, '02000')
    }
    if (!caller.owns.includes(name)) {
      throw fault(
        422,
        '003001',
        `SQL access control error:\nInsufficient privileges to operate on user '${name}'`,
        '42501',
      )
    }
    return user
  }
}

function fingerprintOf(der: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(der).digest('base64')}`
}

function fault(status: number, code: string, message: string, sqlState?: string): Refusal {
  return new Refusal({ status, body: { code, message, ...(sqlState && { sqlState }), statementHandle: randomUUID() } })
}
