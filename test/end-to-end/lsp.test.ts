import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { CancellationTokenSource, CompletionRequest, HoverRequest } from 'vscode-languageserver-protocol/node'
import { expectWithin } from '../cpu-time.ts'
import { definitionFile, EditorClient, withCursor } from '../lsp/client.ts'
import { strideOf } from '../sample.ts'
import { programWith } from './program.ts'

const CANARY = 'Kq7xV2pZ9canary4T'

const base = `values:
  region: eu-west-1
  database:
    host: db.example.com
    port: 5432
    password: {fn::secret: ${CANARY}base}
`

const dev = `imports:
  - app/base
values:
  database:
    host: dev.example.com
    user: app
  url: "postgres://\${database.user}@\${database.host}:\${database.port}/shop"
  token: {fn::secret: ${CANARY}dev}
  authorization: Bearer \${token}
  alias: \${database}
  user: \${alias.user}
`

const web = 'imports: [app/dev]\nvalues: {u: "${database.user}", v: "${environments.app.dev.database.user}"}\n'

describe('the language server', function () {
  this.timeout(60_000)
  const program = programWith('app/base', base)
  let client: EditorClient
  before(async () => {
    await program.withEnvironment('app/dev', dev)
    await program.withEnvironment('app/web', web)
    client = await EditorClient.start(program)
  })
  after(async () => {
    expect(await client.stop()).to.equal(0)
    expect(client.sent.length).to.be.greaterThan(1000)
    const at = client.sent.indexOf(CANARY)
    expect(at === -1 ? '' : client.sent.slice(Math.max(0, at - 600), at + 300)).to.equal('')
  })

  let last: string | undefined
  /** Opens a text as the definition of `app/dev`; `|` marks the cursor. */
  async function opened(marked: string, file = definitionFile(program, 'app/dev')) {
    if (last !== undefined) await client.close(last)
    const { text, offset } = withCursor(marked.includes('|') ? marked : `${marked}|`)
    last = await client.open(file, text)
    client.forget(last)
    return { uri: last, offset, text }
  }

  const devWith = (from: string, to: string) => {
    expect(dev).to.include(from)
    return dev.replace(from, () => to)
  }

  async function labels(marked: string): Promise<string[]> {
    const { uri, offset } = await opened(marked)
    return (await client.completions(uri, offset)).map(({ label }) => label)
  }

  /** The part of the text that a diagnostic is about, and what it says. */
  async function reported(marked: string, file?: string): Promise<[string, string][]> {
    const { uri, text } = await opened(marked, file)
    const document = client.document(uri)
    return (await client.diagnostics(uri)).map(({ range, message }) => [
      text.slice(document.offsetAt(range.start), document.offsetAt(range.end)),
      message as string,
    ])
  }

  describe('diagnostics', () => {
    it('are what a check finds, at its places: plain and quoted texts, keys, and texts that are not YAML', async () => {
      expect(await reported(dev)).to.deep.equal([])
      expect(await reported(devWith('Bearer ${token}', 'Bearer ${tokn}'))).to.deep.equal([
        ['tokn', 'unknown property "tokn"'],
      ])
      expect(await reported(devWith('user: app', "user: 'é ${nothing.here}'"))).to.deep.equal([
        ["'é ${nothing.here}'", 'unknown property "nothing"'],
      ])
      const [[place, message] = []] = await reported('values:\n  a: [1\n  b: 2\n')
      expect(place).to.not.equal(undefined)
      expect(message).to.match(/^yaml: /)
    })

    it('name the place in an import that is wrong, at the import', async () => {
      const [[place, message] = []] = await reported('imports: [app/gone]\nvalues: {}\n')
      expect(place).to.equal('app/gone')
      expect(message).to.include('app/gone')
    })

    it('warn of a secret in the clear as saving would, without showing it', async () => {
      const found = await reported(devWith('    user: app', `    user: app\n    password: ${CANARY}9s8fKq7`))
      expect(found.map(([, message]) => message).join()).to.include('looks like a secret')
    })

    it('follow what is typed, and what is saved elsewhere', async () => {
      const { uri, text } = await opened(dev)
      await client.type(uri, text.indexOf('Bearer ') + 7, '${')
      expect(await client.diagnostics(uri)).to.not.deep.equal([])
      await client.change(uri, dev)
      expect(await client.diagnostics(uri)).to.deep.equal([])
      await client.change(uri, 'imports: [app/new]\nvalues: {a: "${b}"}\n')
      expect(await client.diagnostics(uri)).to.not.deep.equal([])
      await program.withEnvironment('app/new', 'values: {b: 1}\n')
      client.forget(uri)
      await client.save(uri)
      expect(await client.diagnostics(uri)).to.deep.equal([])
    })
  })

  describe('completion', () => {
    it('offers the steps of references, of values that are inherited too', async () => {
      expect(await labels(devWith('Bearer ${token}', '"Bearer ${database.|"'))).to.have.members([
        'host',
        'password',
        'port',
        'user',
      ])
      expect(await labels(devWith('${alias.user}', '${|}'))).to.include.members(['region', 'alias', 'environments'])
      expect(await labels(devWith('${alias.user}', '${environments.|}'))).to.deep.equal(['app'])
      expect(await labels(devWith('${alias.user}', '${environments.app.|}'))).to.include.members(['base', 'web'])
      expect(await labels(devWith('${alias.user}', '${environments.app.base.database.|}'))).to.have.members([
        'host',
        'password',
        'port',
      ])
      expect(await labels(devWith('${alias.user}', '$${|}'))).to.not.include('region')
      const { uri, offset } = await opened(devWith('Bearer ${token}', '"Bearer ${database.pa|"'))
      expect(await client.completed(uri, offset, 'password')).to.include('"Bearer ${database.password"')
    })

    it('writes a name that is none in brackets, without the dot', async () => {
      const { uri, offset } = await opened('values: {a: {"b c": 1}, d: "${a.|}"}\n')
      expect(await client.completed(uri, offset, 'b c')).to.equal('values: {a: {"b c": 1}, d: "${a["b c"]}"}\n')
    })

    it('offers names: fields, values that are inherited, builtins, providers, rotators and their inputs', async () => {
      expect(await labels('im|\n')).to.have.members(['imports', 'values', 'description'])
      expect(await labels('imports: [app/base]\nvalues:\n  re|\n')).to.include.members(['region', 'database', 'files'])
      expect(await labels(devWith('    user: app\n', '    user: app\n    p|\n'))).to.deep.equal(['password', 'port'])
      expect(await labels('values:\n  login:\n    fn|\n')).to.include.members(['fn::open::aws-login', 'fn::secret'])
      const inputs = 'values:\n  login:\n    fn::open::aws-login:\n      static:\n        acc|\n'
      expect(await labels(inputs)).to.include.members(['accessKeyId', 'secretAccessKey'])
      expect(await labels('values: {login: {fn::open::aws-login: {|')).to.include.members(['static', 'oidc'])
      expect(await labels('values:\n  p:\n    fn::rotate::password:\n      in|\n')).to.have.members(['inputs', 'state'])
      expect(await labels('values:\n  p:\n    fn::rotate::password:\n      inputs:\n        |\n')).to.include('length')
      expect(await labels('values:\n  p:\n    fn::open:\n      provider: aws|\n')).to.include('aws-login')
      const special = 'values:\n  p:\n    fn::rotate::password:\n      inputs:\n        special: |\n'
      expect(await labels(special)).to.include.members(['true', 'false'])
      const { uri, offset } = await opened('values:\n  login:\n    fn|\n')
      expect(await client.completed(uri, offset, 'fn::secret')).to.equal('values:\n  login:\n    fn::secret: \n')
    })

    it('offers imports that are not there yet', async () => {
      expect(await labels('imports:\n  - app/base\n  - |\nvalues: {}\n'))
        .to.include('app/web')
        .and.not.include('app/base')
      expect(await labels('imports: [app/b|\n')).to.include('app/base')
    })

    it('offers nothing of what a secret holds', async () => {
      const secret = `values:\n  a: {fn::fromJSON: {fn::secret: '{"${CANARY}": 1}'}}\n  b: \${a.|}\n`
      expect(await labels(secret)).to.deep.equal([])
    })
  })

  describe('hover', () => {
    it('shows type, value and origin; what is overridden', async () => {
      const { uri, offset } = await opened(devWith('${database.port}', '${database.po|rt}'))
      expect(await client.hover(uri, offset)).to.equal(
        '```ts\ndatabase.port: number\n```\n\n```json\n5432\n```\n\nDefined at `app/base:5:11`',
      )
      const key = await opened(devWith('    host: dev', '    ho|st: dev'))
      const shown = await client.hover(key.uri, key.offset)
      expect(shown).to.include('database.host: string').and.include('Defined at `app/dev:5:11`')
      expect(shown).to.include('Overrides `app/base:4:11`')
    })

    it('says of a secret that it is one, and nothing more', async () => {
      for (const [from, to] of [
        ['  token:', '  tok|en:'],
        ['${token}', '${tok|en}'],
        ['  authorization', '  author|ization'],
      ] as const) {
        const { uri, offset } = await opened(devWith(from, to))
        expect(await client.hover(uri, offset))
          .to.include('Secret<string>')
          .and.include('It is a secret')
      }
    })

    it('hides a value that looks like a secret and is in the clear', async () => {
      const { uri, offset } = await opened(`values:\n  pass|word: ${CANARY}\n  region: eu-west-1\n`)
      expect(await client.hover(uri, offset))
        .to.include('password: string')
        .and.include('[secret]')
      expect(await client.hover(uri, client.document(uri).getText().indexOf('region'))).to.include('eu-west-1')
    })

    it('tells of builtins, providers and inputs', async () => {
      const login =
        'values: {a: {fn::open::aws-log|in: {static: {accessKeyId: x, secretAccessKey: {fn::secret: y}}}}}\n'
      const { uri, offset } = await opened(login)
      expect(await client.hover(uri, offset)).to.include('static.accessKeyId')
      const input = await opened(login.replace('|', '').replace('accessKeyId', 'access|KeyId'))
      expect(await client.hover(input.uri, input.offset)).to.include('string')
    })
  })

  describe('definition', () => {
    const placeOf = async (marked: string) => {
      const { uri, offset } = await opened(marked)
      return (await client.definition(uri, offset)).map(({ uri: file, range: { start } }) => {
        const name = file.includes('/revisions/')
          ? file.slice(file.indexOf('/app/') + 1)
          : file.split('/').slice(-3, -1).join('/')
        return `${name}:${start.line + 1}:${start.character + 1}`
      })
    }

    it('leads to values here and in imports, to imports, to environments, and to what a name overrides', async () => {
      expect(await placeOf(devWith('${database.port}', '${database.po|rt}'))).to.deep.equal(['app/base:5:11'])
      expect(await placeOf(devWith('${alias.user}', '${alias.us|er}'))).to.deep.equal(['app/dev:6:11'])
      expect(await placeOf(devWith('- app/base', '- app/b|ase'))).to.deep.equal(['app/base:1:1'])
      const inline = '${environments.app.base.database.ho|st}'
      expect(await placeOf(devWith('${alias.user}', inline))).to.deep.equal(['app/base:4:11'])
      expect(await placeOf(devWith('${alias.user}', inline.replace('|', '').replace('.base', '.ba|se')))).to.deep.equal(
        ['app/base:1:1'],
      )
      expect(await placeOf(devWith('    host: dev', '    ho|st: dev'))).to.deep.equal(['app/base:4:11'])
    })

    it('leads into the file of the revision, where the definition has been edited since', async () => {
      const file = definitionFile(program, 'app/base')
      const saved = readFileSync(file, 'utf8')
      writeFileSync(file, `# edited\n${saved}`)
      try {
        const [place = ''] = await placeOf(devWith('${database.port}', '${database.po|rt}'))
        const [path, line] = place.split(':')
        expect(path).to.match(/^app\/base\/revisions\/\d\.yaml$/)
        const text = readFileSync(join(program.store, path!), 'utf8').split('\n')
        expect(text[Number(line) - 1]).to.equal('    port: 5432')
      } finally {
        writeFileSync(file, saved)
      }
    })
  })

  describe('renaming', () => {
    const renamed = async (marked: string, name: string) => {
      const { uri, offset } = await opened(marked)
      return client.renamed(uri, offset, name)
    }

    it('changes a key and every reference in the document that leads to it, and names importers', async () => {
      const wanted = dev
        .replace('    user: app', '    login: app')
        .replace('${database.user}', '${database.login}')
        .replace('${alias.user}', '${alias.login}')
      expect(await renamed(devWith('    user: app', '    us|er: app'), 'login')).to.equal(wanted)
      expect(client.messages.join('\n')).to.include('app/web (2)')
      expect(await renamed(devWith('${database.user}', '${database.us|er}'), 'login')).to.equal(wanted)
      expect(await renamed(devWith('${alias.user}', '${alias.us|er}'), 'login')).to.equal(wanted)
    })

    it('writes names in brackets where they need them', async () => {
      expect(await renamed('values:\n  a|: {b: 1}\n  c: ${a.b}\n  d: "x $${a} ${a}"\n', 'e f')).to.equal(
        'values:\n  "e f": {b: 1}\n  c: ${["e f"].b}\n  d: "x $${a} ${a}"\n'.replace(' ${a}"', ' ${[\\"e f\\"]}"'),
      )
    })

    it('refuses what cannot be renamed, with the reason', async () => {
      const refusals = [
        [devWith('    user: app', '    us|er: app'), 'host', 'already'],
        [devWith('${database.port}', '${database.po|rt}'), 'x', 'not defined in this document'],
        ['values: {a: {fn::open::aws-log|in: {}}}\n', 'x', 'cannot be chosen'],
        ['values: {a|: 1}\n', 'fn::x', 'calls of builtins'],
        ['values: {a|: 1}\n', 'context', 'something else'],
        ['val|ues: {a: 1}\n', 'x', 'no name of a value'],
      ] as const
      for (const [marked, name, reason] of refusals) {
        const error = await renamed(marked, name).then(
          () => undefined,
          (thrown: Error) => thrown,
        )
        expect(error?.message, marked).to.include(reason)
      }
    })
  })

  describe('encrypting a value', () => {
    it('puts a ciphertext in its place that saving keeps and opening decrypts', async () => {
      const file = definitionFile(program, 'app/dev')
      const { uri, offset } = await opened(devWith('host: dev.example.com', `host: ${CANARY}x|y # why`))
      const [encrypt] = await client.actions(uri, offset)
      expect(encrypt!.title).to.equal('Encrypt this value')
      await client.execute(encrypt!)
      const text = client.withEdit(uri, client.applied.pop()!)
      expect(text).to.match(/host: # why\n {6}fn::secret:\n {8}ciphertext: ZXNj[\w+/=]+\n/)
      writeFileSync(file, text)
      await program.ok('env', 'save', 'app/dev')
      expect(readFileSync(file, 'utf8')).to.include(/ciphertext: (ZXNj\S+)/.exec(text)![1])
      expect((await program.open('app/dev')).database.host).to.equal(`${CANARY}xy`)
      await program.run(['env', 'edit', 'app/dev', '--file', '-'], { input: dev })
    })

    it('or marks it, for saving to encrypt', async () => {
      const { uri, offset } = await opened('values:\n  a: 50|0\n  b: $${x}\n')
      const [, mark] = await client.actions(uri, offset)
      expect(client.withEdit(uri, mark!.edit!)).to.include('a:\n    fn::fromJSON:\n      fn::secret: "500"\n')
      const other = await client.actions(uri, client.document(uri).getText().indexOf('$$') + 1)
      expect(client.withEdit(uri, other[1]!.edit!)).to.include('b:\n    fn::secret: $${x}\n')
    })

    it('is not offered for references, names of providers and what is encrypted', async () => {
      for (const marked of [
        'values: {a: "x${|b}"}\n',
        'values: {a: {fn::open: {provider: aws-lo|gin, inputs: {}}}}\n',
        'values: {a: {fn::secret: {ciphertext: ZX|Nj}}}\n',
        'imports: [app/b|ase]\n',
      ]) {
        const { uri, offset } = await opened(marked)
        expect(await client.actions(uri, offset), marked).to.deep.equal([])
      }
    })
  })

  describe('where things are not as they should be', () => {
    it('answers at every place of a text that is being typed', async () => {
      const typed = `${dev}  x: {fn::fromJSON: {fn::secret: '{"${CANARY}": "${CANARY}"}'}}\n  y: \${x.${CANARY.slice(0, 3)}}\n`
      const { uri } = await opened('')
      const stride = strideOf(9)
      for (let end = 1; end <= typed.length; end += stride()) {
        await client.change(uri, typed.slice(0, end))
        await client.completions(uri, end)
        await client.hover(uri, end - 1).catch(() => '')
        await client.actions(uri, end - 1).catch(() => [])
        await client.definition(uri, end - 1).catch(() => [])
      }
      await client.change(uri, dev)
      expect(await client.diagnostics(uri)).to.deep.equal([])
    })

    it('reads files that are in no store, and documents that are in no file, by their form', async () => {
      const folder = join(program.folder, 'elsewhere')
      mkdirSync(folder, { recursive: true })
      expect(await reported('imports: 5\nvalues: {}\n', join(folder, 'environment.yaml'))).to.deep.equal([
        ['5', 'imports must be a list'],
      ])
      const uri = await client.openUri('untitled:environment.yaml', 'values:\n  a:\n    \n')
      expect(await client.diagnostics(uri)).to.deep.equal([])
      const offered = (await client.completions(uri, 17)).map(({ label }) => label)
      expect(offered).to.include('fn::open::aws-login')
      await client.close(uri)
      const other = await client.openUri(client.uriOf(join(folder, 'compose.yaml')), 'services: [x\n')
      expect(await client.completions(other, 3)).to.deep.equal([])
      expect(client.sent).to.not.include('compose.yaml')
    })

    it('ends requests that are cancelled, and goes on', async () => {
      const { uri, offset } = await opened(devWith('${database.port}', '${database.po|rt}'))
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const source = new CancellationTokenSource()
          const type = i % 2 === 0 ? HoverRequest.type : CompletionRequest.type
          const answer = client.connection.sendRequest(
            type as typeof HoverRequest.type,
            client.at(uri, offset),
            source.token,
          )
          source.cancel()
          return answer.then(
            () => 'answered',
            (error: { code?: number }) => error.code,
          )
        }),
      )
      for (const outcome of outcomes) expect(outcome).to.be.oneOf(['answered', -32800])
      expect(outcomes).to.include(-32800)
      expect(await client.hover(uri, offset)).to.include('5432')
    })

    it('calls no provider, loads no plugin and runs nothing of a store', async () => {
      const marker = join(program.folder, 'ran')
      const command = `{fn::open::command: {read: {a: {command: [touch, ${marker}]}}}}`
      await opened(`values:\n  a: ${command}\n  b: \${a.|}\n`)
      expect(await client.diagnostics(last!)).to.be.an('array')
      const plugin = join(program.folder, 'node_modules', 'esc-evil')
      mkdirSync(plugin, { recursive: true })
      writeFileSync(join(plugin, 'package.json'), '{"name": "esc-evil", "type": "module", "exports": "./index.js"}')
      writeFileSync(
        join(plugin, 'index.js'),
        `import { writeFileSync } from 'node:fs'\nwriteFileSync('${marker}', '')\nexport default {}\n`,
      )
      const configuration = join(program.store, 'esc.yaml')
      const before = readFileSync(configuration, 'utf8')
      writeFileSync(configuration, `${before}plugins: [esc-evil]\n`)
      try {
        const { uri, offset } = await opened('values:\n  a:\n    fn::open::evil: {}\n  b:\n    |\n')
        expect(JSON.stringify(await client.diagnostics(uri))).to.include('esc-evil')
        expect((await client.completions(uri, offset)).map(({ label }) => label)).to.include('fn::open::aws-login')
        expect(await client.hover(uri, offset)).to.equal('')
        expect(existsSync(marker)).to.equal(false)
      } finally {
        writeFileSync(configuration, before)
      }
    })

    it('tells nothing of environments that the user may not read', async () => {
      const configuration = join(program.store, 'esc.yaml')
      const before = readFileSync(configuration, 'utf8')
      writeFileSync(
        configuration,
        `${before}access:\n  rules:\n    - {principals: [ada@example.com], level: admin, environments: [app/dev]}\n    - {principals: [root], level: admin, environments: ['*']}\n`,
      )
      try {
        const { uri, offset } = await opened(devWith('${database.port}', '${database.po|rt}'))
        const told = JSON.stringify(await client.diagnostics(uri))
        expect(told).to.include('app/base')
        expect(await client.hover(uri, offset)).to.not.include('5432')
        const error = await client.definition(uri, offset).catch((thrown: Error) => thrown)
        expect(JSON.stringify(error)).to.not.include('app/base')
        const offered = (await client.completions(uri, client.document(uri).getText().indexOf('- app') + 2)).map(
          ({ label }) => label,
        )
        expect(offered).to.not.include('app/base')
      } finally {
        writeFileSync(configuration, before)
      }
    })
  })
})

describe('the language server, on a definition with 26 imports', function () {
  this.timeout(120_000)
  const program = programWith('lib/e0', 'values: {v0_0: {a: 1}}\n')

  it('has diagnostics within 100 ms of processor time after an edit', async function () {
    if (!existsSync(`/proc/${process.pid}/stat`)) {
      console.warn('      skipped: the system does not tell the processor time of other processes')
      return this.skip()
    }
    const names: string[] = []
    for (let i = 1; i <= 26; i++) {
      const lines = Array.from(
        { length: 40 },
        (_, k) => `  v${i}_${k}: {a: ${k}, b: "x\${v${i}_${Math.max(k - 1, 0)}.a}", c: [1, 2, 3]}\n`,
      )
      names.push(`lib/e${i}`)
      await program.withEnvironment(`lib/e${i}`, `values:\n${lines.join('').replace(`"x\${v${i}_0.a}"`, 'first')}`)
    }
    const lines = Array.from({ length: 60 }, (_, k) => `  k${k}: "\${v${(k % 26) + 1}_3.b} x"\n`)
    const text = `imports: [${names.join(', ')}]\nvalues:\n${lines.join('')}`
    await program.withEnvironment('app/large', text)
    const client = await EditorClient.start(program)
    try {
      const uri = await client.open(definitionFile(program, 'app/large'), text)
      expect(await client.diagnostics(uri)).to.deep.equal([])
      // The first edits of a process are slower: its code is not compiled yet.
      for (let i = 0; i < 5; i++) await edit(client, uri)
      const before = cpuMsOf(client.child.pid!)
      const walls: number[] = []
      const count = 20
      for (let i = 0; i < count; i++) walls.push(await edit(client, uri))
      const cpu = (cpuMsOf(client.child.pid!) - before) / count
      const wall = walls.sort((a, b) => a - b)[count / 2]!
      if (process.env.SHOW_TIMES)
        console.log(`      ${cpu.toFixed(1)} ms of processor time, ${wall.toFixed(1)} ms on the clock`)
      expectWithin(100, cpu, `diagnostics of an edit (median on the clock: ${wall.toFixed(0)} ms)`)
      await client.type(uri, text.length - 3, '${nothing}')
      const [wrong] = await client.diagnostics(uri)
      expect(wrong!.message).to.include('unknown property "nothing"')
    } finally {
      client.kill()
    }
    return undefined
  })

  /** The milliseconds from an edit to its diagnostics. */
  async function edit(client: EditorClient, uri: string): Promise<number> {
    const begun = performance.now()
    await client.type(uri, client.document(uri).getText().length - 3, 'y')
    await client.diagnostics(uri)
    return performance.now() - begun
  }

  /**
   * The processor time that a process has used, in milliseconds, as Linux counts it: in hundredths
   * of a second.
   */
  function cpuMsOf(pid: number): number {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  }
})

describe('the language server, on what an editor of `esc env edit` shows', function () {
  this.timeout(60_000)
  const program = programWith('app/base', base)

  it('knows the environment, and takes the values below it for none of it', async () => {
    await program.withEnvironment('app/dev', dev)
    const shown = join(program.folder, 'shown')
    const editor = join(program.folder, 'editor.sh')
    writeFileSync(editor, `#!/bin/sh\necho "$1" >${shown}\nwhile [ -e ${shown} ]; do sleep 0.05; done\nexit 1\n`, {
      mode: 0o755,
    })
    const editing = program.esc(['env', 'edit', 'app/dev', '--editor', editor, '--show-secrets'])
    const client = await EditorClient.start(program)
    try {
      while (!existsSync(shown) || !readFileSync(shown, 'utf8').endsWith('\n'))
        await new Promise((done) => setTimeout(done, 50))
      const file = readFileSync(shown, 'utf8').trim()
      const text = readFileSync(file, 'utf8')
      expect(text).to.include(CANARY).and.include('Please edit')
      const uri = await client.open(file, text)
      expect(await client.diagnostics(uri)).to.deep.equal([])
      const at = text.indexOf('${database.port') + '${database.'.length
      expect((await client.completions(uri, at)).map(({ label }) => label)).to.include('password')
      expect(await client.hover(uri, at + 1)).to.include('app/base:5:11')
      await client.change(uri, text.replace('${token}', '${tokn}'))
      expect((await client.diagnostics(uri))[0]!.message).to.include('unknown property')
      expect(client.sent).to.not.include(CANARY)
    } finally {
      client.kill()
      const { rmSync } = await import('node:fs')
      rmSync(shown, { force: true })
      await editing
    }
  })
})
