import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { parse } from 'yaml'
import { stateFolder } from '../../src/machine/index.ts'
import type { Plain } from '../../src/plain.ts'
import { Secret, secret } from '../../src/secret.ts'
import { Program } from '../end-to-end/program.ts'
import { rotatorsUnderTest as registry } from '../rotators/registry.ts'
import { sample } from '../sample.ts'
import { definitionOf, type Subject } from './subject.ts'

/** Ordinary runs watch a pair in a real server, and two others each time. */
const [first = '', ...others] = Object.keys(registry)
const watched = [first, ...sample(others, 2)]

const preload = fileURLToPath(new URL('../end-to-end/kill-at.cjs', import.meta.url))

describe('no secret leaks', function () {
  this.timeout(180_000)

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })

  for (const rotator of watched) {
    const { missing, start } = registry[rotator]!
    it(`of ${rotator}: not when it rotates, fails, is killed or resumed, in no output and no file`, async function () {
      if ((missing?.() ?? []).length > 0) this.skip()
      const subject = await start()
      const program = new Program()
      const watch = new Watch(rotator, subject, program)
      try {
        await watch.run()
      } finally {
        await watch.stopVendor()
        program.remove()
      }
    })
  }
})

/** Runs everything that sees secrets, and searches all it leaves behind. */
class Watch {
  readonly #rotator: string
  readonly #subject: Subject
  readonly #program: Program
  readonly #secrets = new Set<string>()
  #stopped = false
  readonly #outputs: { readonly words: string; readonly text: string }[] = []

  constructor(rotator: string, subject: Subject, program: Program) {
    this.#rotator = rotator
    this.#subject = subject
    this.#program = program
  }

  async run(): Promise<void> {
    const { inputs, configuration, env } = this.#subject
    const program = this.#program
    Object.assign(program.env, env)
    await program.ok('init')
    if (configuration !== undefined) appendFileSync(join(program.store, 'esc.yaml'), configuration)
    await program.withEnvironment('rotators/ci', definitionOf(this.#rotator, inputs))
    await program.withEnvironment('rotators/wrong', definitionOf(this.#rotator, withOtherSecrets(inputs)))
    await program.ok('trust', '--yes')
    await this.#learn()

    await this.#esc('rotators/ci', ['--plan'])
    await this.#esc('rotators/ci', [], { succeeds: true })
    await this.#esc('rotators/ci', ['--force', '--output', 'json'], { succeeds: true })
    await this.#esc('rotators/wrong', ['--force'])
    await this.#esc('rotators/wrong', ['--plan', '--output', 'json'])
    await this.#words(['env', 'rotate', 'doctor', 'rotators/ci'])
    await this.#words(['env', 'rotate', 'history', 'rotators/ci'])
    await this.#words(['env', 'get', 'rotators/ci'])
    await this.#words(['env', 'version', 'history', 'rotators/ci'])

    // Killed where there is a record in the journal.
    for (let at = 10; !this.#hasJournal() && at < 150; at += 6) {
      await this.#esc('rotators/ci', ['--force'], { env: { ESC_TEST_KILL_AT: String(at) } })
    }
    expect(this.#hasJournal(), 'a record in the journal').to.equal(true)
    await this.#search()
    await this.#esc('rotators/ci', ['--plan'])
    await this.#esc('rotators/ci', ['--resume', '--output', 'json'])
    await this.#esc('rotators/ci', ['--force'], { succeeds: true })

    // What is searched for is what readers get.
    const { out: printed } = await this.#program.run(['env', 'open', 'rotators/ci'])
    // It is printed with < > & escaped.
    const out = JSON.stringify(JSON.parse(printed))
    const found = [...this.#secrets].filter((each) => formsOf(each).some((form) => out.includes(form)))
    expect(found.length, 'secrets of the opened environment').to.be.greaterThan(0)

    await this.stopVendor()
    if (this.#subject.stop) await this.#esc('rotators/ci', ['--force', '--output', 'json'])
    await this.#search()
  }

  async stopVendor(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    await this.#subject.stop?.()
  }

  #esc(
    environment: string,
    words: readonly string[],
    options: { readonly succeeds?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<void> {
    return this.#words(['env', 'rotate', environment, ...words], options)
  }

  async #words(
    words: readonly string[],
    {
      succeeds = false,
      env = {},
    }: { readonly succeeds?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<void> {
    const ended = await this.#program.esc(words, {
      ...this.#subject.env,
      ESC_DEBUG: '1',
      NODE_OPTIONS: `--require ${preload}`,
      ...env,
    })
    const text = `${ended.out}${ended.err}`
    if (succeeds) expect(ended.code, text).to.equal(0)
    expect(ended.out.length + ended.err.length > 0 || ended.signal === 'SIGKILL', words.join(' ')).to.equal(true)
    this.#outputs.push({ words: words.join(' '), text })
    await this.#learn()
  }

  /** Every secret of the definitions, and what the vendor has said in secret. */
  async #learn(): Promise<void> {
    if (this.#stopped) return
    for (const environment of ['rotators/ci', 'rotators/wrong']) {
      const { code, out, err } = await this.#program.run(['env', 'get', environment, '--definition', '--show-secrets'])
      if (code !== 0) throw new Error(err)
      for (const text of secretsIn(parse(out))) this.#secrets.add(text)
    }
    for (const text of this.#subject.secrets?.() ?? []) this.#secrets.add(text)
  }

  async #search(): Promise<void> {
    expect(this.#secrets.size).to.be.greaterThan(1)
    const files = this.#files().filter((name) => basename(name) !== 'default.key')
    const places = [
      ...this.#outputs.map(({ words, text }) => ({ name: `esc ${words}`, text })),
      ...files.map((name) => ({ name, text: readFileSync(name, 'latin1') })),
    ]
    expect(files.some((name) => name.endsWith('rotations.jsonl'))).to.equal(true)
    for (const hidden of this.#secrets) {
      for (const form of formsOf(hidden)) {
        for (const { name, text } of places) {
          if (text.includes(form)) throw new Error(`${name} holds a secret (${form.length} characters):\n${text}`)
        }
      }
    }
  }

  /**
   * Everything that was written: by the program, and into the state folder, which a subject may
   * have put elsewhere.
   */
  #files(): string[] {
    const folders = new Set([this.#program.folder, stateFolder({ ...this.#program.env, ...this.#subject.env })])
    return [...folders].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    )
  }

  #hasJournal(): boolean {
    return this.#files().some((name) => name.endsWith('.entry') && !name.includes('.tmp-'))
  }
}

/** The same inputs with secrets that no vendor takes. */
function withOtherSecrets(value: Plain): Plain {
  if (value instanceof Secret) {
    const text = String(value.reveal())
    // Of the same form, so that it gets as far as the vendor.
    return secret(text.length < 200 ? text.replace(/[a-z0-9]/g, (c) => (/[0-9]/.test(c) ? '7' : 'b')) : `${text} `)
  }
  if (Array.isArray(value)) return value.map(withOtherSecrets)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withOtherSecrets(member as Plain)]))
}

function* secretsIn(node: unknown, hidden = false): Generator<string> {
  if (typeof node === 'string') {
    if (hidden && node.length >= 6) yield node
  } else if (typeof node === 'object' && node !== null) {
    for (const [key, member] of Object.entries(node)) {
      yield* secretsIn(member, hidden || key === 'fn::secret')
      // A secret object is kept as one text.
      const text = key === 'fn::fromJSON' && (member as { 'fn::secret'?: string } | null)?.['fn::secret']
      if (text) yield* secretsIn(JSON.parse(text), true)
    }
  }
}

/** As it is, in JSON, in a URL, in base64; of a text of several lines, one of them. */
function formsOf(text: string): readonly string[] {
  const lines = text.split('\n')
  const line = lines.length > 2 ? lines[1]! : text
  const base64 = Buffer.from(text)
    .toString('base64')
    .replace(/.{2}=*$/, '')
  const json = JSON.stringify(line).slice(1, -1)
  const html = json.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)
  return [line, json, html, encodeURIComponent(line), base64].filter((form) => form.length >= 6)
}
