import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type CommandClass, type Input, mayUseSelected, parseInput } from '../../../src/cli/framework/command.ts'
import type { Flags } from '../../../src/cli/framework/flags.ts'
import type { Host } from '../../../src/cli/framework/host.ts'
import { loadCommand } from '../../../src/cli/framework/load-command.ts'
import { COMMANDS } from '../../../src/cli/framework/registry.ts'
import { withSelected } from '../../../src/cli/framework/selected.ts'
import { processIo } from '../../../src/cli/terminal/index.ts'
import { Playground } from './esc.ts'

const DEV = `values:
  region: eu-west-1
  password: {fn::rotate::password: {inputs: {length: 20}}}
  environmentVariables: {REGION: "\${region}"}
`

/**
 * Words after the command, without the environment, and what is to be seen in the output or in
 * another command's.
 */
interface Case {
  readonly words: string
  readonly shows?: RegExp
  readonly after?: readonly [command: string, shows: RegExp]
  readonly input?: string
  /** Commands, with `app/dev` named, before it. */
  readonly before?: readonly string[]
}

const scheduled = ['env schedule new app/dev --cron 0+0+*+*+*']
const hooked = ['env webhook new app/dev me --url https://receiver.invalid/']
const configured = ['config set aws:region us --env app/dev']
const tagged = ['env tag app/dev team us']

const cases: Readonly<Record<string, Case | readonly Case[]>> = {
  'access:explain': { words: '', shows: /app\/dev/ },
  config: { words: '', shows: /aws:region +us/, before: configured },
  'config:cp': [
    { words: 'region --dest app/other', after: ['env get app/other region', /eu-west-1/] },
    { words: '--dest app/other', after: ['env get app/other region', /eu-west-1/] },
  ],
  'config:env:add': { words: 'app/other', after: ['config env ls --env app/dev', /app\/other/] },
  'config:env:ls': {
    words: '',
    shows: /app\/other/,
    before: ['config env rm app/other --env app/dev', 'config env add app/other --env app/dev'],
  },
  'config:env:rm': {
    words: 'app/other',
    before: ['config env add app/other --env app/dev'],
    after: ['config env ls --env app/dev', /^$/],
  },
  'config:get': { words: 'aws:region', shows: /^us$/m, before: configured },
  'config:rm': { words: 'aws:region', before: configured, after: ['config --env app/dev', /^$/] },
  'config:rm-all': { words: 'aws:region', before: configured, after: ['config --env app/dev', /^$/] },
  'config:set': { words: 'a:b c', after: ['config get a:b --env app/dev', /^c$/m] },
  'config:set-all': { words: '--plaintext a:b=c', after: ['config get a:b --env app/dev', /^c$/m] },
  'env:change-secrets-provider': { words: 'default', shows: /app\/dev/ },
  'env:clone': { words: 'app/copy', shows: /Environment local\/app\/dev cloned into local\/app\/copy/ },
  'env:diff': [
    { words: '@2', shows: /second/ },
    { words: '@2 @3', shows: /second/ },
  ],
  'env:discard': { words: '', shows: /app\/dev|nothing|saved/ },
  'env:edit': { words: '--file -', input: 'values: {edited: 1}\n', after: ['env get app/dev edited', /1/] },
  'env:get': [
    { words: '', shows: /eu-west-1/ },
    { words: 'region --value string', shows: /^eu-west-1$/m },
    { words: '@2 region', shows: /eu-west-1/ },
  ],
  'env:import:1password': {
    words: '-',
    input: '{"fields": [{"label": "IMPORTED", "value": "x", "type": "CONCEALED"}]}',
    after: ['env get app/dev', /IMPORTED/],
  },
  'env:import:doppler': { words: '-', input: '{"IMPORTED": "x"}', after: ['env get app/dev', /IMPORTED/] },
  'env:import:infisical': {
    words: '-',
    input: '[{"key": "IMPORTED", "value": "x"}]',
    after: ['env get app/dev', /IMPORTED/],
  },
  'env:import:json': { words: '-', input: '{"imported": "x"}', after: ['env get app/dev imported', /x/] },
  'env:import:vault': { words: '-', input: '{"data": {"IMPORTED": "x"}}', after: ['env get app/dev', /IMPORTED/] },
  'env:import:yaml': { words: '-', input: 'imported: x\n', after: ['env get app/dev imported', /x/] },
  'env:import:dotenv': { words: './plain.env', after: ['env get app/dev environmentVariables', /IMPORTED/] },
  'env:import:pulumi': { words: 'Pulumi.dev.yaml', after: ['env get app/dev', /imported/] },
  'env:import:sops': { words: 'nothing.yaml', shows: /nothing\.yaml/ },
  'env:open': { words: 'region', shows: /eu-west-1/ },
  'env:open-request': { words: '', shows: /not|open/ },
  'env:provider:aws-login:oidc': {
    words: 'arn:aws:iam::123456789012:role/x session',
    after: ['env get app/dev', /aws-login/],
  },
  'env:provider:aws-login:static': {
    words: 'AKIAIOSFODNN7EXAMPLE',
    input: 's3cret\n',
    after: ['env get app/dev', /aws-login/],
  },
  'env:provider:azure-login:oidc': { words: 't s c', after: ['env get app/dev', /azure-login/] },
  'env:provider:azure-login:static': { words: 't s c', input: 's3cret\n', after: ['env get app/dev', /azure-login/] },
  'env:provider:gcp-login:oidc': {
    words: '123 --workload-pool-id p --provider-id q --service-account a@b.iam.gserviceaccount.com',
    after: ['env get app/dev', /gcp-login/],
  },
  'env:provider:gcp-login:static': { words: '123', input: 's3cret\n', after: ['env get app/dev', /gcp-login/] },
  'env:prune': { words: '--keep 2', shows: /app\/dev/ },
  'env:referrer:list': { words: '' },
  'env:rewrap': { words: '', shows: /app\/dev/ },
  'env:rm-all': { words: 'second', after: ['env get app/dev --definition', /^(?![\s\S]*second)/] },
  'env:rotate': [
    { words: '', after: ['env rotate history app/dev', /succeeded/] },
    { words: 'password', after: ['env rotate history app/dev', /succeeded/] },
  ],
  'env:rotate:doctor': { words: 'password', shows: /password \(password\)/ },
  'env:rotate:history': { words: '' },
  'env:rotate:journal': { words: '' },
  'env:save': { words: '' },
  'env:schedule:edit': { words: 'sched-1 --cron 0+1+*+*+*', before: scheduled },
  'env:schedule:get': { words: 'sched-1', shows: /sched-1/, before: scheduled },
  'env:schedule:history': { words: 'sched-1', before: scheduled },
  'env:schedule:list': { words: '', shows: /sched-1/, before: scheduled },
  'env:schedule:new': { words: '--cron 0+2+*+*+*', shows: /sched-1/ },
  'env:schedule:pause': { words: 'sched-1', before: scheduled },
  'env:schedule:remove': { words: 'sched-1 --yes', before: scheduled },
  'env:schedule:resume': { words: 'sched-1', before: [...scheduled, 'env schedule pause app/dev sched-1'] },
  'env:set': [
    { words: 'region eu-north-1', after: ['env get app/dev region', /eu-north-1/] },
    { words: 'token --secret', input: 'not-a-real-token', after: ['open app/dev token', /not-a-real-token/] },
  ],
  'env:set-all': { words: 'a=1 b=https://example.com/x', after: ['env get app/dev b', /example\.com\/x/] },
  'env:settings:get': [{ words: '' }, { words: 'deletion-protected', shows: /false/ }],
  'env:settings:set': { words: 'deletion-protected true', after: ['env settings get app/dev', /true/] },
  'env:tag': { words: 'team us', after: ['env tag ls app/dev', /team/] },
  'env:tag:get': { words: 'team', shows: /us/, before: tagged },
  'env:tag:ls': { words: '', shows: /team/, before: tagged },
  'env:tag:mv': { words: 'team crew', after: ['env tag ls app/dev', /crew/], before: tagged },
  'env:tag:rm': { words: 'team', after: ['env tag ls app/dev', /^$/], before: tagged },
  'env:trust': { words: '', shows: /app\/dev/ },
  'env:types': { words: '', shows: /region/ },
  'env:version': { words: '@2', shows: /revision 2/ },
  'env:version:history': { words: '', shows: /revision 2/ },
  'env:version:retract': { words: '@2 --reason test', after: ['env version history app/dev', /etracted/] },
  'env:version:rollback': { words: '@2', after: ['env version history app/dev', /revision 4/] },
  'env:version:tag': { words: '@stable @1', after: ['env version tag ls app/dev', /stable/] },
  'env:version:tag:ls': { words: '', shows: /latest/ },
  'env:version:tag:rm': {
    words: '@stable',
    before: ['env version tag app/dev@stable @1'],
    after: ['env version tag ls app/dev', /^(?![\s\S]*stable)/],
  },
  'env:webhook:delivery:list': { words: 'hook-1', before: hooked },
  'env:webhook:delivery:redeliver': { words: 'hook-1 dlv-1', shows: /dlv-1/, before: hooked },
  'env:webhook:edit': { words: 'hook-1 --active=false', before: hooked },
  'env:webhook:get': { words: 'hook-1', shows: /receiver\.invalid/, before: hooked },
  'env:webhook:list': { words: '', shows: /receiver\.invalid/, before: hooked },
  'env:webhook:new': { words: 'me --url https://receiver.invalid/', after: ['env webhook list app/dev', /receiver/] },
  'env:webhook:ping': { words: 'hook-1', before: hooked },
  'env:webhook:rm': { words: 'hook-1', after: ['env webhook list app/dev', /^$/], before: hooked },
  'export:docker': { words: '', shows: /^REGION=eu-west-1$/m },
  'export:dotenv': { words: '', shows: /REGION=/ },
  'export:github': { words: '', shows: /GITHUB_ENV/ },
  'export:gitlab': { words: '', shows: /REGION/ },
  'export:k8s-secret': { words: '', shows: /REGION/ },
  'export:tfvars': { words: 'environmentVariables', shows: /REGION/ },
  'export:pulumi': { words: '--stack dev', shows: /Pulumi\.dev\.yaml has it all|1 added/, before: configured },
  'oidc:token': { words: '--show', shows: /app/, before: ['oidc init --issuer https://esc.example.org'] },
  open: [
    { words: '', shows: /eu-west-1/ },
    { words: 'region', shows: /eu-west-1/ },
    { words: '@2 region', shows: /eu-west-1/ },
  ],
  run: { words: '-- sh -c echo+$REGION' },
  'env:run': { words: '-- sh -c echo+$REGION' },
}

/** They end with an error that is about something else. */
const ENDS: Readonly<Record<string, number>> = {
  'env:import:sops': 1,
  'env:open-request': 1,
  'env:webhook:delivery:redeliver': 1,
  'env:webhook:ping': 1,
  'export:github': 1,
}

const split = (line: string) => (line === '' ? [] : line.split(' ').map((word) => word.replaceAll('+', ' ')))

/** Works with an environment: mostly one that is an argument and must be given. */
function takesEnvironment({ args, usesSelected }: CommandClass): boolean {
  const [first] = Object.entries(args)
  return (
    usesSelected === true ||
    usesSelected === 'only' ||
    (first?.[1].required === true && /^(?:environment|source)$/.test(first[0]))
  )
}

/** Played in every run; the others with SLOW=1. */
const SAMPLE = [
  'config',
  'config:cp',
  'env:clone',
  'env:get',
  'env:import:dotenv',
  'env:rotate',
  'env:set',
  'env:tag',
  'run',
]

describe('the selected environment', function () {
  this.timeout(60_000)
  let esc: Playground
  const begin = async () => {
    esc = new Playground()
    await esc.withEnvironment('app/other', 'values: {}\n')
    await esc.withEnvironment('app/dev', DEV)
    await esc.ok('env', 'set', 'app/dev', 'second', '2')
    writeFileSync(join(esc.folder, 'plain.env'), 'IMPORTED=yes\n')
    writeFileSync(join(esc.folder, 'Pulumi.dev.yaml'), 'config:\n  app:imported: yes\n')
  }
  before(begin)
  after(() => esc.remove())

  it('is tried with every command that takes an environment, but for rm and init', async () => {
    const takes: string[] = []
    for (const id of COMMANDS) if (takesEnvironment(await loadCommand(id))) takes.push(id)
    const tried = [...Object.keys(cases), 'env:rm', 'env:init']
    expect(tried.sort()).to.deep.equal(takes.sort())
  })

  it('takes the place of the first argument of each of them', async () => {
    await esc.ok('select', 'app/dev')
    const host = { ...processIo(), env: esc.env, cwd: esc.folder } as Host
    for (const [id, listed] of Object.entries(cases)) {
      const Command = await loadCommand(id)
      // They have always read their words themselves.
      if (/run$/.test(id)) continue
      for (const { words } of [listed].flat() as Case[]) {
        const given = parseInput(Command, split(words)) as Input<Flags>
        expect(mayUseSelected(Command, given), `${id} ${words}`).to.equal(true)
        const { flags, positionals } = withSelected(Command, given, host)
        expect(flags.env, `${id} ${words}`).to.match(/^app\/dev(@\w+)?$/)
        const version = (flags.env as string).slice('app/dev'.length)
        expect([...(version === '' ? [] : [version]), ...positionals]).to.deep.equal(given.positionals)
        if (version !== '' || Command.usesSelected === 'only') continue
        const named = parseInput(Command, ['app/other', ...split(words)]) as Input<Flags>
        expect(mayUseSelected(Command, named), `${id} app/other ${words}`).to.equal(false)
      }
    }
  })

  for (const [id, listed] of Object.entries(cases)) {
    if (!process.env.SLOW && !SAMPLE.includes(id)) continue
    it(`is used by esc ${id.replaceAll(':', ' ')}`, async () => {
      esc.remove()
      await begin()
      for (const { words, shows, after, input = '', before = [] } of [listed].flat() as Case[]) {
        for (const each of before) await esc.run(split(each))
        await esc.ok('select', 'app/dev')
        const ran = await esc.run([...id.split(':'), ...split(words)], { input })
        expect(ran.code, `${words}: ${ran.out}${ran.err}`).to.equal(ENDS[id] ?? 0)
        expect(ran.err).not.to.match(/no environment|accepts .*arg/)
        if (shows !== undefined) expect(ran.out + ran.err).to.match(shows)
        if (after !== undefined) expect(await esc.ok(...split(after[0])), after[0]).to.match(after[1])
      }
    })
  }

  it('is not used by rm and init', async () => {
    await esc.ok('select', 'app/dev')
    for (const words of [
      ['env', 'rm', '--yes'],
      ['env', 'rm', 'region'],
      ['env', 'init'],
    ]) {
      const ran = await esc.run(words)
      expect(ran.code, words.join(' ')).to.be.greaterThan(0)
    }
    expect(await esc.ok('env', 'ls')).to.include('app/dev')
  })

  it('gives way to an environment that is named, also by its last part', async () => {
    await esc.withEnvironment('default/region', 'values: {own: mine}\n')
    await esc.ok('select', 'app/dev')
    expect(await esc.ok('open', 'region')).to.include('mine')
    expect(await esc.ok('open', 'app/other')).to.equal('')
    expect((await esc.run(['open', 'app/dve'])).err).to.include("environment 'app/dve' does not exist")
    expect((await esc.run(['env', 'set', 'app/dve', 'region', 'x'])).code).to.equal(1)
    expect((await esc.run(['env', 'tag', 'app/other', 'team'])).err).to.include('accepts 3 arg(s), received 2')
    expect((await esc.run(['env', 'tag', 'app/dve', 'team'])).err).to.include('accepts 3 arg(s), received 2')
    expect((await esc.run(['env', 'clone', 'app/other'])).err).to.include('accepts 2 arg(s), received 1')
    expect(await esc.ok('env', 'get', '--env', 'app/other', '--definition')).to.equal('values: {}\n')
  })

  it('is asked for, with the way to choose one, where none is selected', async () => {
    await esc.ok('select', '--none')
    for (const words of ['env get', 'env save', 'open', 'env tag team us', 'env rotate', 'env version history']) {
      const { code, err } = await esc.run(split(words))
      expect(code, words).to.equal(2)
      expect(err, words).to.include('choose one with "esc select"')
    }
    expect((await esc.run(['open', 'nowhere'])).err).to.include("environment 'default/nowhere' does not exist")
  })
})
