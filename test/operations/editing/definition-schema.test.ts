import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { expect } from 'chai'
import fc from 'fast-check'
import { type EvaluationHost, type EvaluatorRotator, evaluateEnvironment } from '../../../src/evaluate/index.ts'
import { formatJson } from '../../../src/json.ts'
import { parseEnvironment } from '../../../src/language/index.ts'
import type { Offered } from '../../../src/operations/catalogue/catalogue.ts'
import { offered } from '../../../src/operations/catalogue/catalogue.ts'
import { definitionSchema } from '../../../src/operations/editing/definition-schema.ts'
import { present } from '../../../src/present.ts'
import { decode, type Node } from '../../../src/yaml/index.ts'
import { decrypt, fakeWorld } from '../../conformance/fakes.ts'
import { runs } from '../../sample.ts'
import { sessionParts } from '../session-parts.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const cases = join(root, 'test', 'language', 'cases')

/** The definition as a JSON Schema sees it. Undefined: it is no YAML that the language reads. */
function dataOf(text: string): { readonly data: unknown } | undefined {
  const { node, failed } = decode('x', text)
  return failed ? undefined : { data: node === undefined ? null : plain(node) }
}

function plain(node: Node): unknown {
  switch (node.kind) {
    case 'null':
      return null
    case 'boolean':
    case 'string':
      return node.value
    case 'number':
      return Number(node.text)
    case 'array':
      return node.elements.map(plain)
    case 'object': {
      const data: Record<string, unknown> = Object.create(null)
      for (const { key, value } of node.entries) if (!(key.value in data)) data[key.value] = plain(value)
      return data
    }
  }
}

function repeatsKey(node: Node | undefined): boolean {
  if (node?.kind === 'array') return node.elements.some(repeatsKey)
  if (node?.kind !== 'object') return false
  const keys = node.entries.map(({ key }) => key.value)
  return new Set(keys).size < keys.length || node.entries.some(({ value }) => repeatsKey(value))
}

function compiled({ providers, rotators }: { providers: readonly Offered[]; rotators: readonly Offered[] }) {
  // Numbers that keep their text are plain ones to ajv.
  const schema = JSON.parse(formatJson(definitionSchema({ providers, rotators })))
  const ajv = new Ajv2020({ strict: false, allErrors: false })
  expect(ajv.validateSchema(schema), JSON.stringify(ajv.errors)).to.equal(true)
  return ajv.compile(schema)
}

async function ofFakes(): Promise<ValidateFunction> {
  const world = fakeWorld(() => '')
  const about = { description: '', from: 'plugin', outputs: true } as const
  const providers = ['test', 'secret-wrapper', 'error', 'schema', 'bench'].map(async (name) => ({
    name,
    ...about,
    inputs: (await world.provider(name)).inputs,
  }))
  const rotators = ['swap', 'echo'].map(async (name) => {
    const { inputs, state } = await world.rotator(name)
    return { name, ...about, inputs, state }
  })
  return compiled({ providers: await Promise.all(providers), rotators: await Promise.all(rotators) })
}

interface Recorded {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
}

function recorded(): Recorded[] {
  const folder = join(cases, 'eval-extra')
  const found = readdirSync(folder).map((name) => {
    const names = readdirSync(join(folder, name)).filter((file) => file.endsWith('.yaml'))
    return {
      name,
      files: Object.fromEntries(names.map((file) => [file, readFileSync(join(folder, name, file), 'utf8')])),
    }
  })
  const fuzzed = readFileSync(join(cases, 'eval-fuzz.jsonl'), 'utf8').trimEnd().split('\n')
  return [...found, ...fuzzed.map((line) => JSON.parse(line) as Recorded)]
}

/**
 * Mistakes of form that are no matter of a schema: what stands within texts, and how the YAML is
 * written.
 */
const BEYOND =
  /interpolation|subscript|duplicate key|alias nodes|nested more than|brackets|quote|empty|object keys must be strings/

describe('the JSON Schema of definitions', function () {
  this.timeout(120_000)

  it('accepts every recorded case that checks clean, and refuses those whose form is broken', async () => {
    const validate = await ofFakes()
    let [clean, broken] = [0, 0]
    for (const { name, files } of recorded()) {
      for (const [file, text] of Object.entries(files)) {
        const read = dataOf(text)
        if (read === undefined) continue
        const environment = file.replace(/\.yaml$/, '')
        const world = fakeWorld((other) => {
          const found = files[`${other}.yaml`]
          if (found === undefined) throw new Error('not found')
          return found
        })
        const request = { name: environment, text, mode: 'check', unlock: async () => decrypt } as const
        const { diagnostics } = await evaluateEnvironment(request, world)
        const accepted = validate(read.data)
        const where = `${name} ${file}:\n${text}\n${JSON.stringify(validate.errors)}`
        if (diagnostics.length === 0) {
          expect(accepted, where).to.equal(true)
          clean++
        } else if (!accepted) broken++
        const form = parseEnvironment(environment, text).diagnostics.filter(({ summary }) => !BEYOND.test(summary))
        // Of keys that stand twice, a schema sees the first.
        const repeats = repeatsKey(decode('x', text).node)
        if (form.length > 0 && !repeats) expect(accepted, `${form[0]!.summary}\n${where}`).to.equal(false)
      }
    }
    expect(clean).to.be.greaterThan(100)
    expect(broken).to.be.greaterThan(20)
  })

  /** What is really installed, and a check against it. */
  let known: ReturnType<typeof makeReal> | undefined
  const real = () => (known ??= makeReal())
  async function makeReal() {
    const parts = sessionParts({ cwd: tmpdir(), env: {}, notify: () => {}, now: () => new Date(0) })
    const [providers, rotators] = await Promise.all([offered(parts, 'provider'), offered(parts, 'rotator')])
    const host: EvaluationHost = {
      load: async () => {
        throw new Error('not found')
      },
      provider: async (name) => ({ ...named(providers, name), open: never }),
      rotator: async (name) => ({ ...named(rotators, name), open: never, rotate: never }) as EvaluatorRotator,
    }
    const check = async (text: string) => {
      const request = { name: 'x', text, mode: 'check', unlock: async () => decrypt } as const
      return (await evaluateEnvironment(request, host)).diagnostics
    }
    return { validate: compiled({ providers, rotators }), check, providers, rotators }
  }

  it('accepts the example store and the example of every provider and rotator', async () => {
    const { validate, providers, rotators } = await real()
    const store = join(root, 'environments')
    const files = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /environment\.yaml$/.test(file),
    )
    expect(files).to.not.be.empty
    const examples = [...providers, ...rotators].map(({ example }) => example ?? '')
    expect(examples).to.not.include('')
    for (const text of [...files.map((file) => readFileSync(join(store, file), 'utf8')), ...examples]) {
      expect(validate(present(dataOf(text)).data), `${text}\n${JSON.stringify(validate.errors)}`).to.equal(true)
    }
  })

  it('refuses mistakes in inputs: unknown names, missing ones, values of another type, unknown providers', async () => {
    const { validate } = await real()
    const refused = [
      'values: {a: {fn::open::aws-login: {static: {accessKeyId: x, secretAccessKey: y, sesionToken: z}}}}',
      'values: {a: {fn::open::aws-login: {static: {accessKeyId: x}}}}',
      'values: {a: {fn::open: {provider: aws-login, inputs: {static: {accessKeyId: x}}}}}',
      'values: {a: {fn::rotate::password: {inputs: {length: long}}}}',
      'values: {a: {fn::rotate::password: {length: 20}}}',
      'values: {a: {fn::open::no-such: {}}}',
      'values: {a: {fn::jion: [",", []]}}',
      'values: {a: {fn::secret: "x${b}"}}',
      'values: {a: {fn::join: [","]}}',
      'values: {fn::join: [",", []]}',
      'imports: {a: b}',
      'vlaues: {}',
    ]
    for (const text of refused) expect(validate(present(dataOf(text)).data), text).to.equal(false)
    const accepted = [
      'values: {a: {fn::open::aws-login: {static: {accessKeyId: "${x}", secretAccessKey: {fn::secret: y}}}}}',
      'values: {a: {fn::rotate::password: {inputs: {length: "${n}"}}}}',
      'values: {a: {fn::rotate::password: {inputs: "${all}", state: {current: {fn::secret: x}}}}}',
      'imports: [a/b, {c/d: {merge: false}}]\nVALUES: {}',
      'values: {a: {Fn::x: 1, b: 2}}',
    ]
    for (const text of accepted) {
      expect(validate(present(dataOf(text)).data), `${text}\n${JSON.stringify(validate.errors)}`).to.equal(true)
    }
  })

  it('says where a mistake is: in the form that was meant, and not that the whole is nothing that there is', async () => {
    const { validate } = await real()
    const places = {
      'values: {a: {fn::rotate::password: {inputs: {length: long}}}}': '/values/a/fn::rotate::password/inputs/length',
      'values: {a: [{b: {fn::jion: 1}}]}': '/values/a/0/b',
      'values: {a: {fn::open: {provider: aws-login, inputs: {static: {accessKeyId: [x]}}}}}':
        '/values/a/fn::open/inputs/static',
    }
    for (const [text, place] of Object.entries(places)) {
      expect(validate(present(dataOf(text)).data), text).to.equal(false)
      expect(
        validate.errors?.map(({ instancePath }) => instancePath),
        text,
      ).to.include(place)
    }
  })

  it('never refuses what a check accepts', async () => {
    const { validate, check, providers, rotators } = await real()
    const examples = [...providers, ...rotators].map(({ example }) => present(dataOf(example ?? '')).data)
    const parts = fc.oneof(
      fc.constantFrom('${other}', 'x', '$${y}', '', 0, -1, 5, true, null, [], {}, ['x'], { a: 1 }),
      fc.constantFrom({ 'fn::secret': 'x' }, { 'fn::toJSON': 1 }, { 'fn::nothing': 1 }, { 'Fn::x': 1, b: 2 }),
    )
    let refused = 0
    const property = fc.asyncProperty(
      fc.constantFrom(...examples),
      fc.nat(),
      parts,
      fc.boolean(),
      async (example, at, part, rename) => {
        const changed = structuredClone(example) as object
        const places = placesIn(changed)
        const [parent, key] = present(places[at % places.length])
        const holder = parent as Record<string, unknown>
        if (rename && !Array.isArray(parent)) {
          holder[`${key}x`] = holder[key]
          delete holder[key]
        } else holder[key] = part
        if (validate(changed)) return
        refused++
        expect(await check(JSON.stringify(changed)), `${JSON.stringify(changed)}\n${JSON.stringify(validate.errors)}`)
          .to.not.be.empty
      },
    )
    await fc.assert(property, runs(250, 1_000_000))
    expect(refused).to.be.greaterThan(30)
  })
})

function named(all: readonly Offered[], name: string): Offered {
  const found = all.find((each) => each.name === name)
  if (found === undefined) throw new Error(`unknown provider ${name}`)
  return found
}

async function never(): Promise<never> {
  throw new Error('a check calls nobody')
}

/** Every place in data: what holds it, and its key. */
function placesIn(data: object): (readonly [object, string])[] {
  return Object.entries(data).flatMap(([key, value]) => [
    [data, key] as const,
    ...(typeof value === 'object' && value !== null ? placesIn(value) : []),
  ])
}
