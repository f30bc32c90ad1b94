import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { sample } from '../sample.ts'
import { type Checkout, Machine } from './machine.ts'
import type { Outcome } from './outcome.ts'

/** One who reads the attacked store. */
export interface Reader {
  /** Such as `a fresh clone with the key`. */
  readonly title: string
  readonly hasKey: boolean
  /** This machine has seen the store as it was before the attack. */
  readonly pulled: boolean
  readonly checkout: Checkout
}

const remote = 'remote.git'

/**
 * An honest store behind a git remote, the machine of its author, and machines of others. The
 * attacker may do whatever the remote may, and has no key. Everything is removed at the end.
 */
export class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'esc-scene-'))
  readonly origin = join(this.folder, remote)
  readonly machines: Machine[] = []
  /** The author's work tree. */
  readonly victim: Checkout
  #markers = 0

  private constructor() {
    const author = this.machine()
    author.git(this.folder, 'init', '--quiet', '--bare', '--initial-branch=main', this.origin)
    this.victim = author.clone(this.origin, 'work')
  }

  /** An empty store, and what `build` puts into it, pushed. */
  static async of(build: (victim: Checkout) => Promise<void>): Promise<Scene> {
    const scene = new Scene()
    await scene.victim.ok('init')
    await build(scene.victim)
    scene.victim.push('the honest store')
    return scene
  }

  machine(): Machine {
    const machine = new Machine()
    this.machines.push(machine)
    return machine
  }

  /** A clone of somebody who may push and has no key. */
  attacker(): Checkout {
    return this.machine().clone(this.origin, 'attack')
  }

  /** A shell command that leaves a trace, and how to see whether it ran. */
  marker(): { readonly file: string; readonly command: string; readonly ran: () => boolean } {
    const file = join(this.folder, `marker-${++this.#markers}`)
    return { file, command: `touch ${file}`, ran: () => existsSync(file) }
  }

  /**
   * Four readers: fresh and pulled clones, with and without the key. The attack is made between
   * what the pulled ones have seen and what they pull.
   *
   * @param attack what is pushed.
   * @param after what is done to each clone: for what git does not carry.
   */
  async readers(
    attack: (attacker: Checkout) => void | Promise<void>,
    after: (checkout: Checkout) => void = () => {},
  ): Promise<readonly Reader[]> {
    const kinds = [true, false].flatMap((pulled) => [true, false].map((hasKey) => ({ pulled, hasKey })))
    const start = ({ hasKey }: { hasKey: boolean }) => {
      const machine = hasKey ? this.machine().withKeyOf(this.victim.machine) : this.machine()
      return machine.clone(this.origin)
    }
    const early = kinds.filter(({ pulled }) => pulled).map((kind) => ({ ...kind, checkout: start(kind) }))
    for (const { checkout } of early) await this.#see(checkout)
    const attacker = this.attacker()
    await attack(attacker)
    attacker.push('the attack')
    for (const { checkout } of early) checkout.pull()
    const late = kinds.filter(({ pulled }) => !pulled).map((kind) => ({ ...kind, checkout: start(kind) }))
    const all = [...late, ...early]
    for (const { checkout } of all) after(checkout)
    return all.map((reader) => ({
      ...reader,
      title: `a ${reader.pulled ? 'pulled' : 'fresh'} clone with${reader.hasKey ? '' : 'out'} the key`,
    }))
  }

  /** Everything that a person who works with a store looks at. */
  async #see(checkout: Checkout): Promise<void> {
    const { machine, folder } = checkout
    const names = (await checkout.ok('env', 'ls')).split('\n').filter(Boolean)
    for (const name of names) await machine.run(['open', name], { cwd: folder })
  }

  /** Markers whose command ran. */
  traces(): readonly string[] {
    return readdirSync(this.folder).filter((name) => name.startsWith('marker-'))
  }

  /** Makes the remote honest again. */
  restore(): void {
    this.victim.git('push', '--quiet', '--force', 'origin', 'HEAD:main')
  }

  /** Removes all machines but the author's. */
  removeReaders(): void {
    for (const machine of this.machines.splice(1)) machine.remove()
    for (const name of this.traces()) rmSync(join(this.folder, name))
  }

  remove(): void {
    for (const machine of this.machines) machine.remove()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/**
 * One scene per suite, whose remote is honest again before each test; skipped where nothing is
 * built.
 */
export function sceneOf(build: (victim: Checkout) => Promise<void>): { readonly current: () => Scene } {
  let scene: Scene | undefined
  before(async function () {
    this.timeout(60_000)
    if (!Program.isBuilt()) this.skip()
    scene = await Scene.of(build)
  })
  beforeEach(function () {
    this.timeout(60_000)
    scene!.restore()
  })
  afterEach(() => scene?.removeReaders())
  after(() => scene?.remove())
  return { current: () => scene! }
}

/** What opening gave before the attack, by environment; undefined: it never opened. */
export type Honest = Readonly<Record<string, string | undefined>>

export interface Expected {
  /**
   * What a refusal to open an environment names, and `check` with the key for each that is refused.
   */
  readonly names: string | RegExp | ((environment: string) => RegExp)
  /**
   * Nobody with the key, or nobody who had seen the store, may get anything at all. Default: the
   * same values may open.
   */
  readonly refused?: 'with the key' | 'pulled'
  /**
   * More commands for who has the key; all that is demanded is that they end and contact nobody.
   */
  readonly also?: readonly (readonly string[])[]
  /** Variables of the readers. */
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Makes an attack and has readers open every environment, list, show and check: each gets the
 * values of the honest store or a refusal that names the file; nobody runs the attacker's code,
 * waits, or contacts anybody. Usual runs have one reader with the key and one without, pulled or
 * fresh; slow ones have all four.
 */
export async function expectHarmless(
  scene: Scene,
  { attack, after }: { attack?: (attacker: Checkout) => void | Promise<void>; after?: (checkout: Checkout) => void },
  expected: Expected,
): Promise<void> {
  const honest = await openAll(scene.victim)
  const readers = await scene.readers(attack ?? (() => {}), after)
  const some = [true, false].flatMap((key) =>
    sample(
      readers.filter(({ hasKey }) => hasKey === key),
      1,
    ),
  )
  await Promise.all(some.map((reader) => expectHonest(reader, honest, expected)))
  expect(scene.traces(), 'code of the attacker ran').to.deep.equal([])
}

async function openAll(checkout: Checkout): Promise<Honest> {
  const names = (await checkout.ok('env', 'ls')).split('\n').filter(Boolean)
  const entries = names.map(async (name) => {
    const { code, out } = await checkout.machine.run(['open', name], { cwd: checkout.folder })
    return [name, code === 0 ? out : undefined] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

async function expectHonest(reader: Reader, honest: Honest, expected: Expected): Promise<void> {
  const { title, checkout, hasKey, pulled } = reader
  const { names, refused, also = [], env } = expected
  const namedFor = typeof names === 'function' ? names : () => names
  const refusals: string[] = []
  for (const [name, value] of Object.entries(honest)) {
    const opened = await checkout.esc(['open', name], env)
    const what = `${title}: open ${name}`
    expectQuiet(opened, what)
    if (opened.code === 0) {
      expect(opened.out, what).to.equal(value)
      const wrong = refused !== undefined && hasKey && (pulled || refused === 'with the key')
      if (wrong) expect.fail(`${what} gives values, although something was changed`)
    } else if (hasKey) {
      refusals.push(name)
      expectRefusal(opened, namedFor(name), what)
    }
  }
  for (const words of hasKey ? also : []) {
    expectQuiet(await checkout.esc(words, env), `${title}: ${words.join(' ')}`)
  }
  const checked = await checkout.esc(['check'], env)
  expectQuiet(checked, `${title}: check`)
  for (const name of refusals) expectNamed(checked, namedFor(name), `${title}: check, of ${name}`)
  // A seal whose key is out of reach is a note: nothing is known to be wrong.
  if (refusals.length > 0 && !/seals could not be checked/.test(checked.out)) {
    expect(checked.code, `${title}: check`).to.not.equal(0)
  }
}

function expectNamed({ out, err }: Outcome, names: string | RegExp, title: string): void {
  expect(out + err, title).to.match(typeof names === 'string' ? new RegExp(escaped(names)) : names)
}

/** Writes an environment that has no key into a store, as anybody can. */
export function plant(checkout: Checkout, name: string, definition: string): void {
  const folder = checkout.path(name)
  mkdirSync(join(folder, 'revisions'), { recursive: true })
  writeFileSync(join(folder, 'settings.yaml'), `id: ${randomUUID()}\n`)
  const record = 'revision: 1\ncreated: 2026-01-01T00:00:00.000Z\nauthor: Eve\nchange: create\n---\n'
  writeFileSync(join(folder, 'revisions', '1.yaml'), record + definition)
  writeFileSync(join(folder, 'environment.yaml'), definition)
}

/** A refusal that names a file, in time, and with no word to anybody. */
export function expectRefusal(outcome: Outcome, names: string | RegExp, title = ''): void {
  expectQuiet(outcome, title)
  expect(outcome.code, `${title}: ${outcome.out}`).to.not.equal(0)
  expectNamed(outcome, names, title)
}

/** It ended in time, and contacted nobody. */
export function expectQuiet({ hung, contacts, out, err }: Outcome, title = ''): void {
  expect(hung, `${title}: took too long\n${out}${err}`).to.equal(false)
  expect(contacts, title).to.deep.equal([])
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
