import { createHash } from 'node:crypto'
import type { AddressInfo, Server as NetServer, Socket } from 'node:net'
import mysql2 from 'mysql2'

/**
 * A MySQL 8.0 as far as changing passwords goes, since there is none to install: the wire protocol
 * and the check of passwords are real (`mysql_native_password`), accounts and locks are modelled
 * from the reference manual, 15.7.1.1 and
 * 14.14. What a second password means there: `RETAIN CURRENT PASSWORD` makes the first the second,
 * whatever that was.
 */
export class FakeMySql {
  readonly accounts = new Map<string, FakeAccount>()
  readonly statements: string[] = []
  version = '8.0.36'
  /** Answers the next ALTER USER this way, after or instead of doing it. */
  trouble: { readonly code: number; readonly message: string; readonly done: boolean } | undefined
  readonly #server = (mysql2 as unknown as { createServer(): RawServer }).createServer()
  readonly #locks = new Map<string, RawConnection>()
  readonly #sockets = new Set<Socket>()
  #connections = 0

  async start(): Promise<this> {
    this.#server.on('connection', (connection) => this.#serve(connection))
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', undefined, resolve))
    return this
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  readonly host = '127.0.0.1'

  get port(): number {
    return (this.#server._server.address() as AddressInfo).port
  }

  addUser(username: string, password: string, rights: Pick<FakeAccount, 'createUser' | 'readsAccounts'> = {}): void {
    this.accounts.set(username, { first: doubleSha1(password), plugin: 'mysql_native_password', ...rights })
  }

  /** Whether the password is the account's first or second. */
  accepts(username: string, password: string): 'first' | 'second' | undefined {
    const account = this.accounts.get(username)
    const digest = doubleSha1(password)
    if (account?.first.equals(digest)) return 'first'
    return account?.second?.equals(digest) ? 'second' : undefined
  }

  #serve(connection: RawConnection): void {
    const { stream } = connection
    stream.setNoDelay(true)
    this.#sockets.add(stream)
    stream.on('close', () => {
      this.#sockets.delete(stream)
      for (const [name, holder] of this.#locks) if (holder === connection) this.#locks.delete(name)
    })
    connection.on('error', () => {})
    let user = ''
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: this.version,
      connectionId: ++this.#connections,
      statusFlags: 2,
      characterSet: 45,
      // Everything but compression and TLS.
      capabilityFlags: 0xffffff & ~0x20 & ~0x800,
      authCallback: ({ user: name, authPluginData1, authPluginData2, authToken }, done) => {
        user = name
        const account = this.accounts.get(name)
        const seed = Buffer.concat([authPluginData1.subarray(0, 8), authPluginData2.subarray(0, 12)])
        const accepted = [account?.first, account?.second].some(
          (digest) => digest !== undefined && answersChallenge(seed, authToken, digest),
        )
        queueMicrotask(() => {
          connection.sequenceId = 0
        })
        done(null, accepted ? undefined : { code: 1045, message: `Access denied for user '${name}'@'localhost'` })
      },
    })
    const answer = (statement: string) => {
      this.statements.push(statement)
      // Answers are numbered from the question on, which the library leaves to its user.
      connection.sequenceId = 1
      void this.#execute(connection, user, statement).then(() => {
        connection.sequenceId = 0
      })
    }
    connection.on('query', answer)
    // What the library calls SET.
    connection.on('stmt_prepare', answer)
  }

  async #execute(connection: RawConnection, user: string, statement: string): Promise<void> {
    const rights = this.accounts.get(user)!
    const refuse = (code: number, message: string) => connection.writeError({ code, message })
    if (/^SET SESSION sql_mode = ''$/.test(statement)) return connection.writeOk()
    if (statement === 'SELECT 1') return rows(connection, [{ 1: 1 }])
    if (/^SELECT VERSION\(\) AS version/.test(statement)) {
      return rows(connection, [{ version: this.version, comment: 'MySQL Community Server - GPL', readOnly: 0 }])
    }
    const [, variable] = /^SELECT @@global\.(\w+) AS value$/.exec(statement) ?? []
    if (variable === 'log_raw') return rows(connection, [{ value: 0 }])
    if (variable !== undefined) return refuse(1193, `Unknown system variable '${variable}'`)
    if (statement === 'SHOW GRANTS') {
      const privileges = rights.createUser ? 'CREATE USER' : 'USAGE'
      return rows(connection, [{ Grants: `GRANT ${privileges} ON *.* TO \`${user}\`@\`%\`` }])
    }
    const [, looked] =
      /^SELECT User AS user, Host AS host, plugin, .* FROM mysql\.user WHERE User IN \('(.*)', ''\)$/.exec(statement) ??
      []
    if (looked !== undefined) {
      if (!rights.readsAccounts) return refuse(1142, `SELECT command denied to user '${user}'@'localhost'`)
      const account = this.accounts.get(unquoted(looked))
      const stored = account && `*${account.first.toString('hex').toUpperCase()}`
      const row = { user: unquoted(looked), host: '%', plugin: account?.plugin, stored, locked: 'N', ssl: '' }
      return rows(connection, account === undefined ? [] : [row], Object.keys(row))
    }
    const [, lock] = /^SELECT GET_LOCK\('([^']{1,64})', 10\) AS got$/.exec(statement) ?? []
    if (lock !== undefined) {
      for (let waited = 0; this.#locks.has(lock) && this.#locks.get(lock) !== connection; waited += 10) {
        if (waited >= 2_000) return rows(connection, [{ got: 0 }])
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      this.#locks.set(lock, connection)
      return rows(connection, [{ got: 1 }])
    }
    const alter =
      /^ALTER USER `((?:[^`]|``)+)`@`%` IDENTIFIED (?:BY '((?:[^'\\]|\\.)*)'( RETAIN CURRENT PASSWORD)?|WITH mysql_native_password AS '\*([0-9A-F]{40})')$/.exec(
        statement,
      )
    if (alter === null) return refuse(1064, `You have an error in your SQL syntax near '${statement}'`)
    if (!rights.createUser) return refuse(1227, 'Access denied; you need the CREATE USER privilege for this operation')
    const account = this.accounts.get(alter[1]!.replaceAll('``', '`'))
    if (account === undefined) return refuse(1396, `Operation ALTER USER failed for '${alter[1]}'@'%'`)
    const { trouble } = this
    this.trouble = undefined
    if (trouble === undefined || trouble.done) {
      if (alter[3] !== undefined) account.second = account.first
      account.first = alter[4] !== undefined ? Buffer.from(alter[4], 'hex') : doubleSha1(unquoted(alter[2]!))
    }
    if (trouble !== undefined) return refuse(trouble.code, trouble.message)
    connection.writeOk()
  }
}

export interface FakeAccount {
  /** SHA-1 of SHA-1 of the password. */
  first: Buffer
  second?: Buffer
  plugin: string
  readonly createUser?: boolean
  readonly readsAccounts?: boolean
}

/**
 * The answer to the challenge, from the protocol's description: SHA1(password) XOR SHA1(seed,
 * SHA1(SHA1(password))).
 */
function answersChallenge(seed: Buffer, token: Buffer, digest: Buffer): boolean {
  if (token.length !== 20) return false
  const mask = createHash('sha1').update(seed).update(digest).digest()
  const once = token.map((byte, index) => byte ^ mask[index]!)
  return createHash('sha1').update(once).digest().equals(digest)
}

interface RawServer {
  readonly _server: NetServer
  on(event: 'connection', listener: (connection: RawConnection) => void): void
  listen(port: number, host: string, backlog: undefined, done: () => void): void
  close(done: () => void): void
}

interface RawConnection {
  readonly stream: Socket
  sequenceId: number
  on(event: 'query' | 'stmt_prepare', listener: (statement: string) => void): void
  on(event: 'error', listener: () => void): void
  serverHandshake(options: {
    readonly [option: string]: unknown
    authCallback(
      given: { user: string; authPluginData1: Buffer; authPluginData2: Buffer; authToken: Buffer },
      done: (error: null, refusal: { code: number; message: string } | undefined) => void,
    ): void
  }): void
  writeOk(): void
  writeError(error: { readonly code: number; readonly message: string }): void
  writeTextResult(rows: readonly object[], columns: readonly object[]): void
}

function rows(connection: RawConnection, result: readonly object[], names = Object.keys(result[0] ?? {})): void {
  const columns = names.map((name) => ({
    catalog: 'def',
    schema: '',
    table: '',
    orgTable: '',
    name,
    orgName: name,
    characterSet: 45,
    columnLength: 1024,
    columnType: 0xfd,
    flags: 0,
    decimals: 0,
  }))
  const asText = result.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value ?? '')])),
  )
  connection.writeTextResult(asText, columns)
}

function doubleSha1(password: string): Buffer {
  const once = createHash('sha1').update(password, 'utf8').digest()
  return createHash('sha1').update(once).digest()
}

function unquoted(text: string): string {
  return text.replace(/\\(.)/g, '$1')
}
