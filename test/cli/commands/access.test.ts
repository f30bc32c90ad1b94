import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Level, levels } from '../../../src/access/index.ts'
import { COMMANDS } from '../../../src/cli/framework/registry.ts'
import { RecordedSessions } from '../../operations/recorded-sessions.ts'
import { sample } from '../../sample.ts'
import { type Case, cases, neededFor, sops, wordsOf } from './access-cases.ts'
import { Playground } from './esc.ts'

const definition = `values:
  a: 1
  token: {fn::secret: not-a-real-token}
  password:
    fn::rotate::password:
      inputs: {length: 20}
`

const name = 'app/ours'
const setUp = [
  `env tag ${name} team us`,
  `env set ${name} a 1`,
  `env set ${name} a 1.5`,
  `env version tag ${name}@stable @1`,
]

const exitForbidden = 4

describe('access rules and commands', () => {
  const esc = new Playground()
  const sessions = new RecordedSessions()
  /** The playground as each test finds it: with two environments and the rules. */
  const good = mkdtempSync(join(tmpdir(), 'esc-access-'))
  const numbered = Object.entries(cases).flatMap(([id, listed]) =>
    [listed]
      .flat()
      .map((each, index) => ({ id, index, ...each }) as Case & { readonly id: string; readonly index: number }),
  )

  before(async function () {
    this.timeout(60_000)
    await esc.ok('init')
    await esc.withEnvironment('app/theirs', 'values: {z: 1}\n')
    const rule = (level: Level) =>
      `    - {environments: ["app/*", "new/*"], principals: ${level}, level: ${level}}\n` +
      `    - {environments: [app/theirs, "theirs/*"], principals: ${level}, level: admin}\n`
    appendFileSync(
      join(esc.store, 'esc.yaml'),
      `access:\n  rules:\n    - {environments: "*", principals: ada@example.com, level: admin}\n${levels.slice(1).map(rule).join('')}`,
    )
    await esc.withEnvironment(name, definition)
    for (const each of setUp) await esc.ok(...each.split(' '))
    cpSync(esc.folder, good, { recursive: true })
    sessions.start()
  })
  beforeEach(() => {
    rmSync(esc.folder, { recursive: true })
    cpSync(good, esc.folder, { recursive: true })
  })
  after(() => {
    sessions.stop()
    esc.remove()
    rmSync(good, { recursive: true })
  })

  it('are tried with every command there is', () => {
    expect(Object.keys(cases).sort()).to.deep.equal([...COMMANDS].sort())
  })

  it('give nothing to who has no key, whatever he writes into them', async () => {
    const name = 'app/keyless'
    await esc.withEnvironment(name, definition)
    await esc.ok('env', 'rotate', name)
    const password = JSON.parse(await esc.ok('env', 'open', name)).password.current
    const file = join(esc.store, 'esc.yaml')
    const rules = readFileSync(file, 'utf8')
    writeFileSync(file, `${rules}    - {environments: "*", principals: mallory, level: admin}\n`)
    const env = { ESC_PRINCIPAL: 'mallory', ESC_CONFIG_HOME: join(esc.folder, 'mallory') }
    const attempts = [
      `env open ${name}`,
      `open ${name} token --format string`,
      `env get ${name} --show-secrets`,
      `env run ${name} -- env`,
      `env diff ${name}@1 --show-secrets`,
      `config cp --env ${name} --dest app/theirs`,
      `env clone ${name} mallory/copy`,
      `env init mallory/other --copy-config-from ${name}`,
      `env set ${name} a 2`,
      `env rotate ${name}`,
      `env change-secrets-provider ${name} default`,
    ]
    try {
      for (const attempt of attempts) {
        const { code, out, err } = await esc.run(attempt.split(' '), { env })
        expect(code, `${attempt}: ${out}`).to.equal(1)
        expect(out + err, attempt)
          .to.match(/key/)
          .and.not.include('not-a-real-token')
          .and.not.include(password)
      }
    } finally {
      writeFileSync(file, rules)
    }
    expect(JSON.parse(await esc.ok('env', 'open', name)).password.current).to.equal(password)
  }).timeout(30_000)

  it('with a mistake in them stop every command that touches an environment', async () => {
    const file = join(esc.store, 'esc.yaml')
    const rules = readFileSync(file, 'utf8')
    writeFileSync(file, rules.replace('level: admin', 'level: amdin'))
    try {
      for (const words of [
        'env open app/theirs',
        'env get app/theirs',
        'env ls',
        'env rm app/theirs --yes',
        'access list',
      ]) {
        const { code, err } = await esc.run(words.split(' '))
        expect(code, words).to.equal(1)
        expect(err, words).to.match(/esc\.yaml:\d+: 'amdin' is not a level\nhint: did you mean 'admin'\?/)
      }
      expect((await esc.run(['version'])).code).to.equal(0)
    } finally {
      writeFileSync(file, rules)
    }
  })

  for (const { id, index, ...each } of sample(numbered, 50)) {
    const { words, input = '', fails, before: first = [] } = each
    const needs = neededFor(each)
    it(`let only those use "esc ${words}" who have ${needs}`, async () => {
      const last = `${id.replaceAll(':', '-')}-${index}`
      const line = (text: string) =>
        text
          .replaceAll('{}', name)
          .replaceAll('{last}', last)
          .split(' ')
          .map((word) => word.replaceAll('+', ' '))
      for (const one of first) await esc.ok(...line(one))
      mkdirSync(join(esc.folder, `wanted-${last}`, 'app'), { recursive: true })
      writeFileSync(join(esc.folder, `wanted-${last}`, `${name}.yaml`), 'values: {a: 2}\n')
      const folder = esc.digest()
      let allowed = 0
      for (const level of levels) {
        const env = { ESC_PRINCIPAL: level, SOPS_AGE_KEY_FILE: join(sops, 'key.txt') }
        sessions.forget()
        const ran = await esc.run(line(words), { input, env })
        const performed = sessions.performed
        const what = `${level}: ${ran.err}`
        const enough = needs === 'nothing' || (needs !== 'store' && levels.indexOf(level) >= levels.indexOf(needs))
        if (enough) {
          // The first has done it; for those who could do more it may be done already.
          if (allowed++ === 0) {
            expect(performed, what).to.have.members(wordsOf(each.performs))
            if (!fails) expect(ran.code, what).to.equal(0)
          }
          expect(ran.code, what).to.not.equal(exitForbidden)
          continue
        }
        // What is refused may have been the first of several.
        if (needs === 'store') expect(performed, what).to.have.members(wordsOf(each.performs))
        expect(ran.code, what).to.equal(exitForbidden)
        expect(ran.err)
          .to.include(`'${level}'`)
          .and.match(/that needs (read|open|write|admin), and the rules give/)
        expect(ran.err).to.include('ask ada@example.com')
        expect(ran.out).to.equal('')
        const [newest] = JSON.parse(
          await esc.ok('audit', 'log', '--result', 'denied', '--count', '1', '--output', 'json'),
        )
        expect(newest, what).to.include({ user: level, result: 'denied', command: id.replaceAll(':', ' ') })
        expect(esc.digest(), `${what}: something was written`).to.equal(folder)
      }
    }).timeout(30_000)
  }
})
