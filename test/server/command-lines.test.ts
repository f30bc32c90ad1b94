import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { slow } from '../sample.ts'
import { RunningServer } from './running-server.ts'

/** The command lines that Pulumi publishes, and how each logs in. */
const commandLines = [
  { name: 'esc', login: (url: string) => ['login', '--cloud-url', url] },
  { name: 'pulumi', login: (url: string) => ['login', url] },
] as const

/** A command, and a part of what it prints. `fails`: its exit code. */
type Case = readonly [words: string, prints: RegExp | string, options?: { readonly fails: number }]

const definition = `values:
  # kept
  a: 5
  pass:
    fn::secret: s3cret
  pin:
    fn::rotate::password: {inputs: {length: 12}}
  environmentVariables: {A: '\${a}'}
`

/** In this order. */
const cases: readonly Case[] = [
  ['env ls', ''],
  ['env init acme/app/dev', 'Environment created: acme/app/dev'],
  ['env init acme/app/dev', /409.*already exists/s, { fails: 1 }],
  ['env ls', /^acme\/app\/dev$/m],
  ['env set acme/app/dev a.b 1', ''],
  ['env set acme/app/dev pass hunter2 --secret', ''],
  ['env get acme/app/dev pass', /"\[secret\]"/],
  ['env get acme/app/dev pass --show-secrets', /"hunter2"/],
  ['env get acme/app/dev --definition', /fn::secret:\s+ciphertext: ZXNj/],
  ['env open acme/app/dev', /"pass": "hunter2"/],
  ['env rm acme/app/dev a --yes', ''],
  ['env edit acme/app/dev --file new.yaml', /Environment updated/],
  ['env get acme/app/dev --definition', /# kept\n {2}a: 5/],
  ['env edit acme/app/dev --editor ./editor', /Environment updated/],
  ['env edit acme/app/dev --file bad.yaml', /yaml: did not find expected/],
  ['env open acme/app/dev a', /^6$/m],
  ['env open acme/app/dev --format dotenv', /A="6"/],
  ['env open acme/app/dev --format shell', /export A="6"/],
  ['env rotate acme/app/dev', /rotated/],
  ['env rotate acme/app/dev pin', /rotated/],
  ['env open acme/app/dev pin', /"current".*"previous"/s],
  ['env run acme/app/dev -- sh -c printenv', /^A=6$/m],
  ['run acme/app/dev -- sh -c printenv', /^A=6$/m],
  ['env version history acme/app/dev', /revision \d+ \(tag: latest\)/],
  ['env version tag acme/app/dev@stable @3', ''],
  ['env version tag ls acme/app/dev', /stable/],
  ['env open acme/app/dev@stable pass', /"hunter2"/],
  ['env diff acme/app/dev@2 acme/app/dev@3', /\+ +"pass": "\[secret\]"/],
  ['env version rollback acme/app/dev@3', /Environment updated/],
  ['env open acme/app/dev pass', /"hunter2"/],
  ['env version tag rm acme/app/dev@stable', ''],
  ['env open acme/app/dev@stable', /404/, { fails: 1 }],
  ['env version retract acme/app/dev@4 --reason bad', ''],
  ['env open acme/app/dev@4', /retracted/, { fails: 1 }],
  ['env tag acme/app/dev team ops', /Value: ops/],
  ['env tag mv acme/app/dev team squad', /Name: squad/],
  ['env tag ls acme/app/dev', /squad/],
  ['env tag rm acme/app/dev squad', /deleted/],
  ['env clone acme/app/dev app/copy', /cloned into acme\/app\/copy/],
  ['env open acme/app/copy pass', /"hunter2"/],
  ['env settings set acme/app/dev deletion-protected true', /true/],
  ['env rm acme/app/dev --yes', /deletion protection/, { fails: 1 }],
  ['env settings set acme/app/dev deletion-protected false', /false/],
  ['env rm acme/app/dev --yes', /has been removed/],
  ['env open acme/app/dev', /404/, { fails: 1 }],
  ['env ls', /^acme\/app\/copy$/m],
]

/** `pulumi` has more. */
const moreOfPulumi: readonly Case[] = [
  ['env init acme/app/dev', 'Environment created: acme/app/dev'],
  ['env edit acme/app/dev --file new.yaml', /Environment updated/],
  ["env schedule new acme/app/dev --cron '0 3 * * *'", /Created schedule/],
  ['env schedule list acme/app/dev', /0 3 \* \* \*/],
  ['env webhook new acme/app/dev hook --url https://example.org/hook', /hook/],
  ['env webhook list acme/app/dev', /https:\/\/example\.org\/hook/],
  ['env rm acme/app/dev --yes', /has been removed/],
]

describe('the command lines that Pulumi publishes', function () {
  this.timeout(300_000)
  let program: Program
  let server: RunningServer
  let folder: string

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    server = await RunningServer.start(program)
    folder = mkdtempSync(join(tmpdir(), 'esc-pulumi-'))
    writeFileSync(join(folder, 'new.yaml'), definition)
    writeFileSync(join(folder, 'bad.yaml'), 'values: {a: ${nope}}\n')
    writeFileSync(join(folder, 'editor'), '#!/bin/sh\nexec sed -i "s/a: 5/a: 6/" "$1"\n')
    chmodSync(join(folder, 'editor'), 0o700)
    return undefined
  })
  after(async () => {
    await server?.stop()
    program?.remove()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  const run = (file: string, words: readonly string[]) =>
    new Promise<{ code: number; text: string }>((resolve) => {
      const env = {
        PATH: process.env.PATH,
        HOME: folder,
        PULUMI_HOME: join(folder, 'home'),
        PULUMI_ACCESS_TOKEN: server.token,
        PULUMI_BACKEND_URL: server.url,
        PULUMI_SKIP_UPDATE_CHECK: '1',
        NO_COLOR: '1',
      }
      execFile(file, words, { cwd: folder, env, timeout: 60_000 }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), text: out + err }),
      )
    })

  // It takes half a second to start, and does this fifty times.
  const tried = commandLines.filter(({ name }) => slow || name !== 'pulumi')
  for (const { name, login } of tried) {
    it(`do with the server what they do with the hosted service: ${name}`, async function () {
      const file = join(process.env.ESC_TEST_PULUMI_BIN ?? '', name)
      if (process.env.ESC_TEST_PULUMI_BIN === undefined || !existsSync(file)) {
        console.log(`      skipped: ${name} is not there; ESC_TEST_PULUMI_BIN names its folder`)
        return this.skip()
      }
      expect((await run(file, login(server.url))).text).to.include(`Logged in to ${server.url} as root@example.com`)
      const known =
        name === 'pulumi' ? [...cases.filter(([words]) => !words.startsWith('run')), ...moreOfPulumi] : cases
      for (const [words, prints, { fails } = { fails: 0 }] of known) {
        const typed = (words.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'(.*)'$/, '$1'))
        const { code, text } = await run(file, typed)
        expect(code, `${words}: ${text}`).to.equal(fails)
        if (typeof prints === 'string') expect(text, words).to.include(prints)
        else expect(text, words).to.match(prints)
      }
      expect((await run(file, ['env', 'rm', 'acme/app/copy', '--yes'])).code).to.equal(0)
      return undefined
    })
  }
})
