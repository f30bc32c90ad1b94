import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadCommand } from '../../../src/cli/framework/load-command.ts'
import { main } from '../../../src/cli/framework/main.ts'
import { COMMANDS } from '../../../src/cli/framework/registry.ts'
import { answeringWebhook, provider } from '../../conformance/cli/doubles.ts'
import { playScript } from '../../conformance/cli/shell.ts'
import { sample } from '../../sample.ts'
import { Playground, packageRoot } from './esc.ts'

const DEV = `imports:
  - rotators/ci
values:
  region: eu-west-1
  database: {host: localhost, port: 5432}
  api: {token: {fn::secret: not-a-real-token}}
  environmentVariables: {REGION: "\${region}"}
`
const CI = `values:
  admin:
    fn::rotate::password: {inputs: {length: 24}}
  database:
    user:
      fn::rotate::password: {inputs: {length: 24}}
`

const ANY_WEBHOOK = 'esc env webhook new rotators/ci on-call --url https://example.com/hook'
const AN_ISSUER = 'esc oidc init --issuer https://esc.example.org'
const AFTER_A_PING = `${ANY_WEBHOOK}; esc env webhook ping rotators/ci hook-1`

const CONFIGURED =
  'esc select app/dev; esc config set aws:region eu-west-1; esc config set app:token not-a-real-token --secret; ' +
  "esc config set --path 'app:endpoints[0].token' not-a-real-token --secret"

/** What must have happened before an example makes sense. */
const BEFORE: Readonly<Record<string, string>> = {
  'access:remove': `echo 'access: {rules: [{environments: "*", principals: [ada@example.com, bob@example.com], level: admin}]}' >>environments/esc.yaml`,
  config: CONFIGURED,
  'config:cp aws:region': CONFIGURED,
  'config:env:add': `${CONFIGURED}; esc env init base/common`,
  'config:env:ls': CONFIGURED,
  'config:env:rm': `${CONFIGURED}; esc env init base/common; esc config env add base/common`,
  'config:get': CONFIGURED,
  'config:rm': CONFIGURED,
  'config:rm-all': CONFIGURED,
  'config:set': CONFIGURED,
  'config:set-all': `${CONFIGURED}; esc env init app/test`,
  'export:docker': 'docker() { [ "$1 $2" = "run --env-file" ] && /bin/grep -q "^REGION=eu-west-1$" "$3"; }',
  'export:gitlab': 'jq() { IFS= read -rd "" all; echo "{}"; }; curl() { :; }',
  'export:k8s-secret': 'kubectl() { IFS= read -rd "" all; [ -n "$all" ]; }',
  'export:pulumi': CONFIGURED,
  'export:tfvars': 'esc env set app/dev terraform.region x; esc env set app/dev network.cidr x',
  init: '/bin/rm -r environments',
  'env:init --copy-config-from': 'esc env rm app/prod --yes',
  'env:init':
    'esc env rm app/dev --yes; esc env rm rotators/ci --yes; esc env rm app/prod --yes; esc env init app/base',
  'env:restore': 'esc env rm app/dev --yes',
  // The shell finds no programs; one that ends before esc begins would end that, too.
  'env:schema': 'jq() { IFS= read -rd "" all; }',
  'env:save': 'echo "  hand: edited" >>environments/app/dev/environment.yaml',
  'env:schedule:edit': 'esc env schedule new rotators/ci --cron "0 3 * * *"',
  'env:schedule:get': 'esc env schedule new rotators/ci --cron "0 3 * * *"',
  'env:schedule:history': 'esc env schedule new rotators/ci --cron "0 3 * * *"',
  'env:schedule:list': 'esc env schedule new rotators/ci --cron "0 3 * * *"',
  'env:schedule:pause': 'esc env schedule new rotators/ci --cron "0 3 * * *"',
  'env:schedule:remove': 'esc env schedule new rotators/ci --cron "0 3 * * *"',
  'env:schedule:resume':
    'esc env schedule new rotators/ci --cron "0 3 * * *"; esc env schedule pause rotators/ci sched-1',
  'env:tag:get': 'esc env tag rotators/ci owner platform',
  'env:tag:mv': 'esc env tag rotators/ci owner platform',
  'env:webhook:delivery:redeliver': AFTER_A_PING,
  'env:webhook:deliver': ANY_WEBHOOK,
  'env:webhook:edit': ANY_WEBHOOK,
  'env:webhook:get': ANY_WEBHOOK,
  'env:webhook:list': ANY_WEBHOOK,
  'env:webhook:ping': ANY_WEBHOOK,
  'env:webhook:rm': ANY_WEBHOOK,
  'env:webhook:delivery:list': AFTER_A_PING,
  'env:tag:rm': 'esc env tag rotators/ci owner platform',
  'server:token:revoke': 'esc server token create --user ada@example.com',
  'server:token:rotate': 'esc server token create --user billing; esc server token create --user ada@example.com',
  'oidc:publish': AN_ISSUER,
  'oidc:rotate-key': AN_ISSUER,
  'oidc:token': AN_ISSUER,
  setup: AN_ISSUER,
  'trust:folder': "printf 'environment: app/dev\\n' >.esc.yaml",
}

/** Examples that answer with an error, with the exit code. */
const FAILS: Readonly<Record<string, number>> = { 'env:open-request': 1 }

/** Examples whose files or circumstances other tests set up. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'completion powershell': 'nowhere: PowerShell is not installed',
  'env:change-secrets-provider': 'test/keys, test/cli/commands: keys of vendors, passphrases',
  'env:init awskms': 'test/cli/commands: keys of vendors, asked at once',
  'env:import:pulumi': 'test/cli/commands: importing',
  'env:import:sops': 'test/cli/commands: importing',
  'env:import:1password': 'test/cli/commands: importing',
  'env:import:doppler': 'test/cli/commands: importing',
  'env:import:infisical': 'test/cli/commands: importing',
  'env:import:json': 'test/cli/commands: importing',
  'env:import:vault': 'test/cli/commands: importing',
  'env:import:yaml': 'test/cli/commands: importing',
  'export:github': 'test/cli/commands: exporting',
  'export:pulumi awskms': 'test/keys: keys of vendors',
  'env:renumber': 'test/cli/commands: merging',
  'env:rotate --adopt': 'test/end-to-end: rotating',
  'env:rotate:journal --retarget': 'test/cli/commands: the journal of rotations',
  'env:rotate:journal --forget': 'test/cli/commands: the journal of rotations',
  'hook zsh': 'test/end-to-end: the prompt of shells',
  'hook fish': 'test/end-to-end: the prompt of shells',
  lsp: 'test/end-to-end: the language server',
  mcp: 'test/mcp',
  'scheduler:start': 'test/end-to-end: the scheduler',
  'oidc:publish --also': 'test/cli/commands: the issuer',
  'setup --run': 'test/cli/commands: setting up vendors',
  'env:rotate:doctor deploy.token': 'test/end-to-end: rotating',
  'import:esc-cloud': 'test/cli/commands: importing',
  'login https': 'test/end-to-end: sessions on a server',
  scan: 'test/cli/commands: scanning',
  'server:export': 'test/cli/commands: a store in a database',
  'server:import': 'test/cli/commands: a store in a database',
  'server:start': 'test/server',
  ui: 'test/console',
}

/** Examples that read what is typed, or standard input. */
const PIPED = [
  'env:provider:aws-login:static',
  'env:provider:azure-login:static',
  'env:provider:gcp-login:static',
  'env:set api.token',
  'config:set app:token',
  'config:set --path',
]

/** A file of dotenvx, and its key. */
const recorded = (name: string) => readFileSync(join(import.meta.dirname, 'dotenvx', name), 'utf8')

/** The entry for an example: of its command, or of its command and a word in it. */
function entryFor<T>(entries: Readonly<Record<string, T>>, id: string, command: string): T | undefined {
  const key = Object.keys(entries).find((entry) => {
    const [which, word] = entry.split(' ')
    return which === id && (word === undefined || command.includes(word))
  })
  return key === undefined ? undefined : entries[key]
}

describe('the examples in the help', function () {
  this.timeout(60_000)
  const playground = new Playground()
  let scratch: string

  before(async () => {
    const { folder, env } = playground
    await playground.withEnvironment('rotators/ci', CI)
    await playground.ok('env', 'rotate', 'rotators/ci')
    await playground.ok('env', 'set', 'rotators/ci', 'note', 'more')
    await playground.withEnvironment('app/dev', DEV)
    await playground.ok('env', 'set', 'app/dev', 'region', 'eu-central-1')
    await playground.withEnvironment('app/prod', 'values: {}\n')
    await playground.withEnvironment('credentials/production', 'values: {key: {fn::secret: not-a-real-key}}\n')
    await playground.ok('env', 'version', 'tag', 'rotators/ci@stable', '2')
    await playground.ok('env', 'version', 'tag', 'app/dev@stable', '2')
    const files: Record<string, string> = {
      'dev.yaml': DEV,
      'ci.yaml': CI,
      'definitions/app/dev.yaml': DEV,
      '.env': 'A=1\n',
      '.env.production': recorded('recorded.env'),
      'keys/.env.keys': recorded('recorded.keys'),
      'key.pem': '-----BEGIN PRIVATE KEY-----\nnot-a-real-one\n-----END PRIVATE KEY-----\n',
      'key.json': '{"type": "service_account"}\n',
      'values.json': '{"aws:region": {"value": "eu-west-1", "secret": false}}\n',
      'webhook.secret': 'not-a-real-secret\n',
    }
    mkdirSync(join(folder, 'definitions', 'app'), { recursive: true })
    mkdirSync(join(folder, 'keys'))
    mkdirSync(join(folder, '.config', 'fish', 'completions'), { recursive: true })
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    mkdirSync(join(folder, 'bin'))
    for (const program of ['bin/curl', 'bin/psql', 'bin/vi', 'bin/code', 'deploy.sh']) {
      writeFileSync(join(folder, program), '#!/bin/sh\nexit 0\n')
      chmodSync(join(folder, program), 0o755)
    }
    env.PATH = `${join(folder, 'bin')}:${env.PATH}`
  })

  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'esc-example-'))
    cpSync(playground.folder, join(scratch, 'home'), { recursive: true })
  })
  afterEach(() => rmSync(scratch, { recursive: true, force: true }))
  after(() => playground.remove())

  const play = async (id: string, command: string) => {
    const before = entryFor(BEFORE, id, command) ?? ':'
    const isPiped = entryFor(Object.fromEntries(PIPED.map((entry) => [entry, true])), id, command) ?? false
    const piped = isPiped ? 'echo not-a-real-secret | ' : ''
    const home = join(scratch, 'home')
    const variables = { HOME: home, SECRET: 'not-a-real-secret', TOKEN: 'not-a-real-token', PASSWORD: 'not-a-real-one' }
    const stack = { PULUMI_CONFIG_PASSPHRASE: 'not-a-real-one' }
    const env = { ...playground.env, ...variables, ...stack, ESC_CONFIG_HOME: join(home, 'config'), TMPDIR: scratch }
    const statuses: number[] = []
    const { err } = await playScript(`${before}\n${piped}${command}`, {
      program: 'esc',
      cwd: home,
      scratch,
      variables,
      answer: async ({ words, cwd, input }) => {
        let out = ''
        let err = ''
        const status = await main(words, packageRoot, {
          env,
          cwd,
          stdinIsTerminal: false,
          stdoutIsTerminal: false,
          stderrIsTerminal: false,
          columns: undefined,
          sharesStreams: false,
          out: (text) => {
            out += Buffer.from(text as string)
          },
          err: (text) => {
            err += Buffer.from(text as string)
          },
          readStdin: async () => input,
          readLine: async () => undefined,
          now: () => new Date('2026-03-04T05:06:07.000Z'),
          // Those of the vendors are asked in their own tests.
          provider,
          postWebhook: answeringWebhook,
          random: (byteCount) => Buffer.alloc(byteCount, 0x2a),
          onInterrupt: () => () => {},
          exit: (code) => {
            throw new Error(`exit ${code}`)
          },
        })
        statuses.push(status)
        return { status, out, err }
      },
    })
    return { err, status: statuses.at(-1), calls: statuses.length }
  }

  for (const id of sample(COMMANDS, 40)) {
    it(`of esc ${id.replaceAll(':', ' ')} do what they say`, async () => {
      const { examples } = await loadCommand(id)
      for (const { command } of examples) {
        if (entryFor(ELSEWHERE, id, command) !== undefined) continue
        const { status, err, calls } = await play(id, command)
        expect(calls, command).to.be.at.least(entryFor(BEFORE, id, command)?.startsWith('esc') ? 2 : 1)
        expect(status, `${command}\n${err}`).to.equal(FAILS[id] ?? 0)
        rmSync(scratch, { recursive: true, force: true })
        mkdirSync(scratch)
        cpSync(playground.folder, join(scratch, 'home'), { recursive: true })
      }
    })
  }
})
