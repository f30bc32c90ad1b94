import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type AuditLine,
  type Caller,
  createEnvironment,
  openEnvironment,
  ServedStore,
  type Session,
  type SessionHost,
  setEnvironmentTag,
  setValues,
  verifyAuditLog,
} from '../../src/operations/index.ts'
import { SampleStore } from './sample-store.ts'

type Named = Caller & Required<Pick<Caller, 'principal'>>

const caller = (name: string, more: Partial<Caller> = {}): Named => ({
  principal: { name, from: 'token' },
  origin: { command: 'server', token: `${name.split('@')[0]}-laptop`, address: '203.0.113.7' },
  ...more,
})
const ada = caller('ada@example.com')
const reader = caller('read@example.com')
const opener = caller('open@example.com')
const writer = caller('write@example.com', { author: { name: 'Wanda', email: 'wanda@example.com' } })

describe('a store that is served to several callers', () => {
  let store: SampleStore
  let served: ServedStore
  let host: SessionHost
  before(async () => {
    store = await SampleStore.make()
    host = store.parts('ada@example.com').host
    // What the process itself goes by, which is an admin, says nothing about whoever calls.
    const env = { ...host.env, CI: 'true', GITHUB_ACTIONS: 'true', SSH_CONNECTION: '198.51.100.9 1 2 3' }
    host = { ...host, env, build: 'one' }
    served = new ServedStore(store.folder, host)
  })
  after(() => store.remove())

  const code = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error) => error.code,
    )
  const dev = (session: Session) => session.reference('app/dev')
  const open = (session: Session) => session.perform(openEnvironment, dev(session))
  const tag = (session: Session, name: string) => session.perform(setEnvironmentTag, dev(session), { name, value: 'x' })
  const lines = (): AuditLine[] => {
    const folder = join(store.folder, 'environments', '.audit')
    return (existsSync(folder) ? readdirSync(folder) : []).flatMap((file) =>
      readFileSync(join(folder, file), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    )
  }

  it('lets each do what the rules give to it, whatever others do in between', async () => {
    const before = lines().length
    const rounds = [ada, reader, opener, ada, opener, reader, reader, ada].map((each, index) => {
      const session = served.session(each)
      return Promise.all([code(open(session)), code(tag(session, `round-${index}`))])
    })
    const given = { [ada.principal.name]: ['done', 'done'], [opener.principal.name]: ['done', 'forbidden'] }
    const expected = [ada, reader, opener, ada, opener, reader, reader, ada].map(
      ({ principal }) => given[principal.name] ?? ['forbidden', 'forbidden'],
    )
    expect(await Promise.all(rounds)).to.deep.equal(expected)

    const written = lines().slice(before)
    for (const { user, userFrom, token, address, ci, command } of written) {
      expect({ userFrom, token, address, ci, command }).to.deep.equal({
        userFrom: 'token',
        token: `${user.split('@')[0]}-laptop`,
        address: '203.0.113.7',
        ci: undefined,
        command: 'server',
      })
    }
    const counted = (name: string, event: string, result: string) =>
      written.filter((line) => line.user === name && line.event === event && line.result === result).length
    expect(counted('read@example.com', 'environment-open', 'denied')).to.equal(3)
    expect(counted('read@example.com', 'environment-open', 'allowed')).to.equal(0)
    expect(counted('open@example.com', 'environment-open', 'allowed')).to.equal(2)
    expect(counted('open@example.com', 'environment-tag-created', 'denied')).to.equal(2)
    expect(counted('ada@example.com', 'environment-tag-created', 'done')).to.equal(3)
  })

  it('has nobody use what another has opened before', async () => {
    await open(served.session(ada))
    expect(await code(open(served.session(reader)))).to.equal('forbidden')
    // Below every operation: the key is there, and the store does not hand it out.
    const below = served.session(reader).workspace.store.environment('app/dev')
    expect(await code(below.unlock())).to.equal('forbidden')
    const restricted = caller('ada@example.com', { restriction: { level: 'read', environments: [] } })
    expect(await code(open(served.session(restricted)))).to.equal('forbidden')
    expect(await code(open(served.session(ada)))).to.equal('done')
  })

  it('has the lines of opens that come at once in one chain, and on the disk before any has its answer', async () => {
    const before = lines().length
    const callers = Array.from({ length: 12 }, (_, index) => [ada, opener, reader][index % 3] as Named)
    const answered: Record<string, number> = {}
    await Promise.all(
      callers.map(async (each) => {
        const outcome = await code(open(served.session(each)))
        const { name } = each.principal
        answered[name] = (answered[name] ?? 0) + 1
        const own = lines().slice(before)
        const result = outcome === 'done' ? 'allowed' : 'denied'
        const written = own.filter(
          (line) => line.user === name && line.event === 'environment-open' && line.result === result,
        )
        expect(written.length, `${name}, ${outcome}`).to.be.at.least(answered[name])
      }),
    )
    expect(answered).to.deep.equal({ 'ada@example.com': 4, 'open@example.com': 4, 'read@example.com': 4 })
    const { result } = await served.session(ada).perform(verifyAuditLog, undefined, { expected: [] })
    expect(result.findings).to.deep.equal([])
  })

  it('opens for nobody while the log that is required cannot be written', async () => {
    const folder = join(store.folder, 'environments', '.audit')
    renameSync(folder, `${folder}-aside`)
    writeFileSync(folder, 'no folder')
    try {
      const outcomes = await Promise.all([ada, opener, ada].map((each) => code(open(served.session(each)))))
      expect(outcomes).to.deep.equal(['io', 'io', 'io'])
    } finally {
      rmSync(folder)
      renameSync(`${folder}-aside`, folder)
    }
    expect(await code(open(served.session(ada)))).to.equal('done')
  })

  it('decrypts what was opened before once, and again when anything in it has changed', async () => {
    const opened = async (each: Named) => (await open(served.session(each))).result
    await opened(ada)
    const first = await opened(ada)
    const again = await opened(opener)
    expect(first.constant).to.equal(true)
    expect(again.properties, 'the same object').to.equal(first.properties)
    const assignments = [{ path: ['fresh'], value: 'new', plaintext: false }]
    const session = served.session(ada)
    await session.perform(setValues, dev(session), assignments)
    for (const each of [opener, ada, opener]) {
      const { properties } = await opened(each)
      expect(properties?.fresh?.value).to.equal('new')
      expect(properties).not.to.equal(first.properties)
    }
  })

  it('asks for what is imported as well, however often others have opened it', async () => {
    const file = join(store.folder, 'environments', 'esc.yaml')
    const rules = readFileSync(file, 'utf8')
    const rule = '    - {environments: app/dev, principals: dev@example.com, level: open}\n'
    writeFileSync(file, `${rules}${rule}`)
    try {
      await open(served.session(ada))
      expect(await code(open(served.session(caller('dev@example.com'))))).to.equal('forbidden')
    } finally {
      writeFileSync(file, rules)
    }
    // Rules count as they are now: without that one, it is not to be opened at all.
    expect(await code(open(served.session(caller('dev@example.com'))))).to.equal('forbidden')
    expect(lines().at(-1)).to.include({ environment: 'app/dev', event: 'environment-open', result: 'denied' })
  })

  it('records revisions and commits as their callers are named', async () => {
    const before = process.env.GIT_AUTHOR_NAME
    process.env.GIT_AUTHOR_NAME = 'The Server'
    try {
      const made: string[] = []
      for (const each of [writer, ada]) {
        const session = served.session(each)
        const assignments = [{ path: [each.principal.name.slice(0, 3)], value: 1, plaintext: false }]
        const { commit } = await session.perform(setValues, dev(session), assignments)
        expect(commit?.kind).to.equal('committed')
        const { author } = session.workspace.store.environment('app/dev').current()
        made.push(`${author.name} <${author.email}>`, store.git('log', '-1', '--format=%an <%ae>'))
      }
      const [wanda, other] = ['Wanda <wanda@example.com>', 'ada@example.com <ada@example.com>']
      expect(made).to.deep.equal([wanda, wanda, other, other])
    } finally {
      if (before === undefined) delete process.env.GIT_AUTHOR_NAME
      else process.env.GIT_AUTHOR_NAME = before
    }
  })

  it('commits for a caller without an address, where git knows none either', async () => {
    const names = ['HOME', 'XDG_CONFIG_HOME', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM', 'EMAIL'] as const
    const before = names.map((name) => [name, process.env[name]] as const)
    for (const name of names) delete process.env[name]
    Object.assign(process.env, { HOME: join(store.folder, 'nobody'), GIT_CONFIG_NOSYSTEM: '1' })
    const file = join(store.folder, 'environments', 'esc.yaml')
    const rules = readFileSync(file, 'utf8')
    writeFileSync(file, `${rules}    - {environments: app/dev, principals: bot, level: write}\n`)
    try {
      const { commit } = await tag(served.session(caller('bot')), 'by-bot')
      expect(commit).to.include({ kind: 'committed' })
      expect(store.git('log', '-1', '--format=%an <%ae> %cn <%ce>')).to.equal('bot <> bot <>')
    } finally {
      writeFileSync(file, rules)
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
    }
  })

  it('evaluates the name of each caller for itself, however it is written', async () => {
    const whole = `values: {secret: {fn::secret: x}, name: "\${context.pulumi.user.login}"}\n`
    const escaped = whole.replace('context', '\\x63ontext')
    const written = { 'app/who': whole, 'app/whom': escaped }
    for (const [name, definition] of Object.entries(written)) {
      const session = served.session(ada)
      await session.perform(createEnvironment, session.reference(name), { definition })
      for (const each of [ada, opener, ada, opener]) {
        const opening = served.session(each)
        const { properties } = (await opening.perform(openEnvironment, opening.reference(name))).result
        expect(properties?.name?.value).to.equal(each.principal.name)
      }
    }
  })

  it('unwraps a key once in ten minutes for all of them', async () => {
    const folder = join(store.folder, 'config')
    await open(served.session(ada))
    rmSync(folder, { recursive: true })
    expect(await code(open(served.session(opener)))).to.equal('done')
    store.now = new Date(store.now.getTime() + 10 * 60_000)
    expect(await code(open(served.session(opener)))).to.equal('key_unavailable')
  })
})
