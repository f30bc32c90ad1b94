import { expect } from 'chai'
import { worded } from '../../src/cli/terminal/wording.ts'
import { changeWarnings, findShapeMistakes } from '../../src/operations/definitions/saved-text/index.ts'
import { decode, formatPropertyPath } from '../../src/yaml/index.ts'

const warnings = async (text: string, before = '') =>
  (await changeWarnings({ name: 'app/dev', text, before })).map(({ summary, hint }) =>
    hint === undefined ? summary : `${summary}; ${worded(hint)}`,
  )

describe('a number that is about to be saved', () => {
  const changed = ['012345678901', '1.10', '1_000', '0x1F', '1e3', '.5', '+1', '0o17', '0b11', '010', '1.0', '1.', '-0']
  const rounded = ['9007199254740993', '-9007199254740993', '18446744073709551615']
  const kept = ['1', '1.5', '-3', '0', '0.25', '123456', '123456789012', '9007199254740991', '-1.5']
  const texts = [
    '1:30',
    '"1.10"',
    "'007'",
    'yes',
    '2024-01-02',
    '1.2.3',
    '1_a',
    'v1.10',
    '!!str 1.10',
    '0x',
    '~',
    '.inf',
    '!!int "5"',
    '!!float 1.50',
  ]

  it('gets a warning with the quoted form when its text changes, or when many programs would round it', async () => {
    for (const number of changed) {
      const [only, ...more] = await warnings(`values:\n  a: [${number}]\n`)
      expect(only, number).to.match(/^a\[0\] is a number, and is printed as \S+; write ".+" in quotes to keep it/)
      expect(only).to.include(`write "${number}" in quotes`)
      expect(more).to.deep.equal([])
    }
    for (const number of rounded)
      expect((await warnings(`values: {a: ${number}}`))[0], number).to.include('more digits')
  })

  it('gets none when it stays as it is, or is not a number', async () => {
    for (const text of [...kept, ...texts]) expect(await warnings(`values:\n  a: ${text}\n`), text).to.deep.equal([])
  })

  it('is not repeated where it may be a secret', async () => {
    const [only] = await warnings('values: {card: {pin: 012345678901}}')
    expect(only).to.equal(
      'card.pin is a number, and is printed otherwise; put it in quotes to keep it as it is written',
    )
  })

  it('gets none in a schema, in the state of a rotator, or when it was there before', async () => {
    const schema = 'values: {a: {fn::validate: {schema: {minimum: 1.0}, value: 5}}}'
    const state = 'values: {a: {fn::rotate::password: {inputs: {}, state: {current: 1e3}}}}'
    for (const text of [schema, state]) expect(await warnings(text)).to.deep.equal([])
    expect(await warnings('values: {a: 1.10, b: 1.20}', 'values: {a: 1.10}')).to.have.length(1)
  })
})

describe('a text that is about to be saved', () => {
  it('gets a warning with its path and the remedy when it looks like a secret, wherever it stands', async () => {
    const secret = 'Xk29vB8qLm4Tz7Rw1Yp3'
    const places: Readonly<Record<string, string>> = {
      'db.password': `values: {db: {password: ${secret}}}`,
      'tokens[1]': `values: {tokens: [a, ${secret}]}`,
      'password.value': `values: {password: {value: ${secret}}}`,
      'a.b["sk.x"]': `values: {a: {b: {sk.x: sk_live_${secret}}}}`,
      'files.conf': `values:\n  files:\n    conf: |\n      user = a\n      password = ${secret}\n`,
      url: 'values: {url: "postgres://app:${pw}hunter2@db/x"}',
      description: `description: the key is ghp_${secret}`,
      'this comment': `values: {a: b} # AKIAIOSFODNN7EXAMPLE\n`,
    }
    for (const [path, text] of Object.entries(places)) {
      const found = await warnings(text)
      expect(
        found.filter((each) => each.startsWith(`${path} `) && /looks like a secret/.test(each)),
        text,
      ).to.have.length(1)
      expect(found.join()).to.not.include(secret).and.not.include('hunter2').and.not.include('AKIA')
    }
    expect((await warnings(`values: {"a b": {password: ${secret}}}`))[0]).to.include(
      `"esc env set app/dev '["a b"].password' --secret"`,
    )
  })

  it('gets none when it is encrypted, a reference, a schema, an id of a login, or was there before', async () => {
    const secret = 'Xk29vB8qLm4Tz7Rw1Yp3'
    for (const text of [
      `values: {password: {fn::secret: ${secret}}}`,
      `values: {password: {fn::secret: {ciphertext: ZXNjeAAAAAEAAAEA}}}`,
      'values: {password: "${other.token}", url: "postgres://app:${pw}@db/x", a: $${TOKEN}}',
      `values: {a: {fn::validate: {schema: {properties: {password: {const: ${secret}}}}, value: {}}}}`,
      'values: {aws: {fn::open::aws-login: {static: {accessKeyId: AKIAIOSFODNN7EXAMPLE, secretAccessKey: "${s}"}}}}',
      'values: {note: "color #fff"} # see https://example.com/a:b@c\n',
    ])
      expect(await warnings(text), text).to.deep.equal([])
    const before = `values:\n  password: ${secret}\n# ghp_${secret}\n`
    expect(await warnings(`${before}  \n`, before)).to.deep.equal([])
  })
})

describe('environmentVariables and files that are about to be saved', () => {
  const def = { environment: 'app/dev', begin: { line: 1, column: 1, byte: 0 }, end: { line: 1, column: 1, byte: 0 } }
  const value = (content: unknown): never => {
    const inner = Array.isArray(content)
      ? content.map(value)
      : typeof content === 'object' && content !== null
        ? Object.fromEntries(Object.entries(content).map(([key, each]) => [key, value(each)]))
        : content
    return { ...(inner === null ? {} : { value: inner }), trace: { def } } as never
  }
  const mistakes = (values: Record<string, unknown>) =>
    findShapeMistakes(
      'app/dev',
      decode('app/dev', JSON.stringify({ values })).node,
      Object.fromEntries(Object.entries(values).map(([key, each]) => [key, value(each)])),
    ).map(({ path }) => formatPropertyPath(path.slice(1)))

  it('are noticed when they are misspelt', () => {
    const wrong = [
      'environmentVariable',
      'EnvironmentVariables',
      'environment_variables',
      'environment-variables',
      'envVars',
    ]
    for (const key of [
      ...wrong,
      'enviromentVariables',
      'environmentVaraibles',
      'environmentVariabels',
      'ENVIRONMENTVARIABLES',
      'env_vars',
    ])
      expect(mistakes({ [key]: { A: 'b' } }), key).to.deep.equal([formatPropertyPath([key])])
    for (const key of ['file', 'Files', 'FILES', 'filse', 'File', 'fils'])
      expect(mistakes({ [key]: { KUBECONFIG: 'b' } }), key).to.deep.equal([key])
  })

  it('are not suspected behind ordinary values', () => {
    for (const values of [
      { env: { A: 'b' }, environment: 'prod', variables: { a: 1 }, vars: {}, profiles: { A: 'b' }, tiles: { A: 'b' } },
      { file: '/etc/hosts' },
      { file: { path: '/etc/hosts' } },
      { environmentVariables: { A: 'b', B: null, c_1: true }, files: { D: 'x' } },
      { environmentVariables: {}, files: null },
      { envVars: 'none' },
    ])
      expect(mistakes(values as never), JSON.stringify(values)).to.deep.equal([])
  })

  it('are noticed when they are no mappings, hold lists or mappings, or names that no shell takes', () => {
    for (const member of ['environmentVariables', 'files']) {
      for (const wrong of ['x', ['a=b'], 1, true]) expect(mistakes({ [member]: wrong })).to.deep.equal([member])
      expect(mistakes({ [member]: { A: ['x'], B: { c: 'd' }, C: 'x' } })).to.deep.equal([`${member}.A`, `${member}.B`])
      for (const name of ['my.name', '1A', 'A-B', 'A B', 'x;id', '$(id)', 'A=B', 'é', 'A\n', ''])
        expect(mistakes({ [member]: { [name]: 'x' } }), name).to.have.length(1)
    }
    expect(mistakes({ environmentVariables: { A: 'x' }, files: { A: 'y' } })).to.deep.equal(['files.A'])
  })
})
