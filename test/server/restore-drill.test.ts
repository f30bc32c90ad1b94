import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { installedPostgres, type PostgresServer, sharedPostgres, startPostgres } from '../servers/postgres.ts'
import { Replicas } from './replicas.ts'

const canary = 'not-a-real-secret-of-the-drill'
const packages = 'postgresql'

describe('a store in PostgreSQL that is restored from a dump', function () {
  this.timeout(120_000)
  let replicas: Replicas
  let kept: PostgresServer
  let vendor: PostgresServer
  let programs: string

  before(async function () {
    const found = installedPostgres()
    if (found === undefined) {
      console.log(`    skipped: PostgreSQL of the system not installed (Debian: apt-get install ${packages})`)
      return this.skip()
    }
    programs = found
    ;[kept, vendor] = await Promise.all([startPostgres({ programs }), sharedPostgres()])
    await vendor.sql('CREATE ROLE drill_a LOGIN', 'CREATE ROLE drill_b LOGIN')
    const made = await Replicas.make('app/dev', `values: {secret: {fn::secret: ${canary}}}\n`, kept)
    if (made === undefined) return this.skip()
    replicas = made
    return undefined
  })
  after(async () => {
    await replicas?.end()
    await kept?.stop()
  })

  /** Runs a program of PostgreSQL on the database, whose password is in no word. */
  const run = (name: string, ...words: string[]) => {
    const { host, port, admin } = kept
    const env = {
      ...process.env,
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: admin.username,
      PGPASSWORD: admin.password,
    }
    return execFileSync(join(programs, name), words, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  const pair = () => {
    const { host, port, database, admin } = vendor
    const managingUser = { username: admin.username, password: { 'fn::secret': admin.password } }
    const inputs = {
      database: { host, port, database, managingUser },
      rotateUsers: { username1: 'drill_a', username2: 'drill_b' },
    }
    return JSON.stringify({ values: { db: { 'fn::rotate::postgres': { inputs } } } })
  }

  it('has all that it had: values, tokens, sessions and the audit log; a pair rotates on; the dump tells no secret', async () => {
    const environments = '/api/esc/environments/acme'
    const words = ['--no-scheduler', '--log', 'off']
    const [one, other] = await Promise.all([replicas.start('one', words), replicas.start('other', words)])
    const made = await one.call('POST', environments, { body: { project: 'db', name: 'pair' } })
    expect(made.status, made.text).to.equal(204)
    const saved = await other.call('PATCH', `${environments}/db/pair`, { body: pair() })
    expect(saved.status, saved.text).to.equal(200)
    const rotated = await one.call('POST', `${environments}/db/pair/rotate`, { body: {} })
    expect(rotated.json.secretRotationEvent.status).to.equal('succeeded')
    const { id } = (await other.call('POST', `${environments}/db/pair/open`, { token: one.token })).json
    const opened = await one.call('GET', `${environments}/db/pair/open/${id}`)
    const { current } = JSON.parse(opened.text).properties.db.value
    const password: string = current.value.password.value
    expect(await vendor.login(current.value.username.value, password)).to.equal(true)
    await Promise.all([one.stop(), other.stop()])

    const dump = join(replicas.program.folder, 'dump.sql')
    run('pg_dump', '--no-owner', '--file', dump, 'postgres')
    const text = readFileSync(dump, 'latin1')
    expect(text).to.include('app/dev').and.to.include('audit_line')
    // Bytes are written in hexadecimal.
    for (const secret of [canary, password, one.token, other.token, vendor.admin.password, id])
      for (const form of [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64')])
        expect(text.includes(form), form.slice(0, 8)).to.equal(false)

    run('psql', '--quiet', '--dbname', 'template1', '--command', 'drop database postgres')
    run('psql', '--quiet', '--dbname', 'template1', '--command', 'create database postgres')
    run('psql', '--quiet', '--set', 'ON_ERROR_STOP=1', '--dbname', 'postgres', '--file', dump)

    // On a machine that has nothing but the key.
    const again = await replicas.start('later', words)
    for (const { token } of [one, other]) {
      const read = await again.call('GET', `${environments}/db/pair/open/${id}`, { token })
      expect([read.status, read.text]).to.deep.equal([200, opened.text])
    }
    const { id: anew } = (await again.call('POST', `${environments}/app/dev/open`)).json
    expect((await again.call('GET', `${environments}/app/dev/open/${anew}?property=secret`)).json.value).to.equal(
      canary,
    )
    const next = await again.call('POST', `${environments}/db/pair/rotate`, { body: {} })
    expect(next.json.secretRotationEvent.status, next.text).to.equal('succeeded')
    const { id: last } = (await again.call('POST', `${environments}/db/pair/open`)).json
    const { value } = (await again.call('GET', `${environments}/db/pair/open/${last}?property=db.current`)).json
    expect(value.password.value).not.to.equal(password)
    expect(await vendor.login(value.username.value, value.password.value)).to.equal(true)
    const verified = JSON.parse(await replicas.program.ok('audit', 'verify', '--output', 'json'))
    expect(verified.findings).to.deep.equal([])
    expect(verified.lines).to.be.above(8)
  })
})
