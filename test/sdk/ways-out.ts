import { strict as assert } from 'node:assert'
import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { format, inspect } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'

const everything = { depth: 20, showHidden: true, getters: true } as const

/**
 * Ways in which a value comes to be seen without anybody asking for it, each as the text that is
 * seen.
 */
export const waysOut: Readonly<Record<string, (value: unknown) => string>> = {
  'a template string': (value) => `${value}`,
  'joined texts': (value) => 'a' + value + [value, [value]] + [value].join(),
  String: (value) => String(value),
  'JSON.stringify': (value) =>
    JSON.stringify(value) + JSON.stringify({ nested: [value] }) + JSON.stringify([value], null, 2),
  'JSON.stringify with a replacer': (value) => JSON.stringify({ value }, (_, each) => each),
  'util.inspect': (value) => inspect(value, everything) + inspect(value) + inspect({ a: [value] }, everything),
  'util.format': (value) => format('%s %o %O %j %d %i', value, value, value, value, value, value),
  console: (value) => {
    let text = ''
    const stream = new Writable({
      write(chunk, _, done) {
        text += chunk
        done()
      },
    })
    const out = new Console({ stdout: stream, stderr: stream, inspectOptions: { depth: 20, showHidden: true } })
    out.log(value, '%s', value)
    out.log('%s %o %O %j %c', value, value, value, value, value)
    out.error({ value })
    out.dir(value, { showHidden: true, depth: 20 })
    out.table([value, { value }])
    out.warn(new Map([[value, value]]), new Set([value]))
    out.assert(false, '%o', value)
    out.trace(value)
    out.group(value)
    return text
  },
  destructuring: (value) => {
    const { ...rest } = Object(value)
    const [first] = [value]
    const { toString: text, apply, reveal, then, value: inner } = Object(value)
    return inspect([rest, first, inner, String(text), String(apply), String(reveal), String(then)], everything)
  },
  spreading: (value) => inspect([{ ...Object(value) }, [...[value]], Object.assign({}, Object(value))], everything),
  'its properties': (value) => {
    const names = Reflect.ownKeys(Object(value))
    const all = [
      ...names.map((name) => Object(value)[name]),
      Object.values(Object(value)),
      Object.entries(Object(value)),
    ]
    const described = Object.getOwnPropertyDescriptors(Object(value))
    const looped: unknown[] = []
    for (const key in Object(value)) looped.push(Object(value)[key])
    return inspect([names, all, described, looped], everything)
  },
  structuredClone: (value) =>
    tried(() => inspect(structuredClone(value), everything) + inspect(structuredClone({ value }), everything)),
  'v8.serialize': (value) =>
    tried(() => serialize(value).toString('latin1') + inspect(deserialize(serialize({ value })), everything)),
  'messages of workers': (value) => {
    const { port1, port2 } = new MessageChannel()
    try {
      return tried(() => {
        port1.postMessage(value)
        return inspect(receiveMessageOnPort(port2), everything)
      })
    } finally {
      port1.close()
    }
  },
  'errors that hold it': (value) => {
    const errors = [
      new Error(`it was ${value}`),
      new Error('wrapped', { cause: value }),
      new AggregateError([value], `${value}`),
      Object.assign(new Error('with a property'), { value }),
    ]
    return errors.map((error) => inspect(error, everything) + error.stack + JSON.stringify(error)).join('\n')
  },
  'a failed assertion': (value) => tried(() => assert.deepStrictEqual({ value }, { value: 'something else' }) ?? ''),
  'URLs and forms': (value) =>
    new URLSearchParams({ value: value as string }).toString() +
    encodeURIComponent(value as string) +
    tried(() => String(new URL(`http://a/${value}`))),
  bytes: (value) => tried(() => Buffer.from(value as string).toString('latin1')) + tried(() => btoa(value as string)),
}

/** What the work returns, or the error that it throws. */
function tried(work: () => string): string {
  try {
    return work()
  } catch (error) {
    return inspect(error, everything)
  }
}
