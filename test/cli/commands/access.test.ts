import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Level, levels } from '../../../src/access/index.ts'
import { COMMANDS } from '../../../src/cli/framework/registry.ts'
import { Playground, packageRoot } from './esc.ts'

const sops = join(packageRoot, 'test', 'operations', 'import', 'sops')

const scheduled = ['env schedule new {} --cron 0+0+*+*+*']

/**
 * What a command needs, and a command line of it. `{}` stands for the environment it is tried on,
 * `+` for a space in a word.
 */
interface Case {
  /**
   * On the environment; `store`: admin of everything; `nothing`: it shows and changes nothing of
   * any environment.
   */
  readonly needs: Exclude<Level, 'none'> | 'store' | 'nothing'
  readonly words: string
  readonly input?: string
  /** It finds nothing to do here, also for those who may. */
  readonly fails?: boolean
  /** What is done, by an admin, so that there is something to do. */
  readonly before?: readonly string[]
}

/** No such host: what is sent goes nowhere. */
const hooked = ['env webhook new {} me --url https://receiver.invalid/']

const cases: Readonly<Record<string, Case | readonly Case[]>> = {
  'access:explain': [
    { needs: 'nothing', words: 'access explain {}' },
    { needs: 'nothing', words: 'access explain {} --as bob' },
  ],
  'access:list': { needs: 'nothing', words: 'access list' },
  'access:add': { needs: 'store', fails: true, words: 'access add nobody age1x --yes' },
  'access:join': { needs: 'nothing', words: 'access join' },
  'access:remove': { needs: 'store', words: 'access remove nobody --yes' },
  'audit:log': [
    { needs: 'store', words: 'audit log' },
    { needs: 'admin', words: 'audit log {}' },
  ],
  'audit:verify': { needs: 'nothing', words: 'audit verify' },
  check: { needs: 'nothing', words: 'check' },
  completion: { needs: 'nothing', words: 'completion bash' },
  config: [
    { needs: 'read', words: 'config --env {}' },
    { needs: 'open', words: 'config --env {} --show-secrets' },
    { needs: 'open', words: 'config --env {} --open' },
  ],
  'config:cp': [
    { needs: 'open', words: 'config cp --env {} --dest app/theirs' },
    { needs: 'write', words: 'config cp --env app/theirs --dest {}' },
    { needs: 'write', words: 'config cp --env app/theirs --dest {} --plan' },
  ],
  'config:env:add': { needs: 'write', words: 'config env add --env {} app/theirs' },
  'config:env:ls': { needs: 'read', words: 'config env ls --env {}' },
  'config:env:rm': {
    needs: 'write',
    words: 'config env rm --env {} base/open',
    before: ['env init base/open', 'config env add --env {} base/open'],
  },
  'config:get': [
    { needs: 'open', words: 'config get --env {} a:b', before: ['config set --env {} a:b c'] },
    { needs: 'open', words: 'config get --env {} a:b --open=false', before: ['config set --env {} a:b c'] },
  ],
  'config:rm': { needs: 'write', words: 'config rm --env {} a:b' },
  'config:rm-all': { needs: 'write', words: 'config rm-all --env {} a:b' },
  'config:set': { needs: 'write', words: 'config set --env {} a:b c' },
  'config:set-all': { needs: 'write', words: 'config set-all --env {} --plaintext a:b=c' },
  'env:apply': [
    { needs: 'write', words: 'env apply --file wanted-{last}' },
    { needs: 'write', words: 'env apply --file wanted-{last} --plan' },
  ],
  'env:change-secrets-provider': [
    { needs: 'admin', words: 'env change-secrets-provider {} default' },
    { needs: 'store', words: 'env change-secrets-provider --all default' },
  ],
  'env:clone': { needs: 'open', words: 'env clone {} theirs/{last}' },
  'env:diff': [
    { needs: 'read', words: 'env diff {}@1 @2' },
    { needs: 'open', words: 'env diff {}@1 @2 --show-secrets' },
  ],
  'env:discard': { needs: 'write', words: 'env discard {}' },
  'env:edit': { needs: 'write', words: 'env edit {} --file -', input: 'values: {a: 3}\n' },
  'env:get': [
    { needs: 'read', words: 'env get {}' },
    { needs: 'read', words: 'env get {} a --value json' },
    { needs: 'open', words: 'env get {} --show-secrets' },
  ],
  'env:graph': [
    { needs: 'read', words: 'env graph {}' },
    { needs: 'nothing', words: 'env graph' },
  ],
  'env:import:dotenv': { needs: 'write', words: 'env import dotenv {} -', input: 'B=1\n' },
  'env:import:pulumi': { needs: 'write', words: 'env import pulumi {} -', input: 'config: {p:b: 1}\n' },
  'env:import:sops': { needs: 'write', words: `env import sops {} ${join(sops, 'all.yaml')}` },
  'env:init': [
    { needs: 'write', words: 'env init new/{last}' },
    { needs: 'open', words: 'env init theirs/{last} --copy-config-from {}' },
  ],
  'env:ls': { needs: 'nothing', words: 'env ls' },
  'env:open': { needs: 'open', words: 'env open {}' },
  'env:open-request': { needs: 'read', fails: true, words: 'env open-request {}' },
  'env:renumber': { needs: 'write', fails: true, words: 'env renumber {}' },
  'env:provider:aws-login:oidc': {
    needs: 'write',
    words: 'env provider aws-login oidc {} arn:aws:iam::1:role/a session',
  },
  'env:provider:aws-login:static': { needs: 'write', words: 'env provider aws-login static {} id secret' },
  'env:provider:azure-login:oidc': {
    needs: 'write',
    fails: true,
    words: 'env provider azure-login oidc {} tenant /s client',
  },
  'env:provider:azure-login:static': {
    needs: 'write',
    fails: true,
    words: 'env provider azure-login static {} tenant /s client secret',
  },
  'env:provider:gcp-login:oidc': {
    needs: 'write',
    fails: true,
    words: 'env provider gcp-login oidc {} 1 --workload-pool-id w --provider-id p --service-account a',
  },
  'env:provider:gcp-login:static': { needs: 'write', fails: true, words: 'env provider gcp-login static {} 1 token' },
  'env:referrer:list': { needs: 'read', words: 'env referrer list {}' },
  'env:restore': { needs: 'admin', words: 'env restore {}', before: ['env rm {} --yes'] },
  'env:rewrap': { needs: 'admin', words: 'env rewrap {}' },
  'env:rm': [
    { needs: 'admin', words: 'env rm {} --yes' },
    { needs: 'write', words: 'env rm {} a' },
  ],
  'env:rm-all': { needs: 'write', words: 'env rm-all {} a' },
  'env:rotate': [
    { needs: 'write', words: 'env rotate {}' },
    { needs: 'write', words: 'env rotate {} --plan' },
    { needs: 'write', words: 'env rotate {} --failed' },
    { needs: 'write', words: 'env rotate {} --resume' },
  ],
  'env:rotators': [
    { needs: 'read', words: 'env rotators {}' },
    { needs: 'nothing', words: 'env rotators' },
  ],
  'env:rotate:doctor': { needs: 'open', words: 'env rotate doctor {}' },
  'env:rotate:journal': [
    { needs: 'open', words: 'env rotate journal {}' },
    { needs: 'write', fails: true, words: 'env rotate journal {} password --forget --yes' },
    { needs: 'write', fails: true, words: 'env rotate journal {} password --retarget --yes' },
  ],
  'env:rotate:history': { needs: 'read', words: 'env rotate history {}' },
  'env:run': { needs: 'open', words: 'env run {} -- true' },
  'env:save': { needs: 'write', words: 'env save {}' },
  'env:schedule:edit': { needs: 'write', words: 'env schedule edit {} sched-1 --cron 0+1+*+*+*', before: scheduled },
  'env:schedule:get': { needs: 'read', words: 'env schedule get {} sched-1', before: scheduled },
  'env:schedule:history': { needs: 'read', words: 'env schedule history {} sched-1', before: scheduled },
  'env:schedule:list': { needs: 'read', words: 'env schedule list {}', before: scheduled },
  'env:schedule:new': { needs: 'write', words: 'env schedule new {} --cron 0+0+*+*+*' },
  'env:schedule:pause': { needs: 'write', words: 'env schedule pause {} sched-1', before: scheduled },
  'env:schedule:remove': { needs: 'write', words: 'env schedule remove {} sched-1 --yes', before: scheduled },
  'env:schedule:resume': { needs: 'write', words: 'env schedule resume {} sched-1', before: scheduled },
  'env:schema': { needs: 'nothing', words: 'env schema' },
  'env:set': { needs: 'write', words: 'env set {} a 2' },
  'env:set-all': { needs: 'write', words: 'env set-all {} a=2 c=3' },
  'env:settings:get': { needs: 'read', words: 'env settings get {}' },
  'env:settings:set': { needs: 'admin', words: 'env settings set {} deletion-protected false' },
  'env:status': { needs: 'read', words: 'env status {}' },
  'env:tag': { needs: 'write', words: 'env tag {} owner me' },
  'env:tag:get': { needs: 'read', words: 'env tag get {} team' },
  'env:tag:ls': { needs: 'read', words: 'env tag ls {}' },
  'env:tag:mv': { needs: 'write', words: 'env tag mv {} team crew' },
  'env:tag:rm': { needs: 'write', words: 'env tag rm {} team' },
  'env:trust': [
    { needs: 'open', words: 'env trust {} --yes' },
    { needs: 'nothing', words: 'env trust --all' },
  ],
  'env:types': { needs: 'read', words: 'env types {}' },
  'env:version': { needs: 'read', words: 'env version {}@1' },
  'env:version:history': { needs: 'read', words: 'env version history {}' },
  'env:version:retract': { needs: 'write', words: 'env version retract {}@2' },
  'env:version:rollback': { needs: 'write', words: 'env version rollback {}@2' },
  'env:version:tag': { needs: 'write', words: 'env version tag {}@new @1' },
  'env:version:tag:ls': { needs: 'read', words: 'env version tag ls {}' },
  'env:version:tag:rm': { needs: 'write', words: 'env version tag rm {}@stable' },
  'env:webhook:deliver': { needs: 'nothing', words: 'env webhook deliver' },
  'env:webhook:delivery:list': { needs: 'write', words: 'env webhook delivery list {} hook-1', before: hooked },
  'env:webhook:delivery:redeliver': {
    needs: 'write',
    fails: true,
    words: 'env webhook delivery redeliver {} hook-1 dlv-0',
    before: hooked,
  },
  'env:webhook:edit': { needs: 'write', words: 'env webhook edit {} hook-1 --active=false', before: hooked },
  'env:webhook:get': { needs: 'write', words: 'env webhook get {} hook-1', before: hooked },
  'env:webhook:list': { needs: 'write', words: 'env webhook list {}', before: hooked },
  'env:webhook:new': { needs: 'write', words: 'env webhook new {} me --url https://example.com/' },
  'env:webhook:ping': { needs: 'write', fails: true, words: 'env webhook ping {} hook-1', before: hooked },
  'env:webhook:rm': { needs: 'write', words: 'env webhook rm {} hook-1', before: hooked },
  init: { needs: 'nothing', words: 'init other-{last}' },
  login: { needs: 'nothing', words: 'login' },
  lsp: { needs: 'nothing', words: 'lsp', fails: true },
  logout: { needs: 'nothing', words: 'logout --all' },
  'export:pulumi': {
    needs: 'open',
    words: 'export pulumi {} --stack dev --project p',
    before: ['config set --env {} a:b c'],
  },
  'oidc:init': [
    { needs: 'nothing', words: 'oidc init' },
    { needs: 'store', words: 'oidc init --issuer https://esc.example.org' },
  ],
  'oidc:jwks': { needs: 'nothing', words: 'oidc jwks' },
  'oidc:publish': {
    needs: 'nothing',
    words: 'oidc publish site',
    before: ['oidc init --issuer https://esc.example.org'],
  },
  'oidc:rotate-key': { needs: 'nothing', words: 'oidc rotate-key', before: ['oidc init'] },
  'oidc:token': {
    needs: 'open',
    words: 'oidc token {} --show',
    before: ['oidc init --issuer https://esc.example.org'],
  },
  open: { needs: 'open', words: 'open {}' },
  providers: { needs: 'nothing', words: 'providers' },
  rotators: { needs: 'nothing', words: 'rotators --schema password' },
  run: { needs: 'open', words: 'run {} -- true' },
  // They rotate what the rules let them, environment by environment: a refusal is the result of a
  // run.
  mcp: { needs: 'nothing', words: 'mcp --level read --command true', fails: true },
  'scheduler:install': { needs: 'nothing', words: 'scheduler install --cron' },
  'scheduler:start': { needs: 'nothing', words: 'scheduler start --every 0s', fails: true },
  'scheduler:tick': { needs: 'nothing', words: 'scheduler tick' },
  setup: { needs: 'nothing', words: 'setup aws', before: ['oidc init --issuer https://esc.example.org'] },
  select: { needs: 'read', words: 'select {}' },
  status: { needs: 'nothing', words: 'status' },
  trust: { needs: 'nothing', words: 'trust --yes' },
  'trust:list': { needs: 'nothing', words: 'trust list' },
  'trust:revoke': { needs: 'nothing', words: 'trust revoke' },
  'trust:show': { needs: 'nothing', words: 'trust show' },
  version: { needs: 'nothing', words: 'version' },
}

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
  })
  beforeEach(() => {
    rmSync(esc.folder, { recursive: true })
    cpSync(good, esc.folder, { recursive: true })
  })
  after(() => {
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
        expect(err, words).to.match(/esc\.yaml:\d+: 'amdin' is no level\nhint: did you mean 'admin'\?/)
      }
      expect((await esc.run(['version'])).code).to.equal(0)
    } finally {
      writeFileSync(file, rules)
    }
  })

  for (const { id, index, words, needs, input = '', fails, before: first = [] } of numbered) {
    it(`let only those use "esc ${words}" who have ${needs}`, async () => {
      const last = `${id.replaceAll(':', '-')}-${index}`
      const line = (text: string) =>
        text
          .replaceAll('{}', name)
          .replaceAll('{last}', last)
          .split(' ')
          .map((word) => word.replaceAll('+', ' '))
      for (const each of first) await esc.ok(...line(each))
      mkdirSync(join(esc.folder, `wanted-${last}`, 'app'), { recursive: true })
      writeFileSync(join(esc.folder, `wanted-${last}`, `${name}.yaml`), 'values: {a: 2}\n')
      const folder = esc.digest()
      let allowed = 0
      for (const level of levels) {
        const env = { ESC_PRINCIPAL: level, SOPS_AGE_KEY_FILE: join(sops, 'key.txt') }
        const ran = await esc.run(line(words), { input, env })
        const what = `${level}: ${ran.err}`
        const enough = needs === 'nothing' || (needs !== 'store' && levels.indexOf(level) >= levels.indexOf(needs))
        if (enough) {
          // The first has done it; for those who could do more it may be done already.
          if (allowed++ === 0 && !fails) expect(ran.code, what).to.equal(0)
          expect(ran.code, what).to.not.equal(exitForbidden)
          continue
        }
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
