import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type Decrypt,
  type EvaluatorRotator,
  evaluateEnvironment,
  fromPlain,
  toJson,
  toPlain,
} from '../../src/evaluate/index.ts'
import { formatJson } from '../../src/json.ts'
import { evaluationHost } from '../../src/operations/session/evaluation-host.ts'
import { openWorkspace } from '../../src/operations/session/open-workspace.ts'
import type { Workspace } from '../../src/operations/session/workspace.ts'
import type { PlainObject } from '../../src/plain.ts'
import { remediesIn } from '../../src/rich-text.ts'
import {
  type Cooldown,
  decodeJournalEntry,
  encodeJournalEntry,
  type RotationCause,
  type RotationMode,
  type RotationReport,
  rotate,
} from '../../src/rotation/index.ts'
import { loadRotator } from '../../src/rotators/index.ts'
import type { Environment } from '../../src/store/index.ts'
import { layout, Store } from '../../src/store/index.ts'
import { parsePropertyPath } from '../../src/yaml/index.ts'
import { sessionParts } from '../operations/session-parts.ts'
import { testContext } from '../rotators/test-context.ts'
import { FakeVendor, fakeRotator, Killed } from './fake-vendor.ts'

const zero = { line: 0, column: 0, byte: 0 }
const nowhere = { def: { begin: zero, end: zero } }
const author = { name: 'Ada Lovelace', email: 'ada@example.com' }

const definition = `# what the shop needs
values:
  a: # first
    fn::rotate::fake:
      inputs: {name: one, login: key}
  b:
    fn::rotate::fake:
      inputs:
        name: two   # second
  "c.d":
    - fn::rotate::fake: { inputs: { name: three } }
`

describe('rotate()', () => {
  let folder: string
  let workspace: Workspace
  let environment: Environment
  const vendors = new Map<string, FakeVendor>()
  const vendor = (name: string) => vendors.get(name) as FakeVendor

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esc-rotation-'))
    const env = { ESC_CONFIG_HOME: join(folder, 'config'), ESC_AUTHOR: 'Ada Lovelace <ada@example.com>' }
    const parts = sessionParts({ cwd: folder, env, notify: () => {}, now: () => new Date() })
    Store.init(join(folder, 'environments'), {}, { keys: { env, configFolder: env.ESC_CONFIG_HOME, notify: () => {} } })
    workspace = openWorkspace(parts)
    environment = await workspace.store.additions.create('shop/prod', { author, created: new Date() })
    await environment.append({ base: 1, definition, change: 'edit', author, created: new Date() })
    vendors.clear()
    for (const name of ['one', 'two', 'three', 'bad']) vendors.set(name, new FakeVendor())
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  async function run(
    options: {
      mode?: RotationMode
      paths?: string[]
      cooldown?: Partial<Cooldown>
      interrupt?: (stop: () => void) => void
      environment?: Environment
      discard?: boolean
      rotator?: ReturnType<typeof fakeRotator>
      start?: Date
      cause?: RotationCause
    } = {},
  ): Promise<RotationReport> {
    const context = testContext(options.start)
    options.interrupt?.(() => context.interrupt())
    return rotate({
      environment: options.environment ?? workspace.store.environment('shop/prod'),
      discard: options.discard ?? false,
      ...(options.cause && { cause: options.cause }),
      author,
      mode: options.mode ?? 'rotate',
      paths: (options.paths ?? []).map(parsePropertyPath),
      loadRotator: async (name) => (name === 'fake' ? (options.rotator ?? perName) : loadRotator(name)),
      evaluationHost: (rotator, base) => {
        const host = evaluationHost(workspace, { rotator })
        return { host, unlock: host.environments.use('shop/prod', environment, base) }
      },
      context,
      cooldown: { windowMs: 0, ...options.cooldown },
      onProgress: () => {},
    })
  }

  /** Opens the store as a machine that has seen nothing of it. */
  function forget(): void {
    rmSync(join(workspace.store.state.folder, 'seen'), { recursive: true, force: true })
    environment = workspace.store.environment('shop/prod')
  }

  /** The fake rotator, with a vendor for each value of its `name` input. */
  let room = false
  const perName = {
    ...fakeRotator(new FakeVendor(), { room: true }),
    retire: async (superseded, request, context) => rotatorOf(request).retire?.(superseded, request, context),
    plan: (request, context) => rotatorOf(request).plan(request, context),
    rotate: (plan, request, stage, context) => rotatorOf(request).rotate(plan, request, stage, context),
    reconcile: (pending, request, context) => rotatorOf(request).reconcile(pending, request, context),
  } as ReturnType<typeof fakeRotator>
  const rotatorOf = (request: { inputs: { name?: unknown } }) =>
    fakeRotator(vendor(String(request.inputs.name)), { room })

  const openingOf = (rotator: ReturnType<typeof fakeRotator>): EvaluatorRotator => ({
    inputs: rotator.inputs,
    state: rotator.state,
    outputs: rotator.outputs,
    open: async (_inputs, state) =>
      fromPlain(rotator.open(state && (toPlain({ value: state, trace: nowhere }, rotator.state) as PlainObject))),
    rotate: () => Promise.reject(new Error('this only opens')),
  })

  // biome-ignore lint/suspicious/noExplicitAny: data whose shape each test knows
  async function open(): Promise<Record<string, any>> {
    const revision = environment.current()
    const unlock = async (): Promise<Decrypt> => {
      const key = await environment.unlock(revision)
      return (ciphertext) => key.decrypt(ciphertext)
    }
    const world = evaluationHost(workspace, {
      rotator: async (name) => openingOf(name === 'fake' ? perName : await loadRotator(name)),
    })
    const evaluation = await evaluateEnvironment(
      { name: 'shop/prod', text: revision.definition, mode: 'open', unlock },
      world,
    )
    expect(evaluation.diagnostics).to.deep.equal([])
    const values = Object.entries(evaluation.environment?.properties ?? {})
    return Object.fromEntries(
      values.map(([key, value]) => [key, JSON.parse(formatJson(toJson(value, { redact: false })))]),
    )
  }

  /**
   * Every live token of every vendor is known to the newest revision, and its current one is live.
   */
  async function expectAgreement(): Promise<void> {
    const values = await open()
    for (const [name, state] of [
      ['one', values.a],
      ['two', values.b],
      ['three', values['c.d'][0]],
    ] as const) {
      const known = new Map([state?.current, state?.previous].filter(Boolean).map(({ id, token }) => [id, token]))
      for (const [id, token] of vendor(name).tokens) expect(known.get(id), `${name} ${id}`).to.equal(token)
      if (vendor(name).tokens.size > 0)
        expect(vendor(name).tokens.get(state.current.id), name).to.equal(state.current.token)
    }
    expect(environment.journal().ids()).to.deep.equal([])
  }

  it('rotates all rotators into one revision, changing only their lines', async () => {
    const report = await run()
    expect(report).to.include({ status: 'succeeded', revision: 3 })
    expect(report.paths.map(({ path, status }) => [path, status])).to.deep.equal([
      ['a', 'succeeded'],
      ['b', 'succeeded'],
      ['["c.d"][0]', 'succeeded'],
    ])
    const text = environment.current().definition
    for (const line of definition.split('\n').filter((line) => line.includes('#'))) expect(text).to.include(line)
    await expectAgreement()
  })

  it('keeps the former current as previous, and no more', async () => {
    await run()
    const first = await open()
    await run()
    const second = await open()
    expect(second.a.previous).to.deep.equal(first.a.current)
    expect(vendor('one').tokens.size).to.equal(2)
    await run()
    const third = await open()
    expect(third.a.previous).to.deep.equal(second.a.current)
    expect(vendor('one').tokens.has(first.a.current.id)).to.equal(false)
    await expectAgreement()
  })

  it('saves the successes when one path fails, and retries only that path', async () => {
    await run()
    vendor('two').before = (call) => {
      if (call === 'list') throw new Error('connection refused')
    }
    const report = await run()
    expect(report.status).to.equal('partial')
    expect(report.revision).to.equal(4)
    expect(report.paths[1]).to.include({ path: 'b', status: 'failed', error: 'connection refused' })
    const before = new Set(environment.current().definition.split('\n'))
    vendor('two').before = () => {}
    const retried = await run({ mode: 'failed' })
    expect(retried.paths.map(({ path }) => path)).to.deep.equal(['b'])
    expect(retried).to.include({ status: 'succeeded', revision: 5 })
    // The former current moves to `previous` as it stands, so the one new ciphertext is that of the
    // new current.
    const ciphertexts = (lines: Iterable<string>) =>
      [...lines].filter((line) => line.includes('ciphertext:')).map((line) => line.trim())
    const kept = new Set(ciphertexts(before))
    const after = ciphertexts(environment.current().definition.split('\n'))
    expect(after.filter((line) => !kept.has(line))).to.have.length(1)
    await expectAgreement()
  })

  it('refuses a path that names no rotator before anything happens', async () => {
    let error: (Error & { hint?: string }) | undefined
    await run({ paths: ['a', 'bb'] }).catch((caught) => {
      error = caught
    })
    expect(error?.message).to.equal("'bb' names no rotator of environment 'shop/prod'")
    expect(error?.hint).to.be.a('string')
    expect(vendor('one').log).to.deep.equal([])
    expect(environment.current().number).to.equal(2)
  })

  it('plans without changing anything', async () => {
    const report = await run({ mode: 'plan' })
    expect(report.paths.map(({ steps }) => steps?.[0]?.what)).to.deep.equal(Array(3).fill('token for the first time'))
    expect(vendor('one').log).to.deep.equal(['list'])
    expect(environment.current().number).to.equal(2)
    expect(readdirSync(environment.folder)).to.not.include('events')
  })

  it('leaves no trace when nothing was begun', async () => {
    for (const each of vendors.values()) {
      each.before = () => {
        throw new Error('connection refused')
      }
    }
    const report = await run()
    expect(report.status).to.equal('failed')
    expect(environment.current().number).to.equal(2)
    expect(readdirSync(environment.folder)).to.not.include('events')
  })

  it('keeps an edit that came in while it rotated', async () => {
    vendor('one').after = (call) => {
      if (call !== 'create') return
      const newest = environment.current()
      vendor('one').after = () => {}
      void environment.append({
        base: newest.number,
        definition: newest.definition.replace('what the shop needs', 'what the shop really needs'),
        change: 'edit',
        author,
        created: new Date(),
      })
    }
    const report = await run()
    expect(report).to.include({ status: 'succeeded', revision: 4 })
    expect(environment.current().definition).to.include('# what the shop really needs')
    await expectAgreement()
  })

  it('keeps a credential in the journal when an edit removed its rotator, and saves it once the rotator is back', async () => {
    const edit = async (text: string) => {
      const { number } = environment.current()
      await environment.append({ base: number, definition: text, change: 'edit', author, created: new Date() })
    }
    let editing: Promise<void> | undefined
    vendor('two').after = (call) => {
      if (call === 'create') editing ??= edit(definition.replace(/ {2}b:[^"]*(?= {2}")/, ''))
    }
    const report = await run()
    await editing
    expect(report.status).to.equal('partial')
    expect(report.paths[1]?.error).to.include('an edit removed its rotator')
    expect(environment.journal().ids()).to.have.length(1)
    const withoutIt = await run({ mode: 'resume' })
    expect(String(withoutIt.warnings[0])).to.include('b: an interrupted rotation of fake')
    await edit(environment.current().definition + '  b: {"fn::rotate::fake": {inputs: {name: two}}}\n')
    vendor('two').after = () => {}
    const resumed = await run({ mode: 'resume' })
    expect(resumed.paths).to.have.length(1)
    expect(resumed.paths[0]?.notes).to.deep.equal(['finished an interrupted rotation'])
    await expectAgreement()
  })

  describe('with a journal that is out of date', () => {
    /** The files of the journal, as a backup or another clone has them. */
    const journalFolder = () => environment.journal().folder
    const backUp = () => {
      const files = readdirSync(journalFolder()).filter((name) => name.endsWith('.entry'))
      const contents = files.map(
        (name) => [join(journalFolder(), name), readFileSync(join(journalFolder(), name))] as const,
      )
      return () => {
        for (const [file, bytes] of contents) writeFileSync(file, bytes)
      }
    }
    const edit = async (text: string, change = 'edit') => {
      const { number } = environment.current()
      await environment.append({ base: number, definition: text, change, author, created: new Date() })
    }
    const local = (kind: string) => `values:\n  p:\n    fn::rotate::${kind}: {inputs: {}}\n  other: 1\n`
    /** Cuts a rotation of a local secret off before its commit, as a full disk does. */
    const cutOff = async (): Promise<RotationReport> => {
      const append = environment.append
      const fail = async () => Promise.reject(new Error('the disk is full'))
      return run({ environment: Object.assign(workspace.store.environment('shop/prod'), { append: fail }) }).finally(
        () => {
          environment.append = append
        },
      )
    }

    for (const kind of ['password', 'passphrase']) {
      it(`makes no ${kind} current that was rotated out, whenever its journal was restored`, async () => {
        await edit(local(kind))
        await run()
        expect((await cutOff()).status).to.equal('failed')
        const restore = backUp()
        expect((await run({ mode: 'resume' })).status).to.equal('succeeded')
        const reconciled = (await open()).p
        restore()
        const again = await run({ mode: 'resume' })
        expect(again.revision).to.equal(undefined)
        expect((await open()).p).to.deep.equal(reconciled)
        expect(environment.journal().ids()).to.deep.equal([])
        for (let later = 1; later <= 3; later++) {
          await run()
          const before = (await open()).p
          const number = environment.current().number
          restore()
          const resumed = await run({ mode: 'resume' })
          expect(resumed.status).to.equal('succeeded')
          expect(environment.current().number).to.equal(number)
          expect((await open()).p).to.deep.equal(before)
          expect(environment.journal().ids()).to.deep.equal([])
          if (later > 1)
            expect(resumed.paths[0]?.notes.join()).to.match(/out of date, because revision \d+ rotated this/)
        }
      })

      it(`makes no ${kind} current that was rotated out, although a rollback has brought back the state from before`, async () => {
        await edit(local(kind))
        await run()
        await cutOff()
        const restore = backUp()
        const before = environment.current().definition
        await run({ mode: 'resume' })
        await edit(before, 'rollback')
        restore()
        const { p } = await open()
        await run({ mode: 'resume' })
        expect((await open()).p).to.deep.equal(p)
      })
    }

    it('finishes an interrupted rotation after edits and rotations of other paths', async () => {
      await edit(`${local('password')}  q:\n    fn::rotate::password: {inputs: {}}\n`)
      await run()
      await cutOff()
      const { p, q } = await open()
      await edit(environment.current().definition.replace('other: 1', 'other: 2'))
      const report = await run({ mode: 'resume' })
      expect(report.status).to.equal('succeeded')
      const after = await open()
      expect(after.p.previous).to.equal(p.current)
      expect(after.q.previous).to.equal(q.current)
    })

    it('refuses a path whose rotation began from a revision that this clone does not have, and keeps the entry', async () => {
      await edit(local('password'))
      await run()
      const { number, file } = environment.current()
      const older = { file, bytes: readFileSync(file), text: readFileSync(layout.definition(environment.folder)) }
      await run()
      await cutOff()
      const newest = environment.current()
      const newer = { file: newest.file, bytes: readFileSync(newest.file), text: newest.definition }
      // The clone that is behind: another machine's memory, and the revision not pulled yet.
      rmSync(newest.file)
      writeFileSync(layout.definition(environment.folder), older.text)
      forget()
      const behind = await run({ mode: 'resume' })
      expect(behind.status).to.equal('failed')
      expect(behind.paths[0]?.error).to.include(`begun from revision ${newest.number}`)
      expect(behind.paths[0]?.error).to.include(`newest revision here is ${number}`)
      expect(String(behind.paths[0]?.hint)).to.include('git pull')
      expect((await run()).status).to.equal('failed')
      expect(environment.journal().ids()).to.have.length(1)
      writeFileSync(newer.file, newer.bytes)
      writeFileSync(layout.definition(environment.folder), newer.text)
      expect((await run({ mode: 'resume' })).status).to.equal('succeeded')
      expect(environment.journal().ids()).to.deep.equal([])
    })

    it('refuses a path whose rotation began in another history, until it is merged or given up', async () => {
      await edit(local('password'))
      await run()
      const base = environment.current()
      await edit(base.definition.replace('other: 1', 'other: 2'))
      await cutOff()
      const { p } = await open()
      rmSync(environment.current().file)
      writeFileSync(layout.definition(environment.folder), base.definition)
      forget()
      await edit(base.definition.replace('other: 1', 'other: 3'))
      const report = await run()
      expect(report.paths[0]?.error).to.include('this clone has another revision')
      expect(remediesIn(report.paths[0]?.hint)).to.deep.equal([
        { do: 'renumber-revisions', environment: 'shop/prod' },
        { do: 'abandon-rotation', environment: 'shop/prod' },
      ])
      expect(environment.journal().ids()).to.have.length(1)
      const given = await run({ mode: 'resume', discard: true })
      expect(given.status).to.equal('succeeded')
      expect(environment.journal().ids()).to.deep.equal([])
      expect((await open()).p).to.deep.equal(p)
    })

    it('finishes what an earlier version began, whose entries name a revision and no digest', async () => {
      await edit(local('password'))
      await run()
      await cutOff()
      const journal = environment.journal()
      const [record] = await journal.list()
      const { digest, ...entry } = decodeJournalEntry(record!.content)
      expect(digest).to.equal(environment.current().digest)
      await journal.put(record!.id, encodeJournalEntry(entry))
      const { p } = await open()
      expect((await run({ mode: 'resume' })).status).to.equal('succeeded')
      expect((await open()).p.previous).to.equal(p.current)
      await run()
      const { p: later } = await open()
      await journal.put(record!.id, encodeJournalEntry(entry))
      await run({ mode: 'resume' })
      expect((await open()).p).to.deep.equal(later)
    })

    const unsettled = async () => {
      vendor('one').places = 3
      vendor('one').before = (call) => {
        if (call === 'log in') throw new Killed()
      }
      await run({ paths: ['a'] })
      vendor('one').before = () => {}
      const restore = backUp()
      rmSync(journalFolder(), { recursive: true })
      await run({ paths: ['a'] })
      mkdirSync(journalFolder(), { recursive: true })
      restore()
      return (await open()).a
    }

    it('removes a credential that works and that the history went on without', async () => {
      room = true
      const a = await unsettled()
      const report = await run({ mode: 'resume' })
      room = false
      expect(report.status).to.equal('succeeded')
      expect((await open()).a).to.deep.equal(a)
      expect([...vendor('one').tokens.keys()]).to.deep.equal([a.current.id])
      expect(environment.journal().ids()).to.deep.equal([])
    })

    it('keeps the entry of a rotator that cannot take back what works, and says what to do', async () => {
      const a = await unsettled()
      const rotator = { ...perName }
      delete rotator.retire
      const kept = await run({ mode: 'resume', rotator })
      expect(kept.status).to.equal('failed')
      expect(kept.paths[0]?.error).to.include('a later revision rotated this path again')
      expect((await open()).a).to.deep.equal(a)
      expect(environment.journal().ids()).to.have.length(1)
      vendor('one').tokens.delete('token-1')
      expect((await run({ mode: 'resume', rotator })).status).to.equal('succeeded')
      expect((await open()).a).to.deep.equal(a)
      expect(environment.journal().ids()).to.deep.equal([])
    })
  })

  it('finishes or undoes what was begun, wherever the run was cut off', async () => {
    let cuts = 0
    for (let cut = 1; cut < 100; cut++) {
      let count = 0
      const step = () => {
        count++
        if (count === cut) throw new Killed()
        if (count > cut) throw new Killed()
      }
      vendor('one').before = step
      vendor('one').after = step
      const report = await run({ paths: ['a'] })
      vendor('one').before = () => {}
      vendor('one').after = () => {}
      if (report.status === 'succeeded') break
      cuts++
      await run({ paths: ['a'] })
      await expectAgreement()
    }
    // list, delete, create and log in, before and after each; the first rotations delete nothing.
    expect(cuts).to.be.within(6, 8)
  })

  it('stops after the step in flight when the user interrupts it, and finishes in the next run', async () => {
    await run()
    await run()
    let stop = () => {}
    vendor('one').after = (call) => {
      if (call === 'delete') stop()
    }
    const report = await run({
      interrupt: (abort) => {
        stop = abort
      },
    })
    expect(report.status).to.not.equal('succeeded')
    expect(report.paths[0]?.error).to.include('kept in the journal')
    vendor('one').after = () => {}
    const next = await run()
    expect(next.status).to.equal('succeeded')
    await expectAgreement()
  })

  describe('where the superseded credential goes after the commit', () => {
    beforeEach(() => {
      room = true
      for (const each of vendors.values()) each.places = 3
    })
    afterEach(() => {
      room = false
    })

    it('finishes and retires, wherever the run was cut off', async () => {
      let cuts = 0
      await run({ paths: ['a'] })
      await run({ paths: ['a'] })
      for (let cut = 1; cut < 100; cut++) {
        let count = 0
        const step = () => {
          count++
          if (count >= cut) throw new Killed()
        }
        vendor('one').before = step
        vendor('one').after = step
        const report = await run({ paths: ['a'] })
        vendor('one').before = () => {}
        vendor('one').after = () => {}
        if (report.status === 'succeeded' && environment.journal().ids().length === 0) break
        cuts++
        await run({ paths: ['a'] })
        await expectAgreement()
        expect(vendor('one').tokens.size).to.equal(2)
      }
      expect(cuts).to.equal(8)
    })

    it('names the credential it could not retire, and retires it with the next rotation of any path', async () => {
      await run()
      await run()
      vendor('one').before = (call) => {
        if (call === 'delete') throw new Error('throttled')
      }
      const report = await run()
      expect(report.status).to.equal('succeeded')
      expect(report.paths[0]?.notes[0]).to.include('will be removed with the next rotation: throttled')
      expect(vendor('one').tokens.size).to.equal(3)
      vendor('one').before = () => {}
      const current = (await open()).a.current
      await run({ paths: ['b'] })
      expect((await open()).a.current).to.deep.equal(current)
      expect(vendor('one').tokens.size).to.equal(2)
      await expectAgreement()
    })
  })

  it('rotates different targets side by side and one target one at a time', async () => {
    const shared = new FakeVendor()
    for (const name of ['one', 'two', 'three']) vendors.set(name, shared)
    await run({ paths: ['a', 'b'] })
    expect(shared.peak).to.equal(2)
    const same = definition.replace('name: two ', 'name: one ')
    await environment.append({ base: 3, definition: same, change: 'edit', author, created: new Date() })
    const lone = new FakeVendor()
    vendors.set('one', lone)
    await run({ paths: ['a', 'b'] })
    expect(lone.peak).to.equal(1)
  })

  describe('soon after another rotation', () => {
    const window = { windowMs: 600_000 }

    const rewriteEvents = (edit: (text: string) => string) => {
      const file = layout.events(environment.folder, 'rotations')
      writeFileSync(file, edit(readFileSync(file, 'utf8')))
    }

    it('believes the revisions and not the events, which may be from the future, broken or gone', async () => {
      await run({ cooldown: window })
      await run({ cooldown: window })
      const year = String(new Date().getFullYear())
      const edits = [
        (text: string) => text.replaceAll(`"${year}-`, `"${Number(year) + 2}-`),
        (text: string) => text.replaceAll(`"${year}-`, `"${Number(year) - 2}-`),
        (text: string) => `null\n5\n[]\n{"rotations": 1}\n${text.slice(0, -40)}`,
        () => '',
      ]
      for (const edit of edits) {
        rewriteEvents(edit)
        const refusal = await run({ cooldown: window }).catch((error) => error)
        expect(refusal.message).to.match(/were rotated \d+ s ago; rotating again now ends/)
      }
    })

    it('lets a path rotate that was last rotated long ago, whatever an event claims', async () => {
      for (let round = 0; round < 2; round++) await run({ cooldown: window, start: new Date(Date.now() - 3_600_000) })
      const now = new Date().toISOString()
      rewriteEvents((text) => text.replace(/"completed":"[^"]+"/g, `"completed":"${now}"`))
      expect((await run({ cooldown: window })).status).to.equal('succeeded')
    })

    it('asks a person where the last revision lies in the future, and lets a schedule go on', async () => {
      const start = new Date(Date.now() + 365 * 86_400_000)
      for (let round = 0; round < 2; round++) await run({ cooldown: { windowMs: 0 }, start })
      const refusal = await run({ cooldown: window }).catch((error) => error)
      expect(refusal.message).to.contain('which the clock of this machine has yet to reach')
      expect(refusal.hint).to.match(/^set the clock right, .* or pass "force"$/)
      const cause = { schedule: 'sched-1', due: new Date().toISOString(), attempt: 1 }
      const report = await run({ cooldown: window, cause })
      expect(report.status).to.equal('succeeded')
      expect(report.warnings.join()).to.include('which is in the future: it does not keep the schedule waiting')
    })

    it('asks before it ends a credential that was current a moment ago, and not before', async () => {
      await run({ cooldown: window })
      await run({ cooldown: window })
      const questions: string[] = []
      const ask = (answer: boolean | undefined) => async (question: string) => {
        questions.push(question)
        return answer
      }
      const refusal = await run({ cooldown: { ...window, confirm: ask(false) } }).catch((error) => error)
      expect(refusal.code).to.equal('conflict')
      expect(questions[0]).to.match(/^a, b, \["c\.d"\]\[0\] were rotated \d+ s ago; rotating again now ends/)
      const alone = await run({ cooldown: window }).catch((error) => error)
      expect(alone.hint).to.match(/^wait 10 min, retry just what failed with "failed", or pass "force"$/)
      expect(environment.current().number).to.equal(4)
      expect((await run({ cooldown: { ...window, confirm: ask(true) } })).revision).to.equal(5)
      await expectAgreement()
    })

    it('lets failed paths be retried', async () => {
      await run({ cooldown: window })
      await run({ cooldown: window })
      vendor('two').before = () => {
        throw new Error('connection refused')
      }
      await run()
      vendor('two').before = () => {}
      expect((await run({ mode: 'failed', cooldown: window })).paths.map(({ path }) => path)).to.deep.equal(['b'])
    })
  })

  it('keeps a state that is not of its own type in the journal, and says whose bug it is', async () => {
    const broken = fakeRotator(vendor('one'))
    perName.reconcile = async (...args) => {
      const reconciled = await broken.reconcile(...args)
      return reconciled.kind === 'rotated' ? { kind: 'rotated', state: { current: { id: 1 } } } : reconciled
    }
    const report = await run({ paths: ['a'] })
    expect(report.paths[0]?.error).to.include('expected string, got number').and.include('kept in the journal')
    expect(environment.current().number).to.equal(2)
    perName.reconcile = (pending, request, context) => rotatorOf(request).reconcile(pending, request, context)
    expect((await run({ mode: 'resume' })).status).to.equal('succeeded')
    await expectAgreement()
  })

  it('writes no secret to any file but as ciphertext', async () => {
    await run()
    await run()
    const tokens = [...vendors.values()].flatMap((each) => [...each.tokens.values()])
    expect(tokens).to.have.length(6)
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue
      const text = readFileSync(join(file.parentPath, file.name), 'utf8')
      for (const token of tokens) {
        expect(text, file.name).to.not.include(token)
        expect(text, file.name).to.not.include(Buffer.from(token).toString('base64').replace(/=+$/, ''))
      }
    }
  })
})
