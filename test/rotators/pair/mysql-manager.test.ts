import { userInfo } from 'node:os'
import { expect } from 'chai'
import { mysqlDual } from '../../../src/rotators/chosen/mysql-dual/index.ts'
import { ed25519PublicKey } from '../../../src/rotators/mysql-server/ed25519.ts'
import { mysql } from '../../../src/rotators/pair/mysql.ts'
import { secret } from '../../../src/secret.ts'
import { rotateOnce } from '../../../src/testkit/index.ts'
import { type MariaDbServer, mariaDbPackages, missingMariaDb, sharedMariaDb } from '../../servers/mariadb.ts'
import { createDualUser } from '../chosen/mysql-dual-user.ts'
import { expectNoSecret, failure } from '../failure.ts'
import { testContext } from '../test-context.ts'
import { createMySqlPair, type MySqlPair } from './mysql-pair.ts'

describe('the managing user of MariaDB', function () {
  this.timeout(60_000)
  let server: MariaDbServer
  let pair: MySqlPair

  before(async function () {
    const missing = missingMariaDb()
    if (missing.length > 0) return this.skip()
    server = await sharedMariaDb()
    // Debian builds the plugin as a library of its own.
    await server.sql(`INSTALL SONAME 'auth_ed25519'`).catch(() => {})
    const [plugin] = await server.sql(`SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'ed25519'`)
    if (plugin === undefined) throw new Error(`auth_ed25519 is missing: install ${mariaDbPackages}`)
  })
  beforeEach(async () => {
    pair = await createMySqlPair(server)
  })

  const rotate = async (managingUser: object, host = server.host) => {
    const database = { ...pair.inputs.database, host, managingUser } as MySqlPair['inputs']['database']
    const inputs = { ...pair.inputs, database }
    const state = await rotateOnce({ rotator: mysql, inputs, state: pair.state(1, 2), context: testContext() })
    expect(await server.login(pair.username2, state.current!.password.reveal())).to.equal(true)
    return state
  }

  describe('with the plugin ed25519', () => {
    // Shorter, as long as, and longer than the key of RFC 8032; and not of ASCII.
    const passwords = ['x', 'p4ss', '0123456789abcdef0123456789abcdef', 'long '.repeat(40), 'Schlüssel 🔑 \\ \'"']

    it('logs in, whatever its password', async () => {
      for (const password of passwords) {
        const sql = password.replace(/[\\']/g, '\\$&')
        await server.sql(`ALTER USER ${pair.manager} IDENTIFIED VIA ed25519 USING PASSWORD('${sql}')`)
        const [row] = await server.sql(
          `SELECT JSON_VALUE(Priv, '$.authentication_string') AS stored FROM mysql.global_priv WHERE User = '${pair.manager}'`,
        )
        expect(await ed25519PublicKey(password), 'as the server makes it').to.equal(row?.stored)
        const inputs = {
          ...pair.inputs,
          database: { ...pair.inputs.database, managingUser: { username: pair.manager, password: secret(password) } },
        }
        await mysql.plan({ inputs, state: undefined }, testContext())
      }
    })

    it('rotates, and is told of a wrong password', async () => {
      await server.sql(`ALTER USER ${pair.manager} IDENTIFIED VIA ed25519 USING PASSWORD('p4ss')`)
      await rotate({ username: pair.manager, password: secret('p4ss') })
      const error = await failure(rotate({ username: pair.manager, password: secret('wrong-canary') }))
      expect(error.message).to.include('1045')
      expectNoSecret(error, 'wrong-canary')
    })

    it('is one of several ways in', async () => {
      await server.sql(
        `ALTER USER ${pair.manager} IDENTIFIED VIA mysql_native_password USING PASSWORD('a') OR ed25519 USING PASSWORD('b')`,
      )
      for (const password of ['a', 'b']) await rotate({ username: pair.manager, password: secret(password) })
    })

    it('rotates with mysql-dual, too', async () => {
      const there = await createDualUser(server)
      const { username } = there.inputs.database.managingUser
      await server.sql(`ALTER USER ${username} IDENTIFIED VIA ed25519 USING PASSWORD('p4ss')`)
      const managingUser = { username, password: secret<string>('p4ss') }
      const inputs = { ...there.inputs, database: { ...there.inputs.database, managingUser } }
      const state = await rotateOnce({ rotator: mysqlDual, inputs, state: undefined, context: testContext() })
      expect(await server.login(inputs.rotateUser.username, state.current.password.reveal())).to.equal(true)
    })
  })

  describe('over the unix socket', () => {
    it('logs in with a password, and the rotated user there as well', async () => {
      await rotate(pair.inputs.database.managingUser, server.socket)
    })

    it('needs none where the server knows the system user', async () => {
      const { username } = userInfo()
      await server.sql(
        `CREATE USER IF NOT EXISTS \`${username}\`@localhost`,
        `ALTER USER \`${username}\`@localhost IDENTIFIED VIA mysql_native_password USING '${await rootHash()}' OR unix_socket`,
        `GRANT CREATE USER, SELECT ON *.* TO \`${username}\`@localhost`,
      )
      await rotate({ username }, server.socket)
      const other = pair.manager
      await server.sql(`ALTER USER ${other} IDENTIFIED VIA unix_socket`)
      const error = await failure(rotate({ username: other }, server.socket))
      expect(error.message).to.include('1698')
      expect(error.hint).to.include('system user')
      const overTcp = await failure(rotate({ username: other, password: secret('') }))
      expect(overTcp.hint).to.include('path of the unix socket')
    })

    /** The superuser of these tests logs in by a password, too, and may be the same account. */
    async function rootHash(): Promise<string> {
      const [row] = await server.sql(
        `SELECT JSON_VALUE(Priv, '$.authentication_string') AS stored FROM mysql.global_priv WHERE User = 'root' AND Host = 'localhost'`,
      )
      return String(row?.stored)
    }

    it('is refused without a password elsewhere', async () => {
      const error = await failure(rotate({ username: pair.manager }))
      expect(error.message).to.include('missing required properties: password')
      expect(error.hint).to.include('unix socket')
    })

    it('that is not there, or may not be used, is a fault that names it', async () => {
      const missing = await failure(rotate(pair.inputs.database.managingUser, `${server.socket}-none`))
      expect(missing.message).to.include('ENOENT').and.include(`${server.socket}-none`)
      expect(missing.hint).to.include('path of the socket')
    })
  })
})
