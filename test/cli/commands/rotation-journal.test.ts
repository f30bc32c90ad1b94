import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { encodeJournalEntry, type JournalEntry, journalEntryId } from '../../../src/rotation/index.ts'
import { secret } from '../../../src/secret.ts'
import { Store } from '../../../src/store/index.ts'
import { createRedisUser } from '../../rotators/chosen/redis-user.ts'
import { skipWithout } from '../../servers/binary.ts'
import { missingRedis, redisPackages, sharedRedis } from '../../servers/redis.ts'
import { Playground } from './esc.ts'

const definition = 'values:\n  token:\n    fn::rotate::password: {inputs: {length: 20}}\n'
const canary = 'canary-of-the-cut-off-rotation'

describe('env rotate journal', () => {
  let esc: Playground
  beforeEach(async () => {
    esc = await new Playground().withEnvironment('rotators/ci', definition)
    await esc.ok('env', 'rotate', 'rotators/ci')
  })
  afterEach(() => esc.remove())

  /** Leaves a record as a rotation that was killed does. */
  async function leave(changes: Partial<JournalEntry> = {}, name = 'rotators/ci'): Promise<void> {
    const keys = { env: esc.env, configFolder: esc.env.ESC_CONFIG_HOME as string, notify: () => {} }
    const environment = Store.open(esc.store, { keys }).environment(name)
    const { number, digest } = environment.current()
    const entry: JournalEntry = {
      path: 'values.token',
      rotator: 'password',
      startedAt: '2026-03-04T04:00:00.000Z',
      revision: number,
      digest,
      pending: { host: 'db1.example.org', port: 5432, username: 'app_b', password: secret(canary) },
      superseded: [],
      ...changes,
    }
    await environment.journal().put(journalEntryId(entry.path), encodeJournalEntry(entry))
  }
  const files = (folder: string): string[] => {
    try {
      return readdirSync(join(esc.machine, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
    } catch {
      return []
    }
  }
  const list = async (...words: string[]) =>
    JSON.parse(await esc.ok('env', 'rotate', 'journal', 'rotators/ci', ...words, '--output', 'json')).records

  it('says that nothing is unfinished', async () => {
    expect(await esc.ok('env', 'rotate', 'journal', 'rotators/ci')).to.equal(
      "No rotation of 'rotators/ci' is unfinished on this machine.\n",
    )
    expect(await list()).to.deep.equal([])
  })

  it('lists what is unfinished, whose it is and what to do, and no secret', async () => {
    await leave()
    const { out, code } = await esc.run(['env', 'rotate', 'journal', 'rotators/ci', '--utc'])
    expect(code).to.equal(0)
    expect(out)
      .to.include('token (password), begun 2026-03-04 04:00:00')
      .and.include('concerns: host db1.example.org, port 5432, username app_b\n')
      .and.include('next: "esc env rotate rotators/ci --resume" finishes or undoes it')
    const [record] = await list()
    expect(record).to.include({
      kind: 'unfinished',
      path: 'token',
      rotator: 'password',
      standing: 'current',
      revision: 3,
    })
    expect(record.concerns).to.deep.equal({ host: 'db1.example.org', port: '5432', username: 'app_b' })
    expect(out + JSON.stringify(record)).to.not.include(canary)
  })

  it('shows of a record that marks nothing as secret only what names a place or an account', async () => {
    await leave({
      pending: { url: `https://u:${canary}@a.example.org/${canary}?t=${canary}`, note: canary, user: 'app' },
    })
    const [record] = await list()
    expect(record.concerns).to.deep.equal({ url: 'https://a.example.org', user: 'app' })
  })

  it('tells a record whose path was rotated since, whose revision is missing, and whose rotator is gone', async () => {
    await leave({ revision: 9, digest: undefined as never })
    expect((await list())[0].standing).to.equal('behind')
    await leave({ path: 'values.gone' })
    const gone = (await list('gone'))[0]
    expect(gone).to.include({ standing: 'rotator-gone', path: 'gone' })
    expect(await esc.ok('env', 'rotate', 'journal', 'rotators/ci', 'gone')).to.include(
      '"esc env rotate journal rotators/ci gone --forget" gives it up',
    )
  })

  it('gives a record up after a confirmation that names it, and keeps it encrypted', async () => {
    await leave()
    const words = ['env', 'rotate', 'journal', 'rotators/ci', 'token', '--forget']
    const declined = await esc.run(words, { input: 'no\n' })
    expect(declined.code).to.equal(1)
    expect(declined.out).to.include('username app_b').and.include('typing `token`')
    expect(declined.out + declined.err).to.not.include(canary)
    expect(files('journal')).to.have.length(1)
    const done = await esc.run(words, { input: 'token\n' })
    expect(done.err).to.equal('')
    expect(done.out).to.include('The record of token was given up. It is kept, encrypted: ')
    expect(files('journal')).to.deep.equal([])
    expect(files('forgotten')).to.have.length(1)
    // Nothing stands in the way any more.
    expect(await esc.ok('env', 'rotate', 'rotators/ci', '--force')).to.include('rotated.')
    await esc.ok('env', 'rm', 'rotators/ci', '--yes')
  })

  it('moves a record back by moving its file back', async () => {
    await leave()
    const { forgotten } = JSON.parse(
      await esc.ok('env', 'rotate', 'journal', 'rotators/ci', '--forget', '--yes', '--output', 'json'),
    )
    renameSync(forgotten.kept, forgotten.record.file)
    expect((await list())[0].path).to.equal('token')
  })

  it('prints the credential before it gives the record up, when asked to', async () => {
    await leave({ pending: { username: 'app_b', password: secret('tê\u009b\u202est') } })
    const words = ['env', 'rotate', 'journal', 'rotators/ci', '--forget', '--show-secrets']
    const declined = await esc.run(words, { input: 'no\n' })
    expect(declined.code).to.equal(1)
    // Steers no terminal, and reads back as it is.
    expect(declined.out).to.include('"password": "t\\u00ea\\u009b\\u202est"')
    const { out } = await esc.run([...words, '--yes', '--output', 'json'])
    expect(JSON.parse(out).forgotten.credential.pending.password).to.equal('tê\u009b\u202est')
  })

  it('writes to the audit log that a record was given up, and nothing of its secrets', async () => {
    await leave()
    await esc.ok('env', 'rotate', 'journal', 'rotators/ci', '--forget', '--yes', '--show-secrets')
    const log = await esc.ok('audit', 'log', '--output', 'json')
    const line = JSON.parse(log).events?.find?.(() => true) ?? log
    expect(JSON.stringify(line)).to.not.include(canary)
    expect(log).to.include('environment-rotation-forgotten').and.not.include(canary)
  })

  it('asks which record is meant, and names those there are', async () => {
    await leave()
    await leave({ path: 'values.gone' })
    const several = await esc.run(['env', 'rotate', 'journal', 'rotators/ci', '--forget', '--yes'])
    expect(several.err).to.include('holds 2 records').and.include('token').and.include('gone')
    const wrong = await esc.run(['env', 'rotate', 'journal', 'rotators/ci', 'tokn', '--forget', '--yes'])
    expect(wrong.err).to.include("no record of 'tokn'")
    await esc.ok('env', 'rotate', 'journal', 'rotators/ci', 'gone', '--forget', '--yes')
    expect((await list()).map(({ path }: { path: string }) => path)).to.deep.equal(['token'])
  })

  it('refuses flags that do not go together', async () => {
    for (const flags of [['--forget', '--retarget'], ['--show-secrets'], ['--yes']]) {
      const { code, err } = await esc.run(['env', 'rotate', 'journal', 'rotators/ci', ...flags])
      expect(code, flags.join(' ')).to.equal(2)
      expect(err).to.include(flags[0])
    }
  })

  it('lists and gives up a record under a key that is gone, which no rotation gets past', async () => {
    await leave()
    // Another machine has given the environment another key meanwhile.
    const settings = join(esc.store, 'rotators', 'ci', 'settings.yaml')
    const [file] = files('journal') as [string]
    const { id } = (await import('yaml')).parse(readFileSync(settings, 'utf8'))
    const folder = join(esc.machine, 'journal', id)
    const bytes = readFileSync(join(folder, file))
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(join(folder, file), bytes)
    const stuck = await esc.run(['env', 'rotate', 'rotators/ci', '--force'])
    expect(stuck.code).to.equal(1)
    expect(stuck.err).to.include('"esc env rotate journal rotators/ci --forget"')
    const [record] = await list()
    expect(record).to.include({ kind: 'unreadable' })
    expect(record.problem).to.include('cannot be decrypted')
    const shown = await esc.run(['env', 'rotate', 'journal', 'rotators/ci', '--forget', '--yes', '--show-secrets'])
    expect(shown.err).to.include('cannot be read')
    expect(files('journal')).to.have.length(1)
    await esc.ok('env', 'rotate', 'journal', 'rotators/ci', '--forget', '--yes')
    expect(files('forgotten')).to.have.length(1)
    expect(await esc.ok('env', 'rotate', 'rotators/ci', '--force')).to.include('rotated.')
  })

  it('lists and gives up the record of an environment that is gone', async () => {
    await leave()
    rmSync(join(esc.store, 'rotators', 'ci'), { recursive: true })
    const [record] = await list()
    expect(record).to.include({ kind: 'left' })
    expect(record.problem).to.include('is not here')
    const text = await esc.ok('env', 'rotate', 'journal', 'rotators/ci')
    expect(text).to.include('bring the environment back')
    const given = await esc.run(['env', 'rotate', 'journal', 'rotators/ci', '--forget'], {
      input: `${record.file.split('/').at(-1)}\n`,
    })
    expect(given.code).to.equal(0)
    expect(files('journal')).to.deep.equal([])
    expect(files('forgotten')).to.have.length(1)
    const after = await esc.run(['env', 'rotate', 'journal', 'rotators/ci'])
    expect(after.code).to.equal(1)
    expect(after.err).to.include('rotators/ci')
  })

  it('shows what an environment of the same name left before this one was made', async () => {
    await leave()
    rmSync(join(esc.store, 'rotators', 'ci'), { recursive: true })
    await esc.withEnvironment('rotators/ci', definition)
    expect((await list()).map(({ kind }: { kind: string }) => kind)).to.deep.equal(['left'])
  })

  it('says that what marks no place cannot be moved', async () => {
    await leave()
    const { code, err } = await esc.run(['env', 'rotate', 'journal', 'rotators/ci', '--retarget', '--yes'])
    expect(code).to.equal(1)
    expect(err).to.include('records of password cannot be moved')
    expect(files('journal')).to.have.length(1)
  })

  describe('for a server with another name', () => {
    before(function () {
      skipWithout(this, missingRedis(), redisPackages)
    })

    it('moves the record, and the rotation is finished there with the password that was begun', async () => {
      const server = await sharedRedis()
      const { inputs, user } = await createRedisUser(server)
      const at = (host: string) =>
        `values:\n  cache:\n    fn::rotate::redis-acl:\n      inputs:\n        host: ${host}\n        port: ${server.port}\n        user: ${user}\n` +
        `        login: {username: ${inputs.login.username}, password: {fn::secret: ${inputs.login.password.reveal()}}}\n`
      await esc.withEnvironment('rotators/cache', at('127.0.0.1'))
      await leave(
        {
          path: 'values.cache',
          rotator: 'redis-acl',
          pending: { host: '127.0.0.1', port: server.port, username: user, password: secret(canary) },
        },
        'rotators/cache',
      )
      const edited = await esc.run(['env', 'edit', 'rotators/cache', '--file', '-'], { input: at('localhost') })
      expect(edited.code, edited.err).to.equal(0)
      const stuck = await esc.run(['env', 'rotate', 'rotators/cache', '--resume'])
      expect(stuck.code).to.equal(1)
      expect(stuck.err).to.include('--retarget')
      const words = ['env', 'rotate', 'journal', 'rotators/cache', 'cache', '--retarget']
      const declined = await esc.run(words, { input: 'no\n' })
      expect(declined.code).to.equal(1)
      expect(declined.out)
        .to.include(`from: host 127.0.0.1, port ${server.port}, username ${user}\n`)
        .and.include(`to:   host localhost, port ${server.port}, username ${user}\n`)
      const moved = await esc.run(words, { input: 'cache\n' })
      expect(moved.err + moved.out).to.include('the record was moved')
      expect(moved.code).to.equal(0)
      expect((await esc.run([...words, '--yes'])).err + (await esc.run([...words, '--yes'])).out).to.include(
        'name the place that its record is of',
      )
      expect(await esc.ok('env', 'rotate', 'rotators/cache', '--resume')).to.include('rotated.')
      const { cache } = JSON.parse(await esc.ok('open', 'rotators/cache'))
      expect(cache.current.password).to.equal(canary)
      expect(await server.login(user, canary)).to.equal(true)
      const log = await esc.ok('audit', 'log', '--output', 'json')
      expect(log).to.include('environment-rotation-retargeted')
    })
  })
})
