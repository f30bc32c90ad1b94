import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { SHELLS } from '../../../src/cli/framework/completion-script.ts'
import { Playground, packageRoot } from '../commands/esc.ts'

const DEFINITION = `values:
  token: {fn::secret: hunter2-hunter2}
  database:
    user: {fn::rotate::password: {inputs: {}}}
    admin: {fn::rotate::password: {inputs: {length: 20}}}
`

describe('esc __complete', () => {
  const playground = new Playground()
  before(async () => {
    await playground.withEnvironment('app/dev', DEFINITION)
    await playground.withEnvironment('base/common', 'values: {a: 1}\n')
    await playground.ok('env', 'set', 'app/dev', 'port', '5432')
    await playground.ok('env', 'version', 'tag', 'app/dev@stable', '@1')
    await playground.ok('env', 'tag', 'app/dev', 'team', 'payments')
    await playground.ok('env', 'schedule', 'new', 'app/dev', '--cron', '@daily')
  })
  after(() => playground.remove())

  /** The answer for a command line whose last word is typed. It always succeeds, and silently. */
  const answer = async (line: string, env: Record<string, string> = {}, options: readonly string[] = ['--names']) => {
    const words = line.split(' ').slice(1)
    const ran = await playground.run(['__complete', ...options, `--word=${words.at(-1)}`, ...words.slice(0, -1)], {
      env,
    })
    expect({ code: ran.code, err: ran.err }, line).to.deep.equal({ code: 0, err: '' })
    return ran.out
  }
  const complete = async (line: string, env?: Record<string, string>) =>
    (await answer(line, env)).split('\n').filter((each) => each !== '')

  const cases: readonly (readonly [string, readonly string[]])[] = [
    // Commands, under all their names.
    ['esc en', ['env']],
    ['esc env ro', ['rotate', 'rotators']],
    ['esc config s', ['set', 'set-all']],
    ['esc schedule pa', ['pause']],
    ['esc help env ver', ['version']],
    ['esc --env app/dev env ver', ['version']],
    ['esc nothing here', []],
    // Flags and their values.
    ['esc env rotate --fa', ['--failed']],
    ['esc rotate app/dev --pl', ['--plan']],
    ['esc rotate --plan --pl', []],
    ['esc config set --pl', ['--plaintext']],
    ['esc env open app/dev --format d', ['detailed', 'dotenv']],
    ['esc env open app/dev -f d', ['detailed', 'dotenv']],
    ['esc env open app/dev --format=d', ['--format=detailed', '--format=dotenv']],
    ['esc env ls --output ', ['text', 'json']],
    ['esc env set app/dev a --file ', [':files']],
    // Environments.
    ['esc env get app/d', ['app/dev']],
    ['esc get ', ['app/dev', 'base/common']],
    ['esc config env add app/d', ['app/dev']],
    ['esc config set --env app/d', ['app/dev']],
    ['esc config cp aws:region --dest app/d', ['app/dev']],
    ['esc env rotators b', ['base/common']],
    // Versions.
    ['esc open app/dev@', ['app/dev@latest', 'app/dev@stable', 'app/dev@3', 'app/dev@2', 'app/dev@1']],
    ['esc open app/dev@s', ['app/dev@stable']],
    ['esc env version tag app/dev@new @', ['@latest', '@stable', '@3', '@2', '@1']],
    ['esc env version tag app/dev@new s', ['stable']],
    ['esc env diff app/dev@1 @s', ['@stable']],
    ['esc env version retract app/dev@1 --replace-with 2', ['2']],
    ['esc open none/such@', []],
    // Tags, rotators, schedules.
    ['esc env tag get app/dev ', ['team']],
    ['esc env tag rm --env app/dev ', ['team']],
    ['esc env rotate app/dev data', ['database.user', 'database.admin']],
    ['esc env rotate app/dev database.user ', ['database.admin']],
    ['esc --env app/dev rotate data', ['database.user', 'database.admin']],
    ['esc env rotate doctor app/dev database.u', ['database.user']],
    ['esc schedule pause app/dev sch', ['sched-1']],
    // Another program's words.
    ['esc run app/dev -- l', [':files']],
    ['esc completion p', ['powershell']],
  ]
  it('answers with what may stand in the place of the word', async () => {
    for (const [line, expected] of cases) expect(await complete(line), line).to.deep.equal(expected)
  })

  it('tells each candidate in a line', async () => {
    expect(await answer('esc env rotate app/dev database.u', {}, [])).to.equal('database.user\tpassword\n')
    expect(await answer('esc open app/dev@1', {}, [])).to.equal('app/dev@1\tcreate, 2026-03-04, Ada Lovelace\n')
    expect(await answer('esc env ver', {}, [])).to.equal('version\tShow one revision of an environment.\n')
  })

  it('needs no key, changes nothing, and shows no value', async () => {
    const [store, machine] = [playground.digest(), playground.digest(playground.machine)]
    let shown = ''
    for (const [line] of cases)
      shown += await answer(line, { ESC_KEY: 'wrong', ESC_CONFIG_HOME: playground.env.ESC_CONFIG_HOME as string })
    expect(shown).not.to.match(/hunter2|5432|payments/)
    expect([playground.digest(), playground.digest(playground.machine)]).to.deep.equal([store, machine])
  })

  it('offers nothing of an environment that the access rules hide, and records no refusal', async () => {
    const ruled = new Playground()
    try {
      await ruled.withEnvironment('app/dev', DEFINITION)
      const rule = (who: string) => `access: {rules: [{environments: "*", principals: ${who}, level: admin}]}\n`
      const settings = join(ruled.store, 'esc.yaml')
      const open = readFileSync(settings, 'utf8')
      const offered = async (who: string) => {
        writeFileSync(settings, `${open}${rule(who)}`)
        const env = { ESC_STORE: ruled.store }
        return [
          await complete('esc open app/', env),
          await complete('esc open app/dev@1', env),
          await complete('esc rotate app/dev database.u', env),
        ]
      }
      const before = ruled.digest(ruled.machine)
      expect(await offered('grace@example.com')).to.deep.equal([[], [], []])
      expect(await offered('ada@example.com')).to.deep.equal([['app/dev'], ['app/dev@1'], ['database.user']])
      expect(await ruled.ok('audit', 'log', '--result', 'denied')).not.to.include('app/dev')
      expect(ruled.digest(ruled.machine)).to.equal(before)
    } finally {
      ruled.remove()
    }
  })

  it('is silent where the store is broken, is not there or is on a server', async () => {
    const line = 'esc open app/dev@'
    // A server that nobody may reach while a line is typed: an address that answers nobody.
    const server = { ESC_SERVER_URL: 'http://192.0.2.1:9', ESC_SERVER_TOKEN: 'none' }
    for (const env of [{ ESC_STORE: '/nowhere' }, server] as Record<string, string>[]) {
      expect(await complete(line, env)).to.deep.equal([])
      expect(await complete('esc env rota', env)).to.deep.equal(['rotate', 'rotators'])
    }
    const broken = new Playground()
    try {
      await broken.withEnvironment('app/dev', DEFINITION)
      const folder = join(broken.store, 'app', 'dev')
      writeFileSync(join(folder, 'settings.yaml'), '{')
      rmSync(join(folder, 'revisions'), { recursive: true })
      expect(await complete(line, { ESC_STORE: broken.store })).to.deep.equal([])
      expect(await complete('esc env rotate app/dev data', { ESC_STORE: broken.store })).to.deep.equal([])
    } finally {
      broken.remove()
    }
  })

  it('is asked by the script of each shell', async () => {
    for (const shell of SHELLS) {
      const script = await playground.ok('completion', shell)
      expect(script, shell).to.include('esc __complete')
      expect(await playground.ok('completion', shell, '--no-descriptions'), shell).to.include('esc __complete --names')
    }
    const bash = await playground.ok('completion', 'bash')
    expect(spawnSync('bash', ['-n'], { input: bash, cwd: packageRoot }).status).to.equal(0)
    expect(await playground.ok('completion', 'zsh')).to.match(/^#compdef esc\n/)
  })
})
