import { expect } from 'chai'
import { JsonNumber } from '../../src/json.ts'
import {
  cloneEnvironment,
  createSchedule,
  createWebhook,
  decoderOf,
  editWebhook,
  type InputSchema,
  inputDecoder,
  rotateEnvironment,
  Session,
  setValues,
} from '../../src/operations/index.ts'
import type { EnvironmentReference } from '../../src/operations/references/reference.ts'
import { type Operation, operation } from '../../src/operations/session/operation.ts'
import { operations } from './every-operation.ts'
import { SampleStore } from './sample-store.ts'
import { samples } from './samples.ts'

/** Operations whose input no face gets from outside, and why. */
const undeclared: Readonly<Record<string, string>> = {
  'record-agent-call': 'it runs a function',
  'analyze-definition': 'it is given a parser',
  'encrypt-for-definition': 'its input is a plaintext that an editor holds',
  'list-references-to-key': 'editors ask for it, with what they have parsed',
  'locate-definition': 'editors ask for it, with a position',
  'scan-secrets': 'it reads files of this machine',
  'install-scan-hook': 'it writes a hook of a repository of this machine',
  'check-variables': 'it is given what was opened',
  'require-known': 'it is given what was opened',
  'claim-scheduler': 'a process claims for itself',
  'set-value': 'the value is asked for once the path is known to be good',
  'edit-definition': 'a function edits',
  'import-values': 'the file of another program is read before',
  'export-pulumi-stack': 'it writes a file of this machine',
  'set-login-provider': 'a command that asks questions makes it',
  'get-status': 'a reference alone, of the command line',
  'grant-token': 'the server grants one to whom it has verified',
  'verify-identity': 'the server verifies who signs in',
  'open-draft': 'a draft is a branch of this clone',
  'export-store-to-folder': 'it writes a folder of this machine',
  'import-store-into-database': 'it reads a folder of this machine',
  'deliver-webhooks': 'a process of this machine waits',
  'prepare-webhook-deliveries': 'a server does so by itself',
  'send-webhook-delivery': 'a server does so by itself',
  'init-issuer': 'the key of this machine',
  'publish-issuer': 'it writes a folder of this machine',
  'issue-token': 'the key of this machine',
  'rotate-signing-key': 'the key of this machine',
  'plan-trust-setup': 'it plans with the key of this machine',
  'rewrap-keys': 'a step over many environments',
  'trust-key': 'a person decides in between',
  'trust-keys': 'a person decides in between',
  'accept-trust': 'what this machine allows',
}

/** The members that are data, as far as they are there. */
function dataIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dataIn)
  if (typeof value !== 'object' || value === null || 'typed' in value) return value
  const members = Object.entries(value).filter(([, each]) => each !== undefined && typeof each !== 'function')
  return Object.fromEntries(members.map(([key, each]) => [key, dataIn(each)]))
}

/** An input of a sample as a client writes it: paths and references are text. */
function written(typed: unknown, isPath = false): unknown {
  if (Array.isArray(typed)) {
    return isPath && !typed.some(Array.isArray) ? typed.join('.') : typed.map((each) => written(each, isPath))
  }
  if (typeof typed !== 'object' || typed === null) return typed
  if ('typed' in typed && 'environment' in typed) return typed.typed
  const members = Object.entries(dataIn(typed) as object)
  return Object.fromEntries(members.map(([key, each]) => [key, written(each, key === 'path')]))
}

describe('inputs of operations', () => {
  let store: SampleStore
  before(async () => {
    store = await SampleStore.make()
  })
  after(() => store.remove())

  it('have a schema, but for those that no face gets from outside', () => {
    const takesSome = operations.filter(({ name }) => samples[name]?.input !== undefined)
    const without = takesSome.filter(({ input }) => input === undefined).map(({ name }) => name)
    expect(without.sort()).to.deep.equal(Object.keys(undeclared).sort())
  })

  for (const each of operations.filter(({ input }) => input !== undefined)) {
    it(`of ${each.name} are read from what a client writes, and described`, async () => {
      const typed = samples[each.name]?.input?.(store.workspace('ada@example.com'), store)
      const decoder = (await inputDecoder(each))!
      const read = decoder.decode(written(typed, each.name.startsWith('remove-value')))
      if (Array.isArray(typed) || typeof typed !== 'object') expect(read).to.deep.equal(typed)
      else expect(read).to.deep.include(dataIn(typed))
      expect(JSON.stringify(decoder.json)).to.match(/"type"|"anyOf"/)
    })
  }

  const refused = async <I, R>(of: Operation<EnvironmentReference, I, R>, given: unknown) => {
    const decoder = (await inputDecoder(of))!
    try {
      decoder.decode(given)
    } catch (error) {
      const { code, message, hint } = error as { code: string; message: string; hint: string }
      expect(code).to.equal('invalid_input')
      return `${message} → ${hint}`
    }
    throw new Error('it was taken')
  }

  it('are refused with the place, what is there, and what belongs there', async () => {
    expect(await refused(createSchedule, { cron: 5 })).to.equal(
      'the input of create-schedule is wrong: `cron` is a number → give `cron` a text',
    )
    expect(await refused(createSchedule, { crom: '* * * * *' })).to.equal(
      'the input of create-schedule is wrong: `crom` is unknown → did you mean `cron`?',
    )
    expect(await refused(createSchedule, [])).to.include('the whole is a list → give the whole an object')
    expect(await refused(createWebhook, { url: 'https://x.example', format: 'slak' })).to.equal(
      'the input of create-webhook is wrong: `displayName` is missing; `format` is "slak" → ' +
        'give `displayName` a text; give `format` one of raw, slack, ms_teams, github, gitlab, pulumi_deployments',
    )
    expect(await refused(editWebhook, { name: 'a', edit: { events: { kind: 'replace', values: [1] } } })).to.equal(
      'the input of edit-webhook is wrong: `edit.events.values[0]` is a number → give `edit.events.values[0]` a text',
    )
    expect(await refused(rotateEnvironment, { paths: ['a['], mode: 'plan' })).to.match(/`paths\[0\]`: /)
    expect(await refused(cloneEnvironment, { destination: 'other/app/dev' })).to.include('label of a store')
    expect(await refused(setValues, [{ path: 'a', value: new Date() }])).to.include('`[0].value`: is not a JSON value')
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`zz${index}`, 1]))
    expect(await refused(createSchedule, many)).to.include('`zz2` is unknown; and 6 more')
  })

  it('are refused without quoting what may be a secret', async () => {
    const secret = 'kQ9xvT2mZx8Lp4Wr7nB3'
    const said = [
      await refused(createWebhook, { displayName: [secret], url: { secret }, secret: [secret], headers: secret }),
      await refused(setValues, { path: secret, value: secret }),
      await refused(setValues, [{ path: 'a', value: secret, plaintext: secret }]),
      await refused(createWebhook, { displayName: 'a', url: 'b', template: secret }),
    ]
    expect(said.join('\n')).not.to.include(secret)
  })

  it('keep the text of numbers, and members that look like a prototype', async () => {
    const decoder = (await inputDecoder(setValues))!
    const value = JSON.parse('{"__proto__": {"a": 1}}')
    const [first, second] = decoder.decode([
      { path: 'a', value: new JsonNumber('1.10') },
      { path: 'b', value },
    ])
    expect(first).to.deep.equal({ path: ['a'], value: new JsonNumber('1.10'), plaintext: false })
    expect(Object.keys(second!.value as object)).to.deep.equal(['__proto__'])
  })

  it('lead to what the operation does with typed ones', async () => {
    const session = new Session(store.workspace('ada@example.com'))
    const decoder = (await inputDecoder(setValues))!
    const given = decoder.decode([{ path: 'servers[0]["a.b"]', value: { port: 1 } }])
    const { result } = await session.perform(setValues, session.reference('app/base'), given)
    expect(result.kind).to.equal('saved')
    expect(session.workspace.store.environment('app/base').current().definition).to.match(/servers:.*a\.b:.*port: 1/s)
  })

  it('may be described by schemas of faces, too', async () => {
    const schema: InputSchema<{ a: number }> = (z) => z.strictObject({ a: z.int().min(1).max(3) })
    const decoder = await decoderOf(schema, 'it')
    expect(decoder.decode({ a: 3 })).to.deep.equal({ a: 3 })
    expect(() => decoder.decode({ a: 4 })).to.throw('it is wrong: `a` is too large')
    expect(() => decoder.decode({ a: 1.5 })).to.throw('it is wrong: `a` is a number')
    expect(decoder.json).to.deep.include({ type: 'object', additionalProperties: false, required: ['a'] })
  })

  it('do not compile where schema and type differ', () => {
    const common = { name: 'x', level: 'read', audit: 'environment-read' } as const
    type Input = { readonly name: string; readonly more?: number; readonly confirm?: () => Promise<void> }
    const run = async (_: unknown, { name }: Input) => name
    const made = [
      operation({ ...common, input: (z) => z.strictObject({ name: z.string(), more: z.int().optional() }), run }),
      // @ts-expect-error a member of the input is missing
      operation({ ...common, input: (z) => z.strictObject({ name: z.string() }), run }),
      // @ts-expect-error another type
      operation({ ...common, input: (z) => z.strictObject({ name: z.int(), more: z.int().optional() }), run }),
      // @ts-expect-error a member that the input has not
      operation({ ...common, input: (z) => z.strictObject({ name: z.string(), other: z.int() }), own: ['more'], run }),
      operation({ ...common, own: ['more'], input: (z) => z.strictObject({ name: z.string() }), run }),
    ]
    expect(made).to.have.length(5)
  })
})
