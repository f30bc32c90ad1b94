import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import type { PlainObject } from '../../src/plain.ts'
import { redisAclRotator } from '../../src/rotators/chosen/redis-acl/index.ts'
import { RespConnection } from '../../src/rotators/chosen/redis-acl/resp.ts'
import { loadRotator } from '../../src/rotators/index.ts'
import { secret } from '../../src/secret.ts'
import { skipWithout } from '../servers/binary.ts'
import { sharedPostgres } from '../servers/postgres.ts'
import { missingRedis, redisPackages, startRedis } from '../servers/redis.ts'
import { createRedisUser } from './chosen/redis-user.ts'
import { failure } from './failure.ts'
import { createUserPair } from './pair/postgres-pair.ts'
import { testContext } from './test-context.ts'

const managingUser = { username: 'manager', password: secret('manage-canary') }
const pair = (port: number): PlainObject => ({
  database: { host: '127.0.0.1', port, database: 'app', managingUser },
  rotateUsers: { username1: 'a', username2: 'b' },
})

/**
 * How each server, of which `mysql-dual` has the same as `mysql`, refuses a connection or the first
 * request on it, with a code.
 */
const servers: Readonly<
  Record<
    string,
    {
      readonly inputs: (port: number) => PlainObject
      readonly greets?: true
      readonly refusal: (code: string, request: Buffer) => Buffer
      readonly passing: readonly string[]
      readonly lasting: readonly string[]
    }
  >
> = {
  postgres: {
    inputs: pair,
    refusal: (code) => message('E', `SFATAL\0VFATAL\0C${code}\0Mnot now\0\0`),
    passing: ['57P03', '57P01', '57P02', '53300', '53200', '08006', '08004', '57014', '40P01', '55P03'],
    lasting: ['28P01', '28000', '3D000', '42501', '57P04', '22023'],
  },
  mysql: {
    inputs: pair,
    greets: true,
    refusal: (code) => {
      const number = Number(code)
      const text = Buffer.from('#HY000not now')
      return Buffer.concat([Buffer.from([text.length + 3, 0, 0, 0, 0xff, number & 0xff, number >> 8]), text])
    },
    passing: ['1040', '1053', '1203', '1205', '1213', '1927', '3168'],
    lasting: ['1045', '1130', '1049', '1129'],
  },
  'redis-acl': {
    inputs: (port) => ({ host: '127.0.0.1', port, login: managingUser, user: 'app' }),
    refusal: (code) => Buffer.from(`-${code} not now\r\n`),
    passing: [
      'LOADING',
      'BUSY',
      'TRYAGAIN',
      'MASTERDOWN',
      'CLUSTERDOWN',
      'NOREPLICAS',
      'ERR max number of clients reached,',
    ],
    lasting: ['WRONGPASS', 'NOPERM', 'ERR', 'READONLY', 'DENIED'],
  },
  'ldap-password': {
    inputs: (port) => ({
      url: `ldap://127.0.0.1:${port}`,
      login: { dn: 'cn=manager,dc=example,dc=org', password: managingUser.password },
      dn: 'cn=app,dc=example,dc=org',
    }),
    // BindResponse (RFC 4511, 4.2.2) to the message of the same number.
    refusal: (code, request) => {
      const result = [0x0a, 1, Number(code), 4, 0, 4, 7, ...Buffer.from('not now')]
      return Buffer.from([0x30, result.length + 5, 2, 1, request[4]!, 0x61, result.length, ...result])
    },
    passing: ['51', '52', '3'],
    lasting: ['49', '50', '53', '34'],
  },
}
describe('a server that refuses', () => {
  let listening: Server | undefined
  afterEach(() => void listening?.close())

  async function refusalOf(rotator: string, code: string): Promise<EscError> {
    const { inputs, greets, refusal } = servers[rotator]!
    const refuse = (socket: Socket, request: Buffer) => socket.end(refusal(code, request))
    listening = createServer((socket) => {
      socket.on('error', () => {})
      if (greets) refuse(socket, Buffer.alloc(0))
      else socket.once('data', (request) => refuse(socket, request))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => listening!.once('listening', resolve))
    const { port } = listening.address() as AddressInfo
    const { plan } = await loadRotator(rotator)
    const error = await failure(plan({ inputs: inputs(port), state: undefined }, testContext()))
    listening.close()
    expect(error, String(error)).to.be.instanceOf(EscError)
    expect(error.message).to.include(code.split(' ')[0]!)
    return error
  }

  for (const [rotator, { passing, lasting }] of Object.entries(servers)) {
    it(`${rotator} for a while is asked again, and for good is not`, async () => {
      for (const code of passing) expect((await refusalOf(rotator, code)).transient, code).to.equal(true)
      for (const code of lasting) expect((await refusalOf(rotator, code)).transient, code).to.equal(false)
    })
  }

  it('redis-acl while a script runs or all its clients are there is asked again', async function () {
    skipWithout(this, missingRedis(), redisPackages)
    this.timeout(30_000)
    const server = await startRedis()
    try {
      const { inputs } = await createRedisUser(server)
      const { plan } = redisAclRotator()
      await server.command('CONFIG', 'SET', 'busy-reply-threshold', '1')
      const script = server.command('EVAL', 'while true do end', '0').catch((error: Error) => error)
      const { host, port } = server
      await until(async () => {
        const connection = await RespConnection.open({ server: { host, port }, connectMs: 5_000, commandMs: 5_000 })
        await connection.command('AUTH', inputs.login.username!, inputs.login.password.reveal())
        const answer = await connection.command('ACL', 'GETUSER', 'x').catch((error: Error) => error.message)
        connection.close()
        return String(answer).startsWith('BUSY')
      })
      const busy = await failure(plan({ inputs, state: undefined }, testContext()))
      expect(busy.message).to.include('BUSY')
      expect(busy.transient).to.equal(true)
      const admin = await RespConnection.open({ server: { host, port }, connectMs: 5_000, commandMs: 5_000 })
      await admin.command('AUTH', server.admin.username, server.admin.password)
      await admin.command('SCRIPT', 'KILL')
      await script
      await plan({ inputs, state: undefined }, testContext())

      await admin.command('CONFIG', 'SET', 'maxclients', '1')
      const full = await failure(plan({ inputs, state: undefined }, testContext()))
      expect(full.message).to.match(/max number of clients|ECONNRESET/)
      expect(full.transient).to.equal(true)
      admin.close()
    } finally {
      await server.stop()
    }
  })

  it('postgres as it has too many connections is asked again', async () => {
    const server = await sharedPostgres()
    const { inputs, manager } = await createUserPair(server)
    await server.sql(`ALTER ROLE ${manager} CONNECTION LIMIT 0`)
    const { plan } = await loadRotator('postgres')
    const error = await failure(plan({ inputs: inputs as PlainObject, state: undefined }, testContext()))
    expect(error.message).to.include('53300')
    expect(error.transient).to.equal(true)
  })
})

function message(type: string, text: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(4 + Buffer.byteLength(text))
  return Buffer.concat([Buffer.from(type), length, Buffer.from(text)])
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 10))) {
    if (Date.now() > end) throw new Error('waited in vain')
  }
}
