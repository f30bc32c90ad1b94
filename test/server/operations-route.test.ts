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
      ['require-environment', { subject: { name: '../etc' } }, 400, /is no environment name/],
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
