import type * as Library from '../../src/sdk/index.ts'

type Sdk = Pick<
  typeof Library,
  'all' | 'HiddenError' | 'interpolate' | 'Output' | 'output' | 'Secret' | 'secret' | 'OpenEnvironment' | 'Config'
>
type Step = (value: Library.Output<unknown>) => Library.Output<unknown>

/** Where a secret comes from. */
export function starts(sdk: Sdk, canary: string): Readonly<Record<string, () => Library.Output<unknown>>> {
  const { all, output, Secret, secret, OpenEnvironment } = sdk
  const environment = new OpenEnvironment({
    name: 'app/dev',
    revision: 1,
    values: { password: new Secret(canary), pulumiConfig: { 'app:token': new Secret(canary) } },
    environmentVariables: { PASSWORD: new Secret(canary) },
    files: {},
  })
  return {
    secret: () => secret(canary),
    'secret of an object': () => secret({ user: 'a', password: canary }),
    Secret: () => output({ password: new Secret(canary) }),
    'a promise of a secret': () => output(Promise.resolve(secret(canary))),
    all: () => all([secret(canary), secret(1)]),
    'an environment': () => environment.output('password'),
    'all values of an environment': () => output(environment.values),
    configuration: () => environment.configOf('app').requireSecret('token'),
  }
}

/** What programs make of outputs. Each keeps what is a secret. */
export function steps({ all, interpolate, output, secret }: Sdk): Readonly<Record<string, Step>> {
  return {
    apply: (value) => value.apply((x) => x),
    'apply to an object': (value) => value.apply((x) => ({ x, y: [x] })),
    'apply to a promise': (value) => value.apply(async (x) => [x]),
    'apply that destructures': (value) => value.apply((x) => ({ ...[x], rest: { ...(Object(x) as object) } })),
    'apply that copies': (value) => value.apply((x) => structuredClone(x)),
    all: (value) => all([value, 'x']),
    'all of an object': (value) => all({ value, other: output(1) }),
    interpolate: (value) => interpolate`<${value.apply((x) => JSON.stringify(x))}>`,
    output: (value) => output({ deep: { value } }),
    secret: (value) => secret([value]),
    'reading a member': (value) => value.apply((x) => (typeof x === 'object' && x !== null ? Object.values(x)[0] : x)),
  }
}

/**
 * Ways in which a function that is applied to a secret fails, with the secret in what it throws.
 */
export function failures(sdk: Sdk): Readonly<Record<string, Step>> {
  const { all, output } = sdk
  const failing =
    (fail: (text: string) => unknown): Step =>
    (value) =>
      value.apply((x) => fail(typeof x === 'string' ? x : JSON.stringify(x)))
  const thrown = (make: (text: string) => unknown): Step =>
    failing((text) => {
      throw make(text)
    })
  return {
    'an error': thrown((text) => new TypeError(`bad ${text}`)),
    'a text': thrown((text) => text),
    'an object': thrown((text) => ({ text })),
    'an error with a cause': thrown((text) => new Error('x', { cause: text })),
    'an error with a name': thrown((text) => Object.assign(new Error('x'), { name: text })),
    'an error with a property': thrown((text) => Object.assign(new Error('x'), { text })),
    'an error with a stack': thrown((text) =>
      Object.assign(new Error('x'), { stack: `Error: x\n    ${text}\n    at x` }),
    ),
    'several errors': thrown((text) => new AggregateError([new Error(text)], text)),
    'what JSON.parse says': failing((text) => JSON.parse(`{${text}`)),
    'a rejected promise': failing(async (text) => {
      throw new Error(text)
    }),
    'a rejected output': failing((text) => output(Promise.reject(new Error(text)))),
    'within all': (value) => all([value]).apply(([x]) => Promise.reject(new RangeError(JSON.stringify(x)))),
  }
}
