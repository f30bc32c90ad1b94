import { expect } from 'chai'
import fc from 'fast-check'
import { Program } from '../end-to-end/program.ts'
import { runs } from '../sample.ts'
import { RunningServer } from './running-server.ts'

describe('the route of operations', function () {
  this.timeout(180_000)
  let program: Program
  let server: RunningServer
  const perform = (name: string, body: unknown, token?: string) =>
    server.call('POST', `/api/v1/operations/${name}`, { body, ...(token !== undefined && { token }) })

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    await program.esc(['env', 'init', 'app/dev', '--file', '-'], {
      input: 'values: {a: 1, b: {fn::secret: hunter2}}\n',
    })
    server = await RunningServer.start(program)
    return undefined
  })
  after(async () => {
    await server?.stop()
    program?.remove()
  })

  it('lists the operations, with the schema of their inputs', async () => {
    const { operations } = (await server.call('GET', '/api/v1/operations')).json
    const setValues = operations.find(({ name }: { name: string }) => name === 'set-values')
    expect(setValues).to.include({ about: 'environment' })
    expect(setValues.input).to.have.property('type', 'array')
  })

  it('takes what a program writes by hand, and answers in JSON', async () => {
    const subject = { name: 'app/dev' }
    const set = await perform('set-values', { subject, input: [{ path: 'c.d', value: 1.1 }] })
    expect(set.status).to.equal(200)
    expect(set.json.result).to.include({ kind: 'saved' })
    expect(set.json.caller).to.deep.equal({ organization: 'acme', principal: 'root@example.com' })
    expect((await perform('list-environments', { subject: null, input: {} })).json.result.environments).to.deep.equal([
      'app/dev',
    ])
  })

  it('names what is wrong, and nothing of the machine', async () => {
    const subject = { name: 'app/dev' }
    const wrong: readonly [string, unknown, number, RegExp][] = [
      ['set-values', { subject, input: [{ path: 'a' }] }, 400, /`\[0\]/],
      ['set-values', { subject, input: [], more: 1 }, 400, /the request is wrong/],
      ['set-values', { subject: null, input: [] }, 400, /about an environment/],
      ['list-environments', { subject, input: {} }, 400, /about the store/],
      ['require-environment', { subject, input: { a: 1 } }, 400, /takes no input/],
      ['require-environment', { subject: { name: 'app/none' } }, 404, /does not exist/],
      ['require-environment', { subject: { name: '../../etc' } }, 404, /./],
      ['require-environment', { subject: { name: '../etc' } }, 400, /is not an environment name/],
      ['require-environment', '{"subject":', 400, /./],
      ['accept-trust', { subject: null }, 400, /in the folder of a store/],
      [
        'create-environment',
        { subject: { name: 'a/b' }, input: { definition: '', secretsProvider: 'age' } },
        400,
        /choosing a secrets provider/,
      ],
      ['rotate-environment', { subject, input: { mode: 'retarget' } }, 400, /./],
      ['no-such', { subject }, 404, /no-such/],
    ]
    for (const [name, body, status, message] of wrong) {
      const { status: answered, json, text } = await perform(name, body)
      expect([name, answered, json.code]).to.deep.equal([name, status, status])
      expect(json.message, name).to.match(message)
      expect(text, name).to.not.include(program.folder)
    }
    expect((await perform('list-environments', { subject: null, input: {} }, 'no-such-token')).status).to.equal(401)
    expect((await perform('list-environments', { subject: null, input: {} }, '')).status).to.equal(401)
  })

  it('says beforehand what a caller will be refused, and who could allow it', async () => {
    const refused = async (token?: string) =>
      (await server.call('GET', '/api/v1/refused?environment=app/dev', { ...(token !== undefined && { token }) })).json
        .refused
    expect(await refused()).to.deep.equal({})
    const token = (await program.ok('server', 'token', 'create', '--user', 'ann@example.com', '--level', 'read')).trim()
    const told = await refused(token)
    expect(told['set-values']).to.deep.equal({ level: 'write', held: 'admin', by: 'session', ask: [] })
    expect(told).to.include.keys('rotate-environment', 'rotate-environment:doctor', 'get-environment:secrets')
    expect(told).to.not.have.any.keys('get-environment', 'list-revisions', 'explain-access')
    // What it says is what happens.
    for (const [name, input] of [
      ['set-values', [{ path: 'a', value: 2 }]],
      ['rotate-environment', { mode: 'doctor' }],
    ] as const)
      expect((await perform(name, { subject: { name: 'app/dev' }, input }, token)).status, name).to.equal(403)
    expect((await server.call('GET', '/api/v1/refused', { token })).json.refused).to.include.keys('list-audit-lines')
    expect((await server.call('GET', '/api/v1/refused?environment=app/none')).status).to.equal(404)
  })

  it('sends the steps of a rotation, and the remedy where it may not be meant', async () => {
    const subject = { name: 'app/rotated' }
    await program.withEnvironment('app/rotated', 'values: {p: {fn::rotate::password: {inputs: {length: 20}}}}\n')
    const headers = { accept: 'text/event-stream' }
    const rotate = (input: object) =>
      server.call('POST', '/api/v1/operations/rotate-environment', { body: { subject, input }, headers })
    for (let run = 0; run < 2; run++) {
      const { text } = await rotate({})
      expect(text).to.match(/event: step\ndata: .*"phase":"rotated"/)
      const [, report = ''] = /event: report\ndata: (.*)/.exec(text) ?? []
      expect(JSON.parse(report).result).to.include({ status: 'succeeded' })
    }
    // A third one in a row would end the credential before the present one.
    const { status, json } = await rotate({})
    expect(status).to.equal(409)
    expect(json.message).to.match(/rotating again now ends/)
    const parts: readonly { readonly remedy?: object }[] = json.error.of.hint.of
    expect(parts.map(({ remedy }) => remedy)).to.deep.include({ do: 'repeat', with: 'force' })
    expect((await rotate({ force: true })).text).to.include('event: report')
  })

  it('shows what a schedule would do, and where a mistake in it is', async () => {
    const preview = async (input: object) => (await perform('preview-schedule', { subject: null, input })).json.result
    const monday = await preview({ cron: '0 3 * * MON', timezone: 'Europe/Berlin' })
    expect(monday.words).to.equal('At 03:00, only on Monday')
    expect(monday.next).to.have.length(5)
    for (const [input, at] of [
      [{ cron: '0 3 * *' }, 'cron'],
      [{ cron: '* * * * *' }, 'cron'],
      [{ cron: '0 3 * * 1', timezone: 'Europe/Berlim' }, 'timezone'],
      [{ once: '2020-01-01T00:00:00Z' }, 'once'],
    ] as const)
      expect((await preview(input)).problem, JSON.stringify(input)).to.include({ input: at })
  })

  it('never fails for what somebody sends', async () => {
    const names: string[] = (await server.call('GET', '/api/v1/operations')).json.operations.map(
      ({ name }: { name: string }) => name,
    )
    const reading = names.filter((name) =>
      /^(?:get|list|describe|diagnose|expand|explain|graph|open|require|resolve)-/.test(name),
    )
    const words = fc.oneof(
      fc.constantFrom('app/dev', 'app', 'latest', '@1', '*', '', '../x', '__proto__', 'a/b/c/d'),
      fc.string(),
    )
    const junk = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        words,
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(words, tie('any'), { maxKeys: 3 }),
      ),
    })).any
    const subject = fc.oneof(
      fc.constant(null),
      fc.record({ name: words, version: fc.option(words, { nil: undefined }) }),
      junk,
    )
    const input = fc.oneof(
      junk,
      fc.record({ path: words, showSecrets: fc.boolean(), name: words, id: words, as: words }, { requiredKeys: [] }),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...reading), subject, input, async (name, about, given) => {
        const { status, text } = await perform(name, { subject: about, input: given })
        expect(status, text).to.be.below(500)
        expect(text).to.not.include(program.folder)
      }),
      runs(300, 20_000),
    )
  })
})
