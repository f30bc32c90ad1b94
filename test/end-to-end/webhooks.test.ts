import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { pointsOf, slow, strideOf } from '../sample.ts'
import { Receiver } from '../webhooks/receiver.ts'
import { Program } from './program.ts'

const preload = fileURLToPath(new URL('kill-at.cjs', import.meta.url))
const rotator = 'values:\n  pin:\n    fn::rotate::password: {inputs: {length: 20}}\n'

/** The newest revision before there is a webhook: the second holds the definition. */
const made = 2

describe('webhooks of the built program', function () {
  this.timeout(slow ? 900_000 : 120_000)
  let program: Program
  let receiver: Receiver
  const alone = { ESC_NO_BACKGROUND: '1' }

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(() => {
    program = new Program()
  })
  afterEach(async () => {
    await receiver?.stop()
    await endSenders()
    program.remove()
  })

  async function hooked(behaviour?: ConstructorParameters<typeof Receiver>[0]) {
    receiver = await new Receiver(behaviour).start()
    await program.withEnvironment('app/dev', rotator)
    appendFileSync(join(program.store, 'esc.yaml'), `webhooks: {allow: ["${receiver.host}"]}\n`)
    await program.ok('trust', '--yes')
    await program.ok('env', 'webhook', 'new', 'app/dev', 'test', '--url', receiver.url, '--secret', 's3cr3t')
  }

  /** The processes in the background, should one still wait for something. */
  async function endSenders(): Promise<void> {
    const lock = join(program.state, 'locks', 'webhooks+.lock')
    for (let pid: number | undefined; existsSync(lock); ) {
      const holder = (JSON.parse(readFileSync(lock, 'utf8')) as { pid: number }).pid
      // Another one may have been waiting to begin.
      if (holder === pid) break
      pid = holder
      try {
        process.kill(pid, 'SIGKILL')
      } catch {}
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
  }

  /** Kills a command one point later each time, and calls `check` after each kill. */
  async function sweep(
    words: () => readonly string[],
    stride: () => number,
    check: (context: string) => Promise<void>,
  ) {
    const folder = mkdtempSync(join(tmpdir(), 'esc-kill-'))
    let swept = 0
    for (const point of pointsOf(stride)) {
      const log = join(folder, String(point))
      const kill = { NODE_OPTIONS: `--require ${preload}`, ESC_TEST_KILL_AT: String(point), ESC_TEST_KILL_LOG: log }
      const { signal, err, code } = await program.esc(words(), { ...alone, ...kill })
      const context = `killed at ${point}: ${readFileSync(log, 'utf8').trimEnd().split('\n').at(-1)}`
      if (signal !== 'SIGKILL') expect(code, err).to.equal(0)
      await check(context)
      if (signal !== 'SIGKILL') break
      swept++
    }
    rmSync(folder, { recursive: true })
    return swept
  }

  /** Ids by the revision they tell of. */
  function told(): Map<number, Set<string>> {
    const ids = new Map<number, Set<string>>()
    for (const { id, payload, headers } of receiver.received) {
      if (headers['pulumi-webhook-kind'] !== 'environment_revision') continue
      const { revision } = payload as { readonly revision: number }
      ids.set(revision, (ids.get(revision) ?? new Set()).add(id))
    }
    return ids
  }

  async function revisions(): Promise<number[]> {
    const history = await program.ok('env', 'version', 'history', 'app/dev', '--output', 'json')
    return JSON.parse(history).revisions.map((revision: { number: number }) => revision.number)
  }

  async function deliver(): Promise<void> {
    const { code, err, out } = await program.esc(['env', 'webhook', 'deliver'], alone)
    expect(code, out + err).to.equal(0)
  }

  it('hear of every revision, and of no other, wherever the command that saves it is killed', async () => {
    await hooked()
    let value = 0
    const swept = await sweep(
      () => ['env', 'set', 'app/dev', 'n', String(++value)],
      strideOf(4),
      async (context) => {
        // Whoever is killed while it breaks a dead process's lock leaves one more to break: the
        // next one would get no further.
        await program.esc(['env', 'set', 'app/dev', 'n', String(++value)], alone)
        await deliver()
        const ids = told()
        const saved = (await revisions()).filter((number) => number > made)
        expect(
          [...ids.keys()].sort((a, b) => b - a),
          context,
        ).to.deep.equal(saved)
        for (const [revision, each] of ids) expect(each.size, `${context}: ${revision}`).to.equal(1)
      },
    )
    console.log(`      env set: killed at ${swept} points`)
    expect(swept).to.be.greaterThan(8)
    // Where nothing was killed while it sent, nothing was sent twice.
    expect(receiver.received.length).to.equal(new Set(receiver.received.map(({ id }) => id)).size)
  })

  it('hear of it later, under one id, wherever the process that sends is killed', async () => {
    await hooked()
    let value = 0
    let before = await revisions()
    const swept = await sweep(
      () => ['env', 'webhook', 'deliver'],
      strideOf(4),
      async (context) => {
        await deliver()
        const ids = told()
        expect(
          [...ids.keys()].sort((a, b) => b - a),
          context,
        ).to.deep.equal(before.filter((number) => number > made))
        for (const [revision, each] of ids) expect(each.size, `${context}: ${revision}`).to.equal(1)
        // For the next one to send.
        const saved = await program.esc(['env', 'set', 'app/dev', 'n', String(++value)], alone)
        expect(saved.code, saved.err).to.equal(0)
        before = await revisions()
      },
    )
    console.log(
      `      env webhook deliver: killed at ${swept} points, ${receiver.received.length - told().size} sent twice`,
    )
    expect(swept).to.be.greaterThan(5)
  })

  it('are told in the background: a receiver that never answers keeps no rotation waiting', async () => {
    await program.withEnvironment('app/plain', rotator)
    const plain = await timed(['env', 'rotate', 'app/plain', '--force'])
    await hooked(() => {})
    const first = await timed(['env', 'rotate', 'app/dev', '--force'])
    while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    // Now a sender is at it, and stays for a while.
    const second = await timed(['env', 'rotate', 'app/dev', '--force'])
    console.log(`      rotate: ${plain} ms without a webhook, ${first} and ${second} ms with one that never answers`)
    // A sender gives up after 10 s: a command that waited for one would take at least that.
    for (const ms of [first, second]) expect(ms).to.be.lessThan(plain * 4 + 4000)
    expect(await revisions()).to.deep.equal([4, 3, 2, 1])
  })

  async function timed(words: readonly string[]): Promise<number> {
    const start = performance.now()
    const { code, err } = await program.esc(words)
    expect(code, err).to.equal(0)
    return Math.round(performance.now() - start)
  }
})
