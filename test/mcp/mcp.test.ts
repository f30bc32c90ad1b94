import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { Agent, type Answer } from './agent.ts'

/** With what JSON, shells, URLs and base64 write in another way. */
const CANARY = 'cAnary "8f3k2" \\zz/+ äö'
const PLAIN_CANARY = 'pLainCanary-77x1'

const DEFINITION = `imports: [base/common]
values:
  # A comment that stays.
  database:
    host: db.example.com
    password: {fn::secret: ${JSON.stringify(CANARY)}}
  token: {fn::secret: ${PLAIN_CANARY}}
  url: postgres://app:\${token}@\${database.host}/shop
  login:
    fn::rotate::password:
      inputs: {length: 24}
  environmentVariables:
    PASSWORD: \${database.password}
    TOKEN: \${token}
  files:
    TOKEN_FILE: \${token}
`

/** A canary as it may stand in a text. */
function formsOf(canary: string): readonly string[] {
  const bytes = Buffer.from(canary)
  const json = JSON.stringify(canary).slice(1, -1)
  return [
    canary,
    json,
    JSON.stringify(json).slice(1, -1),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('hex'),
    encodeURIComponent(canary),
  ]
}

describe('esc mcp', function () {
  this.timeout(60_000)
  let program: Program
  let agent: Agent | undefined

  beforeEach(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.withEnvironment('base/common', 'values: {region: eu, shared: {fn::secret: sharedCanary-1234}}\n')
    await program.withEnvironment('app/dev', DEFINITION)
    await program.ok('env', 'rotate', 'app/dev')
  })
  afterEach(async () => {
    await agent?.stop()
    agent = undefined
    program?.remove()
  })

  async function start(words: readonly string[], answer?: Answer): Promise<Agent> {
    agent = await Agent.start(program, words, answer)
    return agent
  }

  async function canaries(): Promise<readonly string[]> {
    const { current } = await program.open('app/dev', 'login')
    return [CANARY, PLAIN_CANARY, 'sharedCanary-1234', current]
  }

  /** Nothing that has left the server, nor the audit log, holds a canary. */
  async function expectNoCanary(said: string): Promise<void> {
    const log = await program.ok('audit', 'log', '--output', 'json', '--count', '1000')
    for (const canary of await canaries()) for (const form of formsOf(canary)) expect(said + log).not.to.include(form)
  }

  it('offers what it was started for, and no more', async () => {
    const looking = ['list_environments', 'list_keys', 'show_definition', 'check_environment']
    expect(await (await start(['--level', 'read'])).tools()).to.deep.equal(looking)
    await agent!.stop()
    expect(await (await start([])).tools()).to.deep.equal([...looking, 'get_value'])
    await agent!.stop()
    const all = await start(['--level', 'write', '--command', 'true', '--allow-reveal'])
    expect(await all.tools()).to.deep.equal([
      ...looking,
      'get_value',
      'reveal_value',
      'run_command',
      'set_value',
      'remove_value',
      'save_definition',
      'plan_rotation',
      'rotate',
    ])
    expect((await agent!.refused('delete_everything')).code).to.equal('not_found')
  })

  it('lists, shows and checks without secrets', async () => {
    const looking = await start([])
    expect(await looking.ok('list_environments')).to.deep.equal({ environments: ['app/dev', 'base/common'] })
    const { keys } = await looking.ok('list_keys', { environment: 'app/dev' })
    expect(keys).to.deep.include({ path: 'database.host', type: 'string', secret: false })
    expect(keys).to.deep.include({ path: 'database.password', type: 'unknown', secret: true })
    expect(keys).to.deep.include({ path: 'region', type: 'string', secret: false })
    expect(keys.map(({ path }: { path: string }) => path)).to.include('login')
    const { definition, revision } = await looking.ok('show_definition', { environment: 'app/dev' })
    expect(revision).to.equal(3)
    expect(definition).to.include('# A comment that stays.')
    expect(definition).to.match(/password: \{fn::secret: \{ciphertext: <secret [0-9a-f]{12}>\}\}/)
    expect(definition).not.to.match(/ZXNj/)
    expect((await looking.ok('check_environment', { environment: 'app/dev' })).diagnostics).to.deep.equal([])
    const { value } = await looking.ok('get_value', { environment: 'app/dev' })
    expect(value.database).to.deep.equal({ host: 'db.example.com', password: '[secret]' })
    expect(value.url).to.equal('[secret]')
    expect(await looking.ok('get_value', { environment: 'app/dev', path: 'region' })).to.deep.equal({ value: 'eu' })
    const wrong = await looking.refused('get_value', { environment: 'app/dev', path: 'database.hots' })
    expect(wrong).to.deep.equal({
      code: 'not_found',
      message: 'app/dev has no value at database.hots',
      hint: 'did you mean database.host?',
    })
    await expectNoCanary(looking.said)
  })

  it('runs a command with secrets that it does not show, in whatever form it writes them', async () => {
    const running = await start(['--command', `${process.execPath} **`])
    const script = `
      const { PASSWORD, TOKEN, TOKEN_FILE } = process.env
      const { readFileSync } = require('node:fs')
      if (process.argv[1] !== TOKEN || readFileSync(TOKEN_FILE, 'utf8') !== TOKEN) process.exit(1)
      for (const secret of [PASSWORD, TOKEN]) {
        console.log('as it is', secret)
        console.log('as JSON', JSON.stringify({ secret }), JSON.stringify(JSON.stringify(secret)))
        console.error('base64', Buffer.from(secret).toString('base64'), 'hex', Buffer.from(secret).toString('hex'))
        console.log('URL', encodeURIComponent(secret))
        process.stdout.write(secret.slice(0, 5)); process.stdout.write(secret.slice(5) + '\\n')
      }
      throw new Error('it was ' + TOKEN)`
    const command = [process.execPath, '-e', script, '${token}']
    const { exit_code, stdout, stderr } = await running.ok('run_command', { environment: 'app/dev', command })
    expect(exit_code).to.equal(1)
    expect(stdout).to.include('as it is [secret]\n')
    expect(stdout).to.include('as JSON {"secret":"[secret]"}')
    // The last letters of base64 are of fewer bytes than the secret has.
    expect(stderr)
      .to.match(/base64 \[secret\]\S{0,3} hex \[secret\]/)
      .and.include('it was [secret]')
    const echo = [process.execPath, '-e', 'process.stdin.pipe(process.stdout)']
    const echoed = await running.ok('run_command', { environment: 'app/dev', command: echo, input: 'read this' })
    expect(echoed).to.deep.equal({ exit_code: 0, stdout: 'read this', stderr: '' })
    await expectNoCanary(running.said)
  })

  it('keeps the beginning and the end of what a command writes', async () => {
    const running = await start(['--command', `${process.execPath} **`])
    const command = [
      process.execPath,
      '-e',
      "console.log('first'); console.log('x'.repeat(200000)); console.log('last')",
    ]
    const { stdout } = await running.ok('run_command', { environment: 'app/dev', command })
    expect(stdout).to.match(/^first\nx+\n… \d+ bytes left out …\nx+\nlast\n$/)
    expect(stdout.length).to.be.lessThan(70_000)
  })

  it('ends a command when its time is up, when the call is cancelled, and when the client goes', async () => {
    const running = await start(['--command', 'sh **'])
    const mark = (name: string) => join(program.folder, name)
    const loop = (name: string) => ['sh', '-c', `while :; do date > ${mark(name)}; sleep 0.1; done`]
    const isAlive = async (name: string) => {
      const before = readFileSync(mark(name), 'utf8') + String(Date.now())
      writeFileSync(mark(name), '')
      await sleep(400)
      return before !== '' && readFileSync(mark(name), 'utf8') !== ''
    }
    const until = async (name: string) => {
      while (!existsSync(mark(name))) await sleep(20)
    }
    const timed = await running.ok('run_command', {
      environment: 'app/dev',
      command: loop('timed'),
      timeout_seconds: 1,
    })
    expect(timed).to.include({ exit_code: null, signal: 'SIGTERM', timed_out: 'ended after 1 s' })
    expect(await isAlive('timed')).to.equal(false)

    const cancel = new AbortController()
    const cancelled = running.call('run_command', { environment: 'app/dev', command: loop('cancelled') }, cancel.signal)
    await until('cancelled')
    expect(await isAlive('cancelled')).to.equal(true)
    cancel.abort()
    await cancelled.catch(() => {})
    await sleep(300)
    expect(await isAlive('cancelled')).to.equal(false)

    const left = running.call('run_command', { environment: 'app/dev', command: loop('left') })
    left.catch(() => {})
    await until('left')
    await running.stop()
    await sleep(500)
    expect(await isAlive('left')).to.equal(false)
    expect(() => process.kill(running.pid, 0)).to.throw()
    // The files of the environment are gone as well.
    expect(readdirSync(join(program.folder, 'tmp'))).to.deep.equal([])
  })

  it('edits values, and encrypts what is a secret', async () => {
    const editing = await start(['--level', 'write'])
    const environment = 'app/dev'
    const set = { environment, path: 'database.port', value: 5432 }
    expect(await editing.ok('set_value', set)).to.deep.equal({ saved: true, revision: 4, diagnostics: [] })
    await editing.ok('set_value', { environment, path: 'fresh', value: 'frEsh-canary', secret: true })
    await editing.ok('remove_value', { environment, path: 'url' })
    expect(await program.open(environment, 'database.port')).to.equal(5432)
    expect(await program.open(environment, 'fresh')).to.equal('frEsh-canary')
    expect((await editing.refused('get_value', { environment, path: 'url' })).code).to.equal('not_found')
    const { value } = await editing.ok('get_value', { environment, path: 'fresh' })
    expect(value).to.equal('[secret]')
    const masked = await editing.refused('set_value', { environment, path: 'copy', value: 'x[secret]' })
    expect(masked.message).to.include('stands for a hidden value')
    const key = `AKIA${'Q'.repeat(3)}7YHNBVXZ4KLM2`
    const clear = await editing.refused('set_value', {
      environment,
      path: 'aws.secretAccessKey',
      value: `${key}abcdefghij0123456789`,
    })
    expect(clear.message).to.include('looks like a secret')
    expect((await editing.refused('set_value', { environment, path: 'a' })).code).to.equal('invalid_input')
    expect(readFileSync(join(program.store, 'app', 'dev', 'environment.yaml'), 'utf8')).not.to.include('frEsh')
    await expectNoCanary(editing.said)
  })

  it('describes the arguments of tools, and says which are wrong without quoting them', async () => {
    const editing = await start(['--level', 'write', '--command', 'true'])
    const { tools } = await editing.client.listTools()
    for (const { name, inputSchema } of tools) {
      expect(inputSchema, name).to.include({ type: 'object', additionalProperties: false })
      for (const [member, { description }] of Object.entries(
        inputSchema.properties as Record<string, { description?: string }>,
      ))
        expect(description, `${name} ${member}`).to.be.a('string')
    }
    const required = Object.fromEntries(tools.map(({ name, inputSchema }) => [name, inputSchema.required ?? []]))
    expect(required).to.deep.include({
      list_environments: [],
      get_value: ['environment'],
      set_value: ['environment', 'path', 'value'],
      run_command: ['environment', 'command'],
      rotate: ['environment'],
    })
    const environment = 'app/dev'
    const wrong = await editing.refused('set_value', { environment, path: [CANARY], value: CANARY, secert: true })
    expect(wrong).to.deep.equal({
      code: 'invalid_input',
      message: 'the input of set_value is wrong: `path` is a list; `secert` is unknown',
      hint: 'give `path` a text; did you mean `secret`?',
    })
    const late = await editing.refused('run_command', { environment, command: ['true'], timeout_seconds: 1e6 })
    expect(late.message).to.equal('the input of run_command is wrong: `timeout_seconds` is too large')
    await expectNoCanary(editing.said)
  })

  it('saves a definition with the secrets that its placeholders stand for', async () => {
    const editing = await start(['--level', 'write'])
    const environment = 'app/dev'
    const login = await program.open(environment, 'login')
    const { definition, revision } = await editing.ok('show_definition', { environment })
    const better = definition
      .replace('db.example.com', 'db2.example.com')
      .replace('  token:', '  added: {fn::secret: addedCanary-42}\n  token:')
    expect(await editing.ok('save_definition', { environment, definition: better, revision })).to.include({
      saved: true,
      revision: 4,
    })
    const opened = await program.open(environment)
    expect(opened.database).to.deep.equal({ host: 'db2.example.com', password: CANARY })
    expect(opened.added).to.equal('addedCanary-42')
    expect(opened.login).to.deep.equal(login)

    const stale = await editing.refused('save_definition', { environment, definition: better, revision })
    expect(stale.code).to.equal('conflict')
    const foreign = better.replace(/<secret [0-9a-f]{12}>/, '<secret 000000000000>')
    expect(
      (await editing.refused('save_definition', { environment, definition: foreign, revision: 4 })).message,
    ).to.include('stands for no secret of it')
    const hidden = better.replace('db2.example.com', '"[secret]"')
    expect((await editing.refused('save_definition', { environment, definition: hidden, revision: 4 })).code).to.equal(
      'invalid_input',
    )
    const newest = (await editing.ok('show_definition', { environment })).definition
    const broken = newest.replace('${database.host}', '${database.hots}')
    const refused = await editing.refused('save_definition', { environment, definition: broken, revision: 4 })
    expect(refused.code).to.equal('invalid_definition')
    expect(refused.message).to.match(/line \d+/)
    // A state that the agent leaves out stays: it holds credentials.
    const without = newest.replace(/\n *state:[\s\S]*?(?=\n {2}\w)/, '')
    expect(without).not.to.equal(newest)
    await editing.ok('save_definition', { environment, definition: without, revision: 4 })
    expect(await program.open(environment, 'login')).to.deep.equal(login)
    await expectNoCanary(editing.said)
  })

  it('rotates once a person has agreed, where the client can ask', async () => {
    const questions: string[] = []
    let answer: ReturnType<Answer> = 'decline'
    const rotating = await start(['--level', 'write'], (question) => {
      questions.push(question)
      return answer
    })
    const before = await program.open('app/dev', 'login')
    for (const no of ['decline', 'no'] as const) {
      answer = no
      expect((await rotating.refused('rotate', { environment: 'app/dev' })).message).to.include('did not agree')
    }
    expect(await program.open('app/dev', 'login')).to.deep.equal(before)
    answer = 'accept'
    const rotated = await rotating.ok('rotate', { environment: 'app/dev', paths: ['login'] })
    expect(rotated).to.include({ status: 'succeeded', revision: 4 })
    expect((await program.open('app/dev', 'login')).previous).to.equal(before.current)
    expect(questions[0]).to.include('Rotate credentials of app/dev (revision 3)?\n- login (password)')
    expect(questions).to.have.length(3)
    // The rotation before was a moment ago now, of which the person is told too.
    await rotating.ok('rotate', { environment: 'app/dev' })
    expect(questions.at(-1)).to.include('Rotate all the same?')
    await expectNoCanary(rotating.said + questions.join())
  })

  it('rotates with the token of a plan, where the client cannot ask', async () => {
    await program.withEnvironment('app/other', 'values: {login: {fn::rotate::password: {inputs: {length: 20}}}}\n')
    const rotating = await start(['--level', 'write'])
    const environment = 'app/other'
    const unconfirmed = await rotating.refused('rotate', { environment })
    expect(unconfirmed).to.include({ code: 'invalid_input', message: 'this rotation has not been confirmed' })
    const plan = async () => (await rotating.ok('plan_rotation', { environment })).plan_token
    const other = await plan()
    expect((await rotating.refused('rotate', { environment: 'app/dev', plan_token: other })).message).to.include(
      'of another rotation',
    )
    expect((await rotating.refused('rotate', { environment, plan_token: other })).message).to.include('was used')
    const stale = await plan()
    await rotating.ok('set_value', { environment, path: 'a', value: 1 })
    expect((await rotating.refused('rotate', { environment, plan_token: stale })).message).to.include(
      'was changed after the plan',
    )
    expect(await rotating.ok('rotate', { environment, plan_token: await plan() })).to.include({ status: 'succeeded' })
    expect(await rotating.ok('rotate', { environment, plan_token: await plan() })).to.include({ status: 'succeeded' })
    // One that ends a credential which was current ten minutes ago needs a person.
    const again = await rotating.refused('rotate', { environment, plan_token: await plan() })
    expect(again.message).to.match(/rotated|ago/)
  })

  it('works with the environments and commands that it was started for, and with what they import', async () => {
    await program.withEnvironment('other/prod', 'values: {key: {fn::secret: proDcanary-1}}\n')
    const alone = await start(['--environment', 'app/*', '--level', 'write', '--command', 'echo hello *'])
    expect(await alone.ok('list_environments')).to.deep.equal({ environments: ['app/dev'] })
    for (const [name, more] of Object.entries({
      show_definition: {},
      get_value: {},
      set_value: { path: 'a', value: 1 },
      plan_rotation: {},
    })) {
      const { code, message } = await alone.refused(name, { environment: 'other/prod', ...more })
      expect({ code, message }, name).to.deep.include({ code: 'forbidden' })
      expect(message).to.include('app/*')
    }
    // What it imports is not among them.
    expect((await alone.refused('get_value', { environment: 'app/dev' })).message).to.include('base/common')
    await agent!.stop()
    const both = await start([
      '--environment',
      'app/*',
      '--environment',
      'base/common',
      '--level',
      'write',
      '--command',
      'echo hello *',
    ])
    const environment = 'app/dev'
    expect((await both.ok('get_value', { environment, path: 'region' })).value).to.equal('eu')
    expect((await both.ok('run_command', { environment, command: ['echo', 'hello', 'you'] })).stdout).to.equal(
      'hello you\n',
    )
    for (const command of [
      ['echo'],
      ['echo', 'hello', 'a', 'b'],
      ['sh', '-c', 'echo hello'],
      ['/bin/echo', 'hello', 'x'],
    ]) {
      expect((await both.refused('run_command', { environment, command })).code, command.join(' ')).to.equal(
        'forbidden',
      )
    }
    const stolen = { environment, path: 'stolen', value: '${environments.other.prod.key}' }
    expect((await both.refused('set_value', stolen)).message).to.include('other/prod')
    // Where a person has put it there, the agent cannot open what it takes part in.
    await program.ok('env', 'set', environment, 'stolen', stolen.value)
    for (const [name, more] of Object.entries({
      get_value: {},
      run_command: { command: ['echo', 'hello', '${stolen}'] },
    }))
      expect((await both.refused(name, { environment, ...more })).message, name).to.include('other/prod')
    expect(both.said).not.to.include('proDcanary')
  })

  it('returns a secret from the one tool that is named for it, with --allow-reveal', async () => {
    const revealing = await start(['--allow-reveal'])
    const asked = { environment: 'app/dev', path: 'database' }
    expect((await revealing.ok('get_value', asked)).value.password).to.equal('[secret]')
    expect((await revealing.ok('reveal_value', asked)).value.password).to.equal(CANARY)
    const log = await program.ok('audit', 'log', '--output', 'json')
    expect(log).to.include('reveal_value')
    for (const form of formsOf(CANARY)) expect(log).not.to.include(form)
  })

  it('writes every call into the audit log', async () => {
    const calling = await start(['--command', 'true', '--level', 'write'])
    await calling.ok('list_environments')
    await calling.ok('list_keys', { environment: 'app/dev' })
    await calling.refused('get_value', { environment: 'app/dev', path: 'nope' })
    await calling.refused('get_value', {})
    await calling.refused('no_such_tool', {})
    await calling.ok('run_command', { environment: 'app/dev', command: ['true'] })
    await calling.ok('set_value', { environment: 'app/dev', path: 'x', value: 1 })
    const lines = JSON.parse(
      await program.ok('audit', 'log', '--output', 'json', '--event', 'agent-tool-called', '--count', '100'),
    )
    const told = lines.map(
      (line: { result: string; environment: string; command: string; details?: Record<string, string> }) => {
        const { tool, path, program: name, client, code } = line.details ?? {}
        if (line.result === 'allowed') expect(client).to.equal('test-agent 1.0')
        return [line.result, line.command, line.environment, tool ?? code, path ?? name].filter(Boolean).join(' ')
      },
    )
    expect(told).to.deep.equal([
      'allowed mcp list_environments * list_environments',
      'done mcp list_environments *',
      'allowed mcp list_keys app/dev list_keys',
      'done mcp list_keys app/dev',
      'allowed mcp get_value app/dev get_value nope',
      'failed mcp get_value app/dev not_found',
      'allowed mcp get_value * get_value',
      'failed mcp get_value * invalid_input',
      'allowed mcp call * no_such_tool',
      'failed mcp call * not_found',
      'allowed mcp run_command app/dev run_command true',
      'done mcp run_command app/dev',
      'allowed mcp set_value app/dev set_value x',
      'done mcp set_value app/dev',
    ])
    const others = await program.ok(
      'audit',
      'log',
      '--output',
      'json',
      '--event',
      'environment-updated',
      '--count',
      '1',
    )
    expect(JSON.parse(others)[0]).to.include({ command: 'mcp set_value', result: 'done' })
  })

  it('refuses to start where it could not do what it was asked for', async () => {
    const { code, err } = await program.esc(['mcp', '--level', 'read', '--command', 'true'])
    expect(code).to.equal(2)
    expect(err).to.include('--level read opens nothing, which --command needs')
    const none = await program.esc(['mcp', '--store', join(program.folder, 'nowhere')])
    expect(none.code).to.equal(1)
  })
})
