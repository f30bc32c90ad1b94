import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { escapeReferences } from '../../../src/language/index.ts'
import { readRunnerFile } from '../../readers/runner-file.ts'
import { Playground } from './esc.ts'

/** Texts that one of the formats would take for something else than a text. */
const VALUES: Readonly<Record<string, string>> = {
  PLAIN: 'eu-west-1',
  EMPTY: '',
  QUOTES: `"double" 'single' \`back\` \\ back\\slash`,
  DOLLARS: '$HOME ${HOME} $${x} $$${y} %{if} %%{z} $(id)',
  EQUALS: 'a=b#c ; d',
  SPACES: '  around  ',
  UNICODE: 'ключ ☃ 🗝',
}
const KEY = '-----BEGIN KEY-----\n  canary-line-one\ncanary%line:two\r\n\n-----END KEY-----\n'

function definition(extra = ''): string {
  const lines = Object.entries(VALUES).map(
    ([name, value]) => `    ${name}: {fn::secret: ${JSON.stringify(escapeReferences(value))}}\n`,
  )
  return `values:\n  environmentVariables:\n${lines.join('')}${extra}`
}

const multiline = `    KEY: {fn::secret: ${JSON.stringify(KEY)}}\n`

function installed(program: string): boolean {
  return spawnSync(program, ['version'], { stdio: 'ignore' }).error === undefined
}

describe('esc export', function () {
  this.timeout(60_000)
  let playground: Playground
  beforeEach(() => {
    playground = new Playground()
  })
  afterEach(() => playground.remove())

  const exported = async (words: readonly string[], text: string, env: Record<string, string> = {}) => {
    await playground.withEnvironment('app/dev', text)
    const [kind = '', ...rest] = words
    return playground.run(['export', kind, 'app/dev', ...rest], { env })
  }
  const path = (name: string) => join(playground.folder, name)

  describe('to a file', () => {
    it('writes one that only the user can read, and replaces none unless told to', async () => {
      await playground.withEnvironment('app/dev', definition())
      expect(await playground.ok('export', 'docker', 'app/dev', '--out', 'app.env')).to.include('Wrote app.env')
      expect(statSync(path('app.env')).mode & 0o777).to.equal(0o600)
      writeFileSync(path('app.env'), 'mine\n', { mode: 0o644 })
      const refused = await playground.run(['export', 'docker', 'app/dev', '--out', 'app.env'])
      expect(refused.code).to.equal(1)
      expect(refused.err).to.include('is there already').and.include('--force')
      expect(readFileSync(path('app.env'), 'utf8')).to.equal('mine\n')
      await playground.ok('export', 'docker', 'app/dev', '--out', 'app.env', '--force')
      expect(statSync(path('app.env')).mode & 0o777).to.equal(0o600)
      expect(readFileSync(path('app.env'), 'utf8')).to.include('PLAIN=eu-west-1\n')
    })

    for (const kind of ['dotenv', 'docker', 'github', 'gitlab', 'k8s-secret', 'tfvars']) {
      it(`refuses a value that is not known: ${kind}`, async () => {
        const text = `values:
  environmentVariables: {TOKEN: "\${c.password}"}
  terraform: {TOKEN: "\${c.password}"}
  c: {fn::rotate::password: {inputs: {}}}
`
        const ran = await exported([kind, ...(kind === 'github' ? [] : ['--out', 'out'])], text, {
          GITHUB_ENV: path('e'),
        })
        expect(ran.code).to.equal(1)
        expect(ran.err).to.include('TOKEN').and.include('not known')
        expect(ran.out).to.equal('')
        expect(existsSync(path('out')) || existsSync(path('e'))).to.equal(false)
      })
    }

    it('refuses variables that make programs run code', async () => {
      const text = 'values: {environmentVariables: {LD_PRELOAD: /tmp/x.so}}\n'
      for (const kind of ['dotenv', 'docker', 'gitlab', 'github']) {
        const ran = await exported([kind], text, { GITHUB_ENV: path('e') })
        expect(ran.err, kind).to.include('LD_PRELOAD')
        expect([ran.code, existsSync(path('e'))], kind).to.deep.equal([1, false])
        playground.remove()
        playground = new Playground()
      }
    })
  })

  describe('docker', () => {
    it('is read by the client of Docker as the values are', async function () {
      if (!installed('docker')) return this.skip()
      await exported(['docker', '--out', 'app.env'], definition())
      const bodies: string[] = []
      const engine = createServer((request, response) => {
        let body = ''
        request.on('data', (chunk) => {
          body += chunk
        })
        request.on('end', () => {
          if (request.url?.includes('/containers/create')) bodies.push(body)
          response.writeHead(request.url?.endsWith('_ping') ? 200 : 500, { 'Api-Version': '1.45' }).end('{}')
        })
      })
      await new Promise<void>((done) => engine.listen(0, '127.0.0.1', done))
      const { port } = engine.address() as AddressInfo
      try {
        const words = ['-H', `tcp://127.0.0.1:${port}`, 'create', '--pull', 'never', '--env-file', path('app.env'), 'x']
        await new Promise((done) => spawn('docker', words, { stdio: 'ignore' }).on('close', done))
      } finally {
        engine.close()
      }
      const [body = '{}'] = bodies
      const env: readonly string[] = JSON.parse(body).Env
      expect(
        Object.fromEntries(env.map((each) => [each.split('=')[0], each.slice(each.indexOf('=') + 1)])),
      ).to.deep.equal(VALUES)
    })

    it('refuses, by name, what a line cannot hold', async () => {
      const ran = await exported(['docker'], definition(multiline))
      expect(ran.code).to.equal(1)
      expect(ran.err).to.include('environmentVariables.KEY has a line break').and.not.include('canary')
      const long = new Playground()
      await long.withEnvironment('app/dev', `values: {environmentVariables: {LONG: "${'x'.repeat(65_536)}"}}\n`)
      const refused = await long.run(['export', 'docker', 'app/dev'])
      expect([refused.code, refused.err.includes('environmentVariables.LONG is longer than')]).to.deep.equal([1, true])
      long.remove()
    })

    it('writes files only into the folder that is named, and removes them when it fails', async () => {
      const files = '  files: {CERT: {fn::secret: canary-file}}\n'
      const ran = await exported(['docker'], definition(files))
      expect(ran.out).to.not.include('CERT')
      expect(ran.err).to.include('not exported: files.CERT')
      mkdirSync(path('files'))
      const out = await playground.ok('export', 'docker', 'app/dev', '--files-in', 'files')
      const [, file = ''] = /^CERT=(.*)$/m.exec(out) ?? []
      expect(readFileSync(file, 'utf8')).to.equal('canary-file')
      expect(statSync(file).mode & 0o777).to.equal(0o600)
      await playground.withEnvironment('app/bad', definition(multiline + files))
      const made = await playground.ok('export', 'docker', 'app/dev', '--files-in', 'new/folder')
      expect(made).to.include(join(playground.folder, 'new/folder'))
      expect(statSync(join(playground.folder, 'new/folder')).mode & 0o777).to.equal(0o700)
      writeFileSync(join(playground.folder, 'no-folder'), '')
      const blocked = await playground.run(['export', 'docker', 'app/dev', '--files-in', 'no-folder'])
      expect(blocked.err).to.match(/writing files into \S+no-folder: .*\nhint: name a folder that can be written/)
      const bad = await playground.run(['export', 'docker', 'app/bad', '--files-in', 'files'])
      expect([bad.code, readdirSync(path('files')).length]).to.deep.equal([1, 1])
    })
  })

  describe('github', () => {
    it('sets variables of later steps, and masks each line of each secret before', async () => {
      const text = definition(`${multiline}  files: {CERT: {fn::secret: "canary-file\\nsecond"}}\n`)
      mkdirSync(path('runner'))
      writeFileSync(path('env'), 'BEFORE=1\n')
      const ran = await exported(['github', '--to', 'both'], text, {
        GITHUB_ENV: path('env'),
        GITHUB_OUTPUT: path('output'),
        RUNNER_TEMP: path('runner'),
      })
      expect(ran.code, ran.err).to.equal(0)
      const { CERT = '', ...read } = readRunnerFile(readFileSync(path('env'), 'utf8'))
      expect(read).to.deep.equal({ BEFORE: '1', ...VALUES, KEY })
      expect(readFileSync(CERT, 'utf8')).to.equal('canary-file\nsecond')
      expect(CERT.startsWith(path('runner'))).to.equal(true)
      expect(readRunnerFile(readFileSync(path('output'), 'utf8')).KEY).to.equal(KEY)
      const masks = [...ran.out.matchAll(/^::add-mask::(.*)$/gm)].map(([, data = '']) =>
        data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%'),
      )
      const lines = ['  canary-line-one', 'canary%line:two', '-----END KEY-----', 'canary-file', 'second']
      expect(masks).to.include.members([KEY, ...lines, VALUES.DOLLARS, VALUES.SPACES])
      expect(masks.every((mask) => mask.trim() !== '')).to.equal(true)
    })

    it('takes another delimiter where the value contains the first', async () => {
      await playground.withEnvironment(
        'app/dev',
        `values: {environmentVariables: {A: "x\\nesc_${'00'.repeat(16)}\\ny"}}\n`,
      )
      let calls = 0
      const random = (count: number) => new Uint8Array(count).fill(calls++)
      const env = { GITHUB_ENV: path('env') }
      const ran = await playground.run(['export', 'github', 'app/dev'], { env, io: { random } })
      expect(ran.code, ran.err).to.equal(0)
      expect(readRunnerFile(readFileSync(path('env'), 'utf8')).A).to.equal(`x\nesc_${'00'.repeat(16)}\ny`)
    })

    it('refuses names that GitHub lets no step set, and to run elsewhere', async () => {
      const ran = await exported(['github'], 'values: {environmentVariables: {GITHUB_TOKEN: x}}\n', {
        GITHUB_ENV: path('env'),
      })
      expect([ran.code, existsSync(path('env'))]).to.deep.equal([1, false])
      expect(ran.err).to.include('environmentVariables.GITHUB_TOKEN')
      const elsewhere = await playground.run(['export', 'github', 'app/dev'])
      expect(elsewhere.err).to.include('GITHUB_ENV is not set')
    })
  })

  it('gitlab: masks secrets, makes variables of files, and refuses what GitLab cannot mask', async () => {
    const text = `values:
  environmentVariables:
    REGION: eu-west-1
    TOKEN: {fn::secret: canary-$token}
    PIN: {fn::secret: "1234"}
  files: {CERT: {fn::secret: "a\\nb"}}
`
    const refused = await exported(['gitlab'], text)
    expect(refused.code).to.equal(1)
    expect(refused.err).to.include('environmentVariables.PIN').and.include('--allow-unmasked PIN')
    expect(refused.err).to.not.include('1234')
    const out = await playground.ok('export', 'gitlab', 'app/dev', '--allow-unmasked', 'PIN', '--scope', 'prod')
    const common = { protected: false, raw: true, environment_scope: 'prod' }
    expect(JSON.parse(out)).to.deep.equal([
      { key: 'PIN', value: '1234', variable_type: 'env_var', masked: false, ...common },
      { key: 'REGION', value: 'eu-west-1', variable_type: 'env_var', masked: false, ...common },
      { key: 'TOKEN', value: 'canary-$token', variable_type: 'env_var', masked: true, ...common },
      { key: 'CERT', value: 'a\nb', variable_type: 'file', masked: false, ...common },
    ])
  })

  it('k8s-secret: kubectl reads every value as it is', async function () {
    const words = ['k8s-secret', '--name', 'app', '--namespace', 'prod', '--out', 'secret.yaml']
    const ran = await exported(words, definition(`${multiline}  files: {tls.crt: {fn::secret: "a\\nb"}}\n`))
    expect(ran.code, ran.err).to.equal(0)
    if (!installed('kubectl')) return this.skip()
    const local = ['label', '--local', '-f', path('secret.yaml'), 'a=b', '-o', 'json']
    const secret = JSON.parse(execFileSync('kubectl', local, { encoding: 'utf8' }))
    expect(secret.metadata).to.include({ name: 'app', namespace: 'prod' })
    const data = Object.entries(secret.data as Record<string, string>).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ])
    expect(Object.fromEntries(data)).to.deep.equal({ ...VALUES, KEY, 'tls.crt': 'a\nb' })
  })

  it('k8s-secret: refuses a name, a key and a size that Kubernetes would refuse', async () => {
    const ran = await exported(['k8s-secret', '--name', 'App_1'], definition())
    expect([ran.code, ran.err.includes('"App_1" cannot be the name')]).to.deep.equal([1, true])
    await playground.withEnvironment('app/key', 'values: {files: {"a/b": x}}\n')
    const key = await playground.run(['export', 'k8s-secret', 'app/key'])
    expect([key.code, key.err.includes('files["a/b"]')]).to.deep.equal([1, true])
    await playground.withEnvironment('app/both', 'values: {files: {A: x}, environmentVariables: {A: y}}\n')
    const both = await playground.run(['export', 'k8s-secret', 'app/both'])
    expect([both.code, both.err.includes('has the name of environmentVariables.A')]).to.deep.equal([1, true])
  })

  for (const format of ['hcl', 'json'] as const) {
    it(`tfvars: Terraform reads every value as it is (${format})`, async function () {
      const texts = { ...VALUES, KEY }
      const text = `values:
  terraform:
    texts: {fn::fromJSON: {fn::secret: ${JSON.stringify(escapeReferences(JSON.stringify(texts)))}}}
    mixed: [1, 2.5, true, null, {"odd key": [], empty: {}}]
    large: 12345678901234567890
`
      const file = format === 'hcl' ? 'x.tfvars' : 'x.tfvars.json'
      const ran = await exported(['tfvars', '--out', file], text)
      expect(ran.code, ran.err).to.equal(0)
      if (!installed('terraform')) return this.skip()
      const names = ['texts', 'mixed', 'large']
      writeFileSync(path('main.tf'), names.map((name) => `variable "${name}" {}\n`).join(''))
      const expression = `nonsensitive(base64encode(jsonencode([${names.map((name) => `var.${name}`).join(',')}])))\n`
      const out = execFileSync('terraform', ['console', `-var-file=${path(file)}`], {
        cwd: playground.folder,
        input: expression.replace('nonsensitive', ''),
        encoding: 'utf8',
        stdio: 'pipe',
      })
      const json = Buffer.from(/"([A-Za-z0-9+/=]+)"/.exec(out)?.[1] ?? '', 'base64').toString()
      expect(json).to.include('12345678901234567890')
      const [read, mixed] = JSON.parse(json)
      expect(read).to.deep.equal(texts)
      expect(mixed).to.deep.equal([1, 2.5, true, null, { 'odd key': [], empty: {} }])
    })
  }

  it('tfvars: refuses a name that no variable can have, and what is not an object', async () => {
    const ran = await exported(['tfvars', 'other'], 'values: {other: {"1a": x}, text: y}\n')
    expect([ran.code, ran.err.includes('other.1a has a name')]).to.deep.equal([1, true])
    const text = await playground.run(['export', 'tfvars', 'app/dev', 'text'])
    expect([text.code, text.err.includes('text of app/dev is not an object')]).to.deep.equal([1, true])
  })

  it('dotenv: is the file that "open --format dotenv" prints, and that "env import dotenv" reads', async () => {
    const out = (await exported(['dotenv', '--out', '.env'], definition(multiline))).code
    expect(out).to.equal(0)
    const text = readFileSync(path('.env'), 'utf8')
    expect(text).to.equal((await playground.run(['open', 'app/dev', '--format', 'dotenv'])).out)
    await playground.ok('env', 'import', 'dotenv', 'app/back', '.env', '--create', '--secret')
    expect(JSON.parse(await playground.ok('open', 'app/back', 'environmentVariables'))).to.deep.equal({
      ...VALUES,
      KEY,
    })
  })
})
