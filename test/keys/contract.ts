import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect } from 'chai'
import type { ErrorCode, EscError } from '../../src/errors.ts'
import { DataKey, openSecretsProvider, rewrapDataKey } from '../../src/keys/index.ts'
import type { HttpFake, Trouble } from '../fakes/http-fake.ts'
import { slow } from '../sample.ts'
import { ownScript } from '../sources.ts'
import { errorOf } from '../store/worlds.ts'
import type { Errand } from './child.ts'
import { contextOf, type Setup } from './setup.ts'

/** A secrets provider that is set up and works. */
export interface Subject {
  readonly url: string
  readonly setup: Setup
  /** What must never be seen: credentials, tokens, keys. Asked for after each error. */
  readonly secrets: () => readonly string[]
  /**
   * Ways in which it does not work: with another URL or setup, or after something was done to the
   * vendor.
   */
  readonly failures: Readonly<Record<string, Failure>>
  /**
   * Another key that works as well: what the first has wrapped must not open with it, for this
   * reason.
   */
  readonly other: { readonly url?: string; readonly setup?: Setup; readonly message: RegExp }
  /** The vendor's way of giving the key new material. Undefined: there is none. */
  readonly rotate?: () => void
  /** The vendor. Undefined: nobody is called. */
  readonly fake?: HttpFake
}

export interface Failure {
  readonly url?: string
  readonly setup?: Setup
  readonly cause?: () => void
  /** Default: `unwrap`, of a key that was wrapped before. */
  readonly action?: 'wrap' | 'unwrap'
  readonly code: ErrorCode
  readonly message: RegExp
}

/** Of a failure for want of a key. */
export const unavailable = { code: 'key_unavailable' as const }

const owner = { id: '5f1cd0a3-aaaa', name: 'rotators/ci' }
const refusals = ['tampered', 'key_unavailable', 'store_damaged', 'provider_failed']

export interface Kind {
  readonly kind: string
  /** A vendor is called. */
  readonly remote: boolean
  /** Called before each test, with an empty folder. */
  readonly start: (folder: string) => Promise<Subject> | Subject
}

/** What every secrets provider must do. */
export function testSecretsProvider({ kind, remote, start }: Kind): void {
  describe(`the secrets provider ${kind}`, () => {
    const dataKey = DataKey.generate(owner).revealBytes()
    let folder: string
    let subject: Subject
    let notices: string[]
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'esc-crypto-'))
      notices = []
      subject = await start(folder)
    })
    afterEach(async () => {
      for (const notice of notices) expectNoSecrets(notice)
      await subject.fake?.stop()
      rmSync(folder, { recursive: true })
    })

    interface Where {
      readonly url?: string | undefined
      readonly setup?: Setup | undefined
      readonly of?: typeof owner
    }
    const open = ({ url = subject.url, setup = subject.setup, of = owner }: Where = {}) =>
      openSecretsProvider(url, contextOf(setup, notices), of)
    const wrap = async (where: Where = {}) => (await open(where)).wrapKey(dataKey)
    const unwrap = async (wrapped: string, where: Where = {}) => (await open(where)).unwrapKey(wrapped)
    const expectKey = (bytes: Uint8Array) => expect(Buffer.from(bytes).equals(dataKey)).to.equal(true)

    /** As a person might come to see it: printed with everything that hangs on it. */
    function expectNoSecrets(shown: unknown): void {
      const text = typeof shown === 'string' ? shown : inspect(shown, { depth: 10, showHidden: true })
      const key = Buffer.from(dataKey)
      const forms = [key.toString('base64'), key.toString('base64url'), key.toString('hex'), ...subject.secrets()]
      for (const form of forms) expect(text.includes(form), `a secret in: ${text}`).to.equal(false)
    }

    async function refusal(run: () => unknown): Promise<EscError> {
      const error = (await errorOf(run)) as EscError
      expect(error.name, inspect(error)).to.equal('EscError')
      expectNoSecrets(error)
      expect(error.message).to.match(/rotators\/ci|ESC_KEY/)
      expect(error.message).to.not.match(/\n|undefined|\[object/)
      expect(error.hint).to.be.a('string')
      return error
    }

    it('unwraps what it wrapped to one line', async () => {
      const wrapped = await wrap()
      expect(wrapped).to.match(/^v1:[\w:+/=.-]+$/)
      expect(wrapped.startsWith(`v1:${kind}:`)).to.equal(true)
      expectKey(await unwrap(wrapped))
    })

    it('wraps in one process and unwraps in another', async () => {
      const errand = { url: subject.url, setup: subject.setup, owner }
      expectKey(await unwrap(await inChild({ ...errand, wrap: Buffer.from(dataKey).toString('hex') })))
    })

    it('wraps the same key differently each time', async () => {
      expect(await wrap()).to.not.equal(await wrap())
    })

    it('does not show the key in what it wraps', async () => {
      expectNoSecrets(await wrap())
      expectNoSecrets(Buffer.from((await wrap()).split(':').at(-1)!, 'base64').toString('latin1'))
    })

    it('refuses the wrapped key of another environment', async () => {
      const wrapped = await wrap({ of: { id: 'other-environment', name: 'a/b' } })
      expect((await refusal(() => unwrap(wrapped))).code).to.be.oneOf(refusals)
    })

    it('refuses a wrapped key in which any part was changed', async () => {
      const wrapped = await wrap()
      const provider = await open()
      const step = Math.max(1, Math.floor(wrapped.length / (slow ? 24 : 8)))
      for (let at = Math.floor(Math.random() * step); at < wrapped.length; at += step) {
        const changed = wrapped.slice(0, at) + (wrapped[at] === 'A' ? 'B' : 'A') + wrapped.slice(at + 1)
        expect((await refusal(() => provider.unwrapKey(changed))).code, changed).to.be.oneOf(refusals)
      }
    })

    it('refuses a wrapped key with another text for the same bytes', async () => {
      const wrapped = await wrap()
      const provider = await open()
      for (const { index, 0: run } of wrapped.matchAll(/[A-Za-z0-9+/_-]{20,}(?=={0,2}(?::|$))/g)) {
        // Bits of the last character that say nothing are others.
        const bits = (run.length * 6) % 8
        if (bits === 0) continue
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
        const end = index + run.length - 1
        const other = alphabet[alphabet.indexOf(wrapped[end] ?? '') ^ 1]
        const changed = wrapped.slice(0, end) + other + wrapped.slice(end + 1)
        expect((await refusal(() => provider.unwrapKey(changed))).code, changed).to.be.oneOf(refusals)
      }
    })

    it('refuses a wrapped key that is cut short or something else', async () => {
      const wrapped = await wrap()
      const bad = [
        '',
        'v1',
        `v1:${kind}`,
        `v1:${kind}:`,
        wrapped.slice(0, -4),
        `${wrapped}:`,
        `${wrapped}\n`,
        `${wrapped}AAAA`,
      ]
      for (const text of [...bad, wrapped.replace('v1', 'v2'), wrapped.replace(kind, 'rot13')]) {
        expect((await refusal(() => unwrap(text))).code, text).to.be.oneOf(refusals)
      }
    })

    it('does not open with another key', async () => {
      const wrapped = await wrap()
      expectKey(await unwrap(await wrap(subject.other), subject.other))
      const error = await refusal(() => unwrap(wrapped, subject.other))
      expect(error.code).to.be.oneOf(['key_unavailable', 'tampered'])
      expect(error.message).to.match(subject.other.message)
    })

    it('wraps a key again without changing it', async () => {
      const from = await wrap()
      const again = { wrapped: from, from: subject.url, to: subject.url }
      const to = await rewrapDataKey(again, contextOf(subject.setup, notices), owner)
      expect(to).to.not.equal(from)
      expectKey(await unwrap(to))
    })

    it('gives a typed error with a remedy for each of its failures', async () => {
      for (const name of Object.keys(subject.failures)) {
        // A vendor to whom something was done is of no use to the next.
        await subject.fake?.stop()
        subject = await start(folder)
        const failure = subject.failures[name]!
        const wrapped = await wrap()
        failure.cause?.()
        const error = await refusal(() => (failure.action === 'wrap' ? wrap(failure) : unwrap(wrapped, failure)))
        expect(error.message, name).to.match(failure.message)
        expect(error.code, name).to.equal(failure.code)
      }
    })

    if (!remote) return

    it('unwraps after its key was rotated', async () => {
      const before = await wrap()
      subject.rotate!()
      const after = await wrap()
      subject.rotate!()
      expectKey(await unwrap(before))
      expectKey(await unwrap(after))
    })

    // Words that repeat the request may be taken for any kind of refusal; what counts is that they
    // are cleaned.
    const troubles: Readonly<Record<Exclude<Trouble, 'busy once'>, readonly [readonly string[], RegExp]>> = {
      slow: [['key_unavailable'], /timeout: .*did not answer in time/],
      drop: [['key_unavailable'], /: (?:ECONNRESET|UND_ERR_SOCKET|EPIPE): /],
      html: [['provider_failed'], /malformed answer/],
      'other json': [['provider_failed'], /malformed answer/],
      echo: [['tampered', 'provider_failed', 'key_unavailable'], /cannot (?:un)?wrap/],
    }
    for (const [trouble, [codes, message]] of Object.entries(troubles)) {
      it(`gives a typed error with a remedy for a vendor's trouble: ${trouble}`, async () => {
        const setup = { ...subject.setup, timeoutMs: trouble === 'slow' ? 150 : 5000 }
        const fake = subject.fake!
        const wrapped = await wrap()
        fake.trouble = trouble as Trouble
        for (const run of [() => unwrap(wrapped, { setup }), () => wrap({ setup })]) {
          const error = await refusal(run)
          expect(error.message).to.match(message)
          expect(error.code).to.be.oneOf([...codes])
        }
        fake.trouble = undefined
        expectKey(await unwrap(wrapped))
      })
    }

    it('asks once more when the vendor is busy', async () => {
      const fake = subject.fake!
      fake.trouble = 'busy once'
      const wrapped = await wrap()
      expect(fake.trouble).to.equal(undefined)
      fake.trouble = 'busy once'
      expectKey(await unwrap(wrapped))
      expect(fake.trouble).to.equal(undefined)
    })

    it('says that the vendor is out of reach', async () => {
      const fake = subject.fake!
      const wrapped = await wrap()
      await fake.stop()
      try {
        const error = await refusal(() => unwrap(wrapped))
        expect(error.code).to.equal('key_unavailable')
        expect(error.message).to.contain('ECONNREFUSED')
      } finally {
        await fake.start()
      }
    })
  })
}

let child: Promise<ChildProcess> | undefined

/** Runs an errand in another process: one, which all tests of this process share. */
async function inChild(errand: Errand): Promise<string> {
  child ??= startChild()
  const other = await child
  const answer = once(other, 'message')
  other.send(errand)
  const [{ result, error }] = (await answer) as [{ readonly result?: string; readonly error?: string }]
  expect(error).to.equal(undefined)
  return result!
}

async function startChild(): Promise<ChildProcess> {
  const { path, execArgv } = ownScript('./child.ts', import.meta.url)
  const started = fork(path, { execArgv: [...execArgv] })
  await once(started, 'message')
  // It ends with this process, and does not keep it.
  started.unref()
  started.channel!.unref()
  return started
}
