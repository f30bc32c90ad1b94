import { inspect } from 'node:util'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { expect } from 'chai'
import {
  all,
  HiddenError,
  interpolate,
  isSecret,
  Output,
  output,
  Secret,
  secret,
  unsecret,
} from '../../src/sdk/index.ts'
import { importable } from '../sources.ts'

const canary = 'cANARY-8f3k2'

/** All ways in which a value comes to be seen without anybody asking for it. */
function shown(value: unknown): string {
  const { port1, port2 } = new MessageChannel()
  const sent = (() => {
    try {
      port1.postMessage(value)
      return inspect(receiveMessageOnPort(port2), { depth: 20, showHidden: true })
    } catch (error) {
      return String(error)
    } finally {
      port1.close()
    }
  })()
  const copied = (() => {
    try {
      return inspect(structuredClone(value), { depth: 20, showHidden: true })
    } catch (error) {
      return String(error)
    }
  })()
  const spread = typeof value === 'object' && value !== null ? { ...value } : value
  return [
    String(value),
    `${value}`,
    JSON.stringify(value),
    JSON.stringify({ nested: [value] }),
    inspect(value, { depth: 20, showHidden: true, getters: true }),
    inspect(spread, { depth: 20, showHidden: true, getters: true }),
    inspect(Object.entries(Object(value)), { depth: 20 }),
    sent,
    copied,
    inspect(new Error('wrapped', { cause: value }), { depth: 20 }),
  ].join('\n')
}

describe('an output', () => {
  it('is a secret when anything it was made of is one', async () => {
    const token = secret(canary)
    const made = {
      apply: token.apply((text) => text.length),
      list: all([1, token]),
      object: all({ a: 'x', b: token }),
      text: interpolate`Bearer ${token}`,
      nested: output({ deep: [{ token }] }),
      promised: output(Promise.resolve(token)),
      plain: output({ password: new Secret(canary) }),
      returned: output('x').apply(() => token),
    }
    for (const [how, each] of Object.entries(made)) {
      expect(await isSecret(each as Output<unknown>), how).to.equal(true)
      expect(String(each), how).to.equal('[secret]')
    }
    for (const each of [output('x'), all([1, output(2)]), interpolate`a${1}`, unsecret(token)])
      expect(await isSecret(each as Output<unknown>)).to.equal(false)
  })

  it('gives its value to apply, and to reveal', async () => {
    const url = interpolate`postgres://${'app'}:${secret(canary)}@${output('host')}/db`
    expect(await url.reveal()).to.equal(`postgres://app:${canary}@host/db`)
    expect(await all({ a: [output(1), 2], b: secret({ c: 'd' }) }).reveal()).to.deep.equal({ a: [1, 2], b: { c: 'd' } })
    expect(
      await output(1)
        .apply((one) => output(one + 1))
        .reveal(),
    ).to.equal(2)
    expect(await all([]).reveal()).to.deep.equal([])
  })

  it('keeps types', async () => {
    const length: Output<number> = secret('abc').apply((text) => text.length)
    const both: Output<[string, number]> = all(['a' as string, output(1 as number)])
    const object: Output<{ a: string; b: { c: number }[] }> = output({
      a: secret('x' as string),
      b: [{ c: output(1 as number) }],
    })
    // @ts-expect-error an output is no text
    const text: string = secret('abc')
    expect(await length.reveal()).to.equal(3)
    expect(await both.reveal()).to.deep.equal(['a', 1])
    expect((await object.reveal()).b).to.deep.equal([{ c: 1 }])
    expect(String(text)).to.equal('[secret]')
  })

  it('hides what a function throws that was applied to a secret', async () => {
    const ways: Record<string, (text: string) => unknown> = {
      'an error': (text) => {
        throw new TypeError(`bad ${text}`)
      },
      'a text': (text) => {
        throw text
      },
      'an object': (text) => {
        throw { text }
      },
      'JSON.parse': (text) => JSON.parse(text),
      'a promise': async (text) => {
        throw new Error(text)
      },
      'an output': (text) => output(Promise.reject(new Error(text))),
      'a message that was changed': (text) => {
        const error = new Error('harmless')
        error.message = text
        throw error
      },
      'a stack': (text) => {
        throw Object.assign(new Error('harmless'), { stack: `Error: harmless\n    ${text}\n    at x` })
      },
      'a name': (text) => {
        throw Object.assign(new Error('harmless'), { name: text })
      },
    }
    for (const [how, fail] of Object.entries(ways)) {
      for (const failed of [secret(canary).apply(fail), all([secret(canary)]).apply(([text]) => fail(text))]) {
        const chained = failed.apply((x) => x)
        const error = await chained.reveal().then(
          () => undefined,
          (thrown) => thrown,
        )
        expect(error, how).to.be.instanceOf(HiddenError)
        expect(shown(error) + error.stack, how).not.to.include(canary)
        expect(inspect(error.reveal()), how).to.not.equal('undefined')
      }
    }
    const told = await secret(canary)
      .apply((text) => {
        throw new TypeError(text)
      })
      .reveal()
      .catch((error) => error)
    expect(told.message).to.include('TypeError')
    expect(told.stack).to.include('output.test')
  })

  it('lets the error of a clear value be seen', async () => {
    const error = await output('x')
      .apply((x) => {
        throw new Error(`bad ${x}`)
      })
      .reveal()
      .catch((thrown) => thrown)
    expect(error.message).to.equal('bad x')
  })

  it('rejects with a hidden error when a secret cannot be had', async () => {
    const error = await secret(Promise.reject(new Error(canary)))
      .reveal()
      .catch((thrown) => thrown)
    expect(shown(error)).not.to.include(canary)
  })

  it('is one for another copy of this package', async () => {
    const url = new URL('../../src/sdk/output.ts?copy', import.meta.url).href
    const copy: typeof import('../../src/sdk/output.ts') = await import(importable(url))
    expect(copy.Output).not.to.equal(Output)
    expect(await copy.isSecret(copy.all([secret(canary)]) as never)).to.equal(true)
  })
})
