import { appendFileSync, chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const DEFINITION = 'values: {token: {fn::secret: not-a-real-token}, count: 1}\n'

describe('esc status of an environment', () => {
  it('is that of esc env status', async () => {
    const playground = new Playground()
    try {
      await playground.withEnvironment('app/dev', 'values: {a: 1}\n')
      expect(await playground.ok('status', 'app/dev')).to.equal('app/dev  revision 2, saved\n')
      expect(await playground.ok('status', 'app/dev', '--output', 'json')).to.equal(
        await playground.ok('env', 'status', 'app/dev', '--output', 'json'),
      )
    } finally {
      playground.remove()
    }
  })
})

describe('esc status with an environment that cannot be used', () => {
  let esc: Playground
  const file = (...path: string[]) => join(esc.store, 'app', 'bad', ...path)
  const revision = () => file('revisions', '3.yaml')
  beforeEach(async () => {
    esc = new Playground()
    await esc.withEnvironment('app/bad', DEFINITION)
    await esc.ok('env', 'set', 'app/bad', 'count', '2')
    await esc.withEnvironment('app/good', DEFINITION)
  })
  afterEach(() => {
    chmodSync(file(), 0o755)
    esc.remove()
  })

  const damages: Readonly<
    Record<string, { readonly damage: () => void; readonly says: RegExp; readonly code: RegExp }>
  > = {
    'settings that are not YAML': {
      damage: () => writeFileSync(file('settings.yaml'), ': ['),
      says: /settings\.yaml:1:1 cannot be read/,
      code: /./,
    },
    'no settings': { damage: () => rmSync(file('settings.yaml')), says: /settings\.yaml is missing/, code: /./ },
    'a folder in the place of the settings': {
      damage: () => {
        rmSync(file('settings.yaml'))
        mkdirSync(file('settings.yaml'))
      },
      says: /cannot read .*settings\.yaml/,
      code: /./,
    },
    'both sides of a merge in a file': {
      damage: () => appendFileSync(file('settings.yaml'), '<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n'),
      says: /merge/,
      code: /./,
    },
    'a revision that is none': {
      damage: () => writeFileSync(revision(), 'garbage\n'),
      says: /3\.yaml is not a revision record/,
      code: /store_damaged/,
    },
    'a revision that is missing': {
      damage: () => rmSync(file('revisions', '2.yaml')),
      says: /revision 2 of environment 'app\/bad' is missing/,
      code: /store_damaged/,
    },
    'no revisions': {
      damage: () => rmSync(file('revisions'), { recursive: true }),
      says: /has no revisions/,
      code: /store_damaged/,
    },
    'a revision that was tampered with': {
      damage: () => writeFileSync(revision(), readFileSync(revision(), 'utf8').replace('count: 2', 'count: 3')),
      says: /is not the one this machine has seen/,
      code: /tampered/,
    },
    'a revision that was tampered with before this machine has seen it': {
      damage: () => {
        writeFileSync(revision(), readFileSync(revision(), 'utf8').replace('count: 2', 'count: 3'))
        rmSync(esc.machine, { recursive: true })
      },
      says: /app\/bad/,
      code: /tampered/,
    },
    'a wrapped key that is damaged': {
      damage: () => {
        const text = readFileSync(file('settings.yaml'), 'utf8')
        writeFileSync(file('settings.yaml'), text.replace(/(wrappedDataKey: ?\S{40})\S{4}/, '$1AAAA'))
      },
      says: /app\/bad/,
      code: /./,
    },
  }

  for (const [what, { damage, says, code }] of Object.entries(damages)) {
    it(`shows everything else, names the problem and fails: ${what}`, async () => {
      damage()
      const { code: exitCode, out } = await esc.run(['status'])
      expect(out)
        .to.match(/^Store: .*\nOrganization: /)
        .and.to.match(/\nEnvironments: 2\n/)
      expect(out)
        .to.match(/\nProblem: {6}app\/bad: /)
        .and.to.match(says)
      expect(out).not.to.include('app/good')
      expect(exitCode).to.equal(1)
      const json = await esc.run(['status', '--output', 'json'])
      expect(json.code).to.equal(1)
      const { problems, environments } = JSON.parse(json.out)
      expect(environments).to.equal(2)
      expect(problems.map((each: { environment: string }) => each.environment)).to.deep.equal(['app/bad'])
      expect(problems[0].code).to.match(code)
      expect(problems[0].problem).to.be.a('string')
      expect(out + json.out).not.to.include('not-a-real-token')
    })
  }

  it('shows everything else where an environment, or a whole project, is a link', async () => {
    const elsewhere = join(esc.folder, 'elsewhere')
    mkdirSync(elsewhere)
    symlinkSync(elsewhere, join(esc.store, 'app', 'link'))
    symlinkSync('/nowhere', join(esc.store, 'other'))
    for (const words of [['status'], ['env', 'status']]) {
      const { code, out, err } = await esc.run(words)
      expect(code).to.equal(1)
      expect(out + err)
        .to.match(/app\/link: .* is a symbolic link/)
        .and.to.match(/other: .* is a symbolic link/)
    }
    const { problems, environments } = JSON.parse((await esc.run(['status', '--output', 'json'])).out)
    expect(environments).to.equal(2)
    expect(problems.map((each: { environment: string }) => each.environment)).to.deep.equal(['app/link', 'other'])
  })

  it('names an environment whose key is not here, which is no failure', async () => {
    const env = { ESC_CONFIG_HOME: join(esc.folder, 'nowhere') }
    const { code, out } = await esc.run(['status'], { env })
    expect(code).to.equal(0)
    expect(out).to.include('No key:       app/bad: it cannot be opened on this machine\n')
    const json = JSON.parse((await esc.run(['status', '--output', 'json'], { env })).out)
    expect(json.locked).to.deep.equal(['app/bad', 'app/good'])
    expect(json).not.to.have.property('problems')
  })

  it('asks for no passphrase', async () => {
    const made = { env: { ESC_PASSPHRASE: 'of a test' }, input: DEFINITION }
    await esc.run(['env', 'init', 'app/phrase', '--secrets-provider', 'passphrase', '--file', '-'], made)
    let asked = 0
    const terminal = { stdinIsTerminal: true, stdoutIsTerminal: true, stderrIsTerminal: true, columns: 80 }
    const ran = await esc.run(['status'], { io: { ...terminal, readLine: async () => String(asked++) } })
    expect(ran.code).to.equal(0)
    expect(asked).to.equal(0)
  })

  it('shows nothing of an environment that may be read but not opened as a problem', async () => {
    appendFileSync(
      join(esc.store, 'esc.yaml'),
      'access: {rules: [{environments: "*", principals: ada@example.com, level: admin}, {environments: "*", principals: bob, level: read}]}\n',
    )
    const ran = await esc.run(['status', '--output', 'json'], { env: { ESC_PRINCIPAL: 'bob' } })
    expect(ran.code).to.equal(0)
    expect(JSON.parse(ran.out)).to.include({ environments: 2 }).and.not.have.any.keys('problems', 'locked')
  })

  it('is the same with env status, which fails when the one environment it is asked for cannot be read', async () => {
    writeFileSync(file('settings.yaml'), ': [')
    const all = await esc.run(['env', 'status'])
    expect(all.code).to.equal(1)
    expect(all.out).to.equal('app/good  revision 2, saved\n')
    expect(all.err).to.match(/^Error: app\/bad: .*settings\.yaml:1:1 cannot be read.*\nhint: /)
    const json = JSON.parse((await esc.run(['env', 'status', '--output', 'json'])).out)
    expect(json.environments.map((each: { name: string }) => each.name)).to.deep.equal(['app/good'])
    expect(json.problems[0].environment).to.equal('app/bad')
    expect((await esc.run(['env', 'status', 'app/bad'])).code).to.equal(1)
    expect((await esc.run(['env', 'status', 'app/good'])).code).to.equal(0)
  })
})
