import { expect } from 'chai'
import fc from 'fast-check'
import { EscError } from '../../src/errors.ts'
import { type Json, JsonNumber } from '../../src/json.ts'
import {
  decode,
  deleteAt,
  getAt,
  type Node,
  type PropertyPath,
  parsePropertyPath,
  readYamlFragment,
  setAllAt,
  setAt,
} from '../../src/yaml/index.ts'
import { cpuTime } from '../cpu-time.ts'
import { runs } from '../sample.ts'
import { definitions } from './definitions.ts'

const set = (text: string, path: string, value: Json) => setAt(text, parsePropertyPath(path), value)
const remove = (text: string, path: string) => deleteAt(text, parsePropertyPath(path))

/** Plain data of a node; numbers as `JsonNumber`s, of duplicate keys the first. */
function data(node: Node | undefined): Json {
  if (node === undefined) return null
  switch (node.kind) {
    case 'null':
      return null
    case 'number':
      return new JsonNumber(node.text)
    case 'array':
      return node.elements.map(data)
    case 'object': {
      const object: Record<string, Json> = Object.create(null)
      for (const { key, value } of node.entries) if (!(key.value in object)) object[key.value] = data(value)
      return object
    }
    default:
      return node.value
  }
}

const scalar = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
  fc.constantFrom('a: b', 'x\ny\n', '', ' ', '\n', 'null', "'", '"', '${a}', '\u0085', 'x\r\ny', '- ', '#'),
  fc.constant(null),
  fc.boolean(),
  fc.integer().map((n) => new JsonNumber(String(n))),
)
const anyValue: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'a b', '1')), tie('value'), {
      maxKeys: 3,
      noNullPrototype: false,
    }),
  ),
})).value

describe('setAt() on a scalar', () => {
  it('replaces the scalar and nothing else', () => {
    const text = '# top\na:   old   # why\n\nb: [ 1,  2 ]\n'
    expect(set(text, 'a', 'new')).to.equal('# top\na:   new   # why\n\nb: [ 1,  2 ]\n')
    expect(set(text, 'b[1]', 3)).to.equal('# top\na:   old   # why\n\nb: [ 1,  3 ]\n')
  })

  it('keeps quotes', () => {
    expect(set('a: "x"\n', 'a', 'it\'s "y"')).to.equal('a: "it\'s \\"y\\""\n')
    expect(set("a: 'x'\n", 'a', "it's")).to.equal("a: 'it''s'\n")
    expect(set("a: 'x'\n", 'a', 'two\nlines')).to.equal('a: "two\\nlines"\n')
    expect(set('a: "x"\n', 'a', 5)).to.equal('a: 5\n')
  })

  it('quotes strings that would read as something else', () => {
    for (const value of ['12', 'null', 'true', '', '2001-01-01', '0x1F', '1e3', 'yes', 'off', '1:20', '~', '.inf']) {
      expect(set('a: x\n', 'a', value), value).to.equal(`a: "${value}"\n`)
    }
    for (const value of [
      '- a',
      'a: b',
      '# c',
      'a #b',
      '[x',
      '{x',
      '*x',
      '&x',
      '!x',
      '|',
      '%x',
      '@x',
      ' x',
      'x ',
      'x:',
    ]) {
      expect(set('a: x\n', 'a', value), value).to.equal(`a: '${value}'\n`)
    }
    for (const value of ['fn::secret', 'http://x/y?z#w', '${a.b}', 'a,b', "it's", '-x', 'x#y', '世界 🙂']) {
      expect(set('a: x\n', 'a', value), value).to.equal(`a: ${value}\n`)
    }
    expect(set('a: x\n', 'a', 'tab\there\u0085\u0000\ufeff')).to.equal('a: "tab\\there\\x85\\0\\uFEFF"\n')
  })

  it('writes several lines as a literal block', () => {
    expect(set('a: x # c\nb: 1\n', 'a', 'one\n two\n\nthree\n')).to.equal('a: | # c\n  one\n   two\n\n  three\nb: 1\n')
    expect(set('a: x', 'a', 'one\ntwo')).to.equal('a: |-\n  one\n  two')
    expect(set('l:\n    - x\n    - y\n', 'l[0]', 'one\ntwo')).to.equal('l:\n    - |-\n      one\n      two\n    - y\n')
    expect(set('a: |  # h\n  old\n  text\n\nb: 1\n', 'a', 'new\ntext')).to.equal('a: |-  # h\n  new\n  text\n\nb: 1\n')
    expect(set('a: >\n  folded\n', 'a', 'short')).to.equal('a: |-\n  short\n')
    expect(set('a: |  # h\n  old\nb: 1\n', 'a', 7)).to.equal('a: 7  # h\nb: 1\n')
  })

  it('falls back to quotes where a block could not hold the text', () => {
    expect(set('a: x\n', 'a', ' leading\nblank')).to.equal('a: " leading\\nblank"\n')
    expect(set('a: x\n', 'a', 'many\n\n\n')).to.equal('a: "many\\n\\n\\n"\n')
    expect(set('a: [x]\n', 'a[0]', 'in\nflow')).to.equal('a: ["in\\nflow"]\n')
  })

  it('touches nothing when the value is there already, however it is written', () => {
    const text = "a: 'x'\nb: 0x1F\nc: {k: [ 1, ~ ]}\n"
    expect(set(text, 'a', 'x')).to.equal(text)
    expect(set(text, 'b', 31)).to.equal(text)
    expect(set(text, 'c', { k: [1, null] })).to.equal(text)
  })
})

describe('setAt() on what is missing', () => {
  it('adds keys at the end of their mapping, in its own indentation', () => {
    const text = 'values:\n    a: 1 # one\n    # after\n\nother: x\n'
    expect(set(text, 'values.b', 2)).to.equal('values:\n    a: 1 # one\n    # after\n    b: 2\n\nother: x\n')
    expect(set(text, 'values.b.c', [1, { d: null }])).to.equal(
      'values:\n    a: 1 # one\n    # after\n    b:\n        c:\n            - 1\n            - d: null\n\nother: x\n',
    )
    expect(set(text, 'new', 'x')).to.equal(`${text}new: x\n`)
  })

  it('follows how the document writes sequences', () => {
    expect(set('a:\n- x\n', 'b[0]', 'z')).to.equal('a:\n- x\nb:\n- z\n')
    expect(set('a:\n- x\n', 'a[1].k', 'z')).to.equal('a:\n- x\n- k: z\n')
    expect(set('a:\n    - x\n', 'a[1]', ['p', 'q'])).to.equal('a:\n    - x\n    - - p\n      - q\n')
  })

  it('makes collections of nulls and of empty ones', () => {
    expect(set('a:\nb: 1\n', 'a.c', 2)).to.equal('a:\n  c: 2\nb: 1\n')
    expect(set('a: ~ # c\n', 'a[0]', 2)).to.equal('a: # c\n  - 2\n')
    expect(set('a: {}  # c\n', 'a.b', 2)).to.equal('a:  # c\n  b: 2\n')
    expect(set('- {}\n', '[0].b', 2)).to.equal('- b: 2\n')
    expect(set('{}\n', 'a.b', 2)).to.equal('a:\n  b: 2\n')
    expect(set('', 'a.b', 2)).to.equal('a:\n  b: 2\n')
    expect(set('# only\n', 'a', 2)).to.equal('# only\na: 2\n')
    expect(set('# only', 'a', 2)).to.equal('# only\na: 2')
    expect(set('---\n', 'a', 2)).to.equal('---\na: 2\n')
  })

  it('writes inside flow collections', () => {
    expect(set('a: { x: 1 } # c\n', 'a.y', { z: ['p: q', true] })).to.equal("a: { x: 1, y: {z: ['p: q', true]} } # c\n")
    expect(set('a: [ 1, ]\n', 'a[1]', 2)).to.equal('a: [ 1, 2, ]\n')
    expect(set('{\n  "a": 1 # one\n}\n', 'b', 2)).to.equal('{\n  "a": 1, # one\n  b: 2\n}\n')
    expect(set('{\n  "a": 1,\n}\n', 'b', 2)).to.equal('{\n  "a": 1,\n  b: 2,\n}\n')
    expect(set('a: {x}\n', 'a.x', 1)).to.equal('a: {x: 1}\n')
    expect(set('l: [a: b]\n', 'l[0].c', 1)).to.equal('l: [{a: b, c: 1}]\n')
  })

  it('keeps line ends, the missing final line break and the byte order mark', () => {
    expect(set('\ufeffa:\r\n  b: 1', 'a.c', ['x', 'y\nz'])).to.equal(
      '\ufeffa:\r\n  b: 1\r\n  c:\r\n    - x\r\n    - |-\r\n      y\r\n      z',
    )
  })

  it('does not let a block scalar before it change', () => {
    expect(set('a: |\n  x', 'b', 1)).to.equal('a: |-\n  x\nb: 1')
    expect(set('a: |+\n  x\n\n\n', 'b', 1)).to.equal('a: |+\n  x\n\n\nb: 1\n')
  })
})

describe('setAt() on a collection', () => {
  it('touches only what differs', () => {
    const text = 'state:\n  current: # c\n    user: a # u\n    password: x\n  # p\n  previous: {user: b}\n'
    const value = { current: { user: 'a', password: 'y' }, previous: { user: 'c' }, more: 1 }
    expect(set(text, 'state', value)).to.equal(
      'state:\n  current: # c\n    user: a # u\n    password: "y"\n  # p\n  previous: {user: c}\n  more: 1\n',
    )
    expect(set(text, 'state', { previous: { user: 'b' } })).to.equal('state:\n  # p\n  previous: {user: b}\n')
  })

  it('takes items out where they stood', () => {
    const text = 'l:\n  - a # 1\n  - b # 2\n  - c # 3\n'
    expect(set(text, 'l', ['a', 'c'])).to.equal('l:\n  - a # 1\n  - c # 3\n')
    expect(set(text, 'l', ['a', 'b', 'c', 'd'])).to.equal('l:\n  - a # 1\n  - b # 2\n  - c # 3\n  - d\n')
  })

  it('changes the kind of a value and keeps the comment on its key', () => {
    expect(set('a: # c\n  b: 1\n  d: 2\ne: 3\n', 'a', 'x')).to.equal('a: x # c\ne: 3\n')
    expect(set('a: x # c\ne: 3\n', 'a', { b: [1] })).to.equal('a: # c\n  b:\n    - 1\ne: 3\n')
    expect(set('a:\n  # above\n  b: 1 # line\n', 'a', 'x')).to.equal('a:\n  # above\n  x # line\n')
    expect(set('a: &x !t\n  b: 1\n', 'a', [1])).to.equal('a:\n  - 1\n')
  })

  it('keeps the style of what was read from YAML, inside', () => {
    const value = readYamlFragment('{"k": [ "a", 0x10 ], l: {}}')
    expect(setAt('', ['v'], value)).to.equal('v:\n  "k": ["a", 0x10]\n  l: {}\n')
    expect(setAt('', ['v'], readYamlFragment('[a, b]'))).to.equal('v:\n  - a\n  - b\n')
    expect(setAt('', ['v'], readYamlFragment('"x"'))).to.equal('v: x\n')
    expect(setAt('', ['v'], readYamlFragment(''))).to.equal('v: ""\n')
    expect(setAt('', ['v'], readYamlFragment('yes'))).to.equal('v: "yes"\n')
    expect(() => readYamlFragment('[a'))
      .to.throw(EscError, "yaml: line 1: did not find expected ',' or ']'")
      .with.property('code', 'invalid_input')
  })
})

describe('deleteAt()', () => {
  it('takes the lines of a key and the comments directly above it', () => {
    const text = '# top\n\n# about a\na: # x\n  - 1\n# about b\nb: 2\n\nc: 3\n'
    expect(remove(text, 'a')).to.equal('# top\n\n# about b\nb: 2\n\nc: 3\n')
    expect(remove(text, 'b')).to.equal('# top\n\n# about a\na: # x\n  - 1\n\nc: 3\n')
    expect(remove('a: 1\nb: 2', 'b')).to.equal('a: 1')
  })

  it('leaves an empty collection when nothing is left', () => {
    expect(remove('a: # c\n  b: 1\nd: 2\n', 'a.b')).to.equal('a: {} # c\nd: 2\n')
    expect(remove('a: # c\n  # about b\n  b: 1 # one\nd: 2\n', 'a.b')).to.equal('a: {} # c\nd: 2\n')
    expect(remove('a:\n- x\n', 'a[0]')).to.equal('a: []\n')
    expect(remove('a: [ x ]\n', 'a[0]')).to.equal('a: []\n')
    expect(remove('a: 1\n', 'a')).to.equal('{}\n')
  })

  it('works in flow collections and compact ones', () => {
    expect(remove('a: {x: 1, y: 2, z: 3}\n', 'a.x')).to.equal('a: {y: 2, z: 3}\n')
    expect(remove('a: {x: 1, y: 2, z: 3}\n', 'a.z')).to.equal('a: {x: 1, y: 2}\n')
    expect(remove('{\n  a: 1, # one\n  b: 2 # two\n}\n', 'b')).to.equal('{\n  a: 1, # one\n}\n')
    expect(remove('- a: 1\n  # b\n  b: 2\n- c\n', '[0].a')).to.equal('- # b\n  b: 2\n- c\n')
    expect(remove('- - 1\n  - 2\n', '[0][0]')).to.equal('- - 2\n')
  })

  it('does not let a block scalar before it change', () => {
    expect(decode('x', remove('a: |+\n  x\nb: 1\n\nc: 2\n', 'b')).node).to.deep.equal(
      decode('x', 'a: |+\n  x\nc: 2\n').node,
    )
    expect(remove('a: |\n  x\nb: 1', 'b')).to.equal('a: |\n  x\n')
  })

  it('changes nothing when there is nothing at the path', () => {
    const text = 'a: {b: 1}\n'
    for (const path of ['x', 'a.x', 'x.y.z', 'a.x.y']) expect(remove(text, path)).to.equal(text)
    expect(remove('', 'a')).to.equal('')
  })
})

describe('a path that does not fit', () => {
  it('is an error that shows it up to the element at fault', () => {
    const text = 'string: foo\nobject: {}\narray: []\nfull: [1]\n'
    const messages: Record<string, string> = {
      'string.bar': 'string.bar: expected an array or an object',
      'object[0]': 'object[0]: key for a map must be a string',
      'array.foo': 'array.foo: key for an array must be an int',
      'full[0].x': 'full[0].x: expected an array or an object',
      'full[2]': 'full[2]: array index out of range',
      'full[-1]': 'full[-1]: array index out of range',
      'new[1].x': 'new[1]: array index out of range',
    }
    for (const [path, message] of Object.entries(messages)) {
      expect(() => set(text, path, 1), path)
        .to.throw(EscError, message)
        .with.property('code', 'invalid_input')
    }
    expect(() => remove(text, 'full[1]')).to.throw(EscError, 'full[1]: array index out of range')
    expect(() => remove(text, 'string.bar.baz')).to.throw(EscError, 'string.bar: expected an array or an object')
    expect(() => set('a: [\n', 'a', 1))
      .to.throw(EscError, /^yaml: /)
      .with.property('code', 'invalid_definition')
  })
})

/** Paths of all values; duplicate keys only once. */
function pathsOf(text: string): { path: PropertyPath; node: Node }[] {
  const found: { path: PropertyPath; node: Node }[] = []
  const visit = (node: Node, path: PropertyPath): void => {
    found.push({ path, node })
    if (node.kind === 'array') for (const [index, element] of node.elements.entries()) visit(element, [...path, index])
    if (node.kind === 'object') for (const { key, value } of node.entries) visit(value, [...path, key.value])
  }
  const { node } = decode('x', text)
  if (node !== undefined) visit(node, [])
  return found
}

/** Whether `longer` is `shorter` with one piece of text put in. */
function isInsertion(longer: string, shorter: string): boolean {
  let start = 0
  while (start < shorter.length && shorter[start] === longer[start]) start++
  const size = longer.length - shorter.length
  // The piece may begin with what follows it, so it can also start earlier.
  for (let at = start; at >= 0; at--) {
    if (longer.slice(at + size) === shorter.slice(at)) return true
    if (longer[at - 1] !== shorter[at - 1]) break
  }
  return false
}

describe('every edit of every value', () => {
  const everywhere = definitions.flatMap((text) => pathsOf(text).map((place) => ({ text, ...place })))

  it('changes a scalar on one line within its own characters', () => {
    for (const { text, path, node } of everywhere) {
      if (node.kind === 'array' || node.kind === 'object' || node.span === undefined) continue
      const source = text.slice(node.span.start, node.span.end)
      if (/[\r\n]/.test(source) || source === '') continue
      const edited = setAt(text, path, 'changed value')
      expect(edited.startsWith(text.slice(0, node.span.start)), edited).to.equal(true)
      expect(edited.endsWith(text.slice(node.span.end)), edited).to.equal(true)
      expect(data(getAt(decode('x', edited).node, path))).to.equal('changed value')
    }
  })

  it('only takes a piece out when it deletes', () => {
    for (const { text, path } of everywhere) {
      if (path.length === 0) continue
      const edited = deleteAt(text, path)
      const empties = (of: string) => of.match(/\{\}|\[\]/g)?.length ?? 0
      if (empties(edited) > empties(text)) continue
      if (edited.length < text.length)
        expect(isInsertion(text, edited), `${JSON.stringify(path)}\n${edited}`).to.equal(true)
    }
  })

  it('only puts lines in when it adds a key to a block mapping', () => {
    for (const { text, path, node } of everywhere) {
      if (node.kind !== 'object' || node.entries.length === 0 || text[node.span!.start] === '{') continue
      const flow = path.some((_, i) =>
        /^[[{]/.test(text.slice(getAt(decode('x', text).node, path.slice(0, i))?.span?.start)),
      )
      if (flow || text.includes('[a: b')) continue
      const edited = setAt(text, [...path, 'new key'], { a: 1 })
      expect(isInsertion(edited, text), edited).to.equal(true)
    }
  })

  it('reads back what it wrote, and nothing else has changed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...everywhere), anyValue, fc.boolean(), ({ text, path, node }, json, append) => {
        const grown =
          append && node.kind === 'object'
            ? [...path, 'new']
            : append && node.kind === 'array'
              ? [...path, node.elements.length]
              : path
        const edited = setAt(text, grown, json)
        const read = decode('x', edited)
        expect(read.diagnostics).to.deep.equal([])
        expect(data(getAt(read.node, grown))).to.deep.equal(
          data(getAt(decode('x', setAt('', ['k'], json)).node, ['k'])),
        )
        for (const other of pathsOf(text)) {
          if (grown.every((e, i) => other.path[i] === e) || other.path.every((e, i) => grown[i] === e)) continue
          expect(data(getAt(read.node, other.path))).to.deep.equal(data(getAt(decode('x', text).node, other.path)))
        }
      }),
      runs(400, 20_000),
    )
  }).timeout(600_000)

  it('does many at once as one by one also where the first takes away what the second had its style from', () => {
    // Only the list in `database` stands no further in than its key.
    const text = definitions[0] as string
    const assignments = [
      { path: ['values', 'database'], value: 1 },
      { path: ['values', 'empty'], value: [{ text: '0' }] },
    ] as const
    const oneByOne = assignments.reduce((result, { path, value }) => setAt(result, path, value), text)
    expect(setAllAt(text, assignments)).to.equal(oneByOne)
  })

  it('does many at once as it does them one by one', () => {
    const several = fc.constantFrom(...new Set(everywhere.map(({ text }) => text))).chain((text) => {
      const places = everywhere.filter((place) => place.text === text)
      const assignment = fc.record({ place: fc.constantFrom(...places), value: anyValue })
      return fc.tuple(fc.constant(text), fc.array(assignment, { minLength: 2, maxLength: 4 }))
    })
    fc.assert(
      fc.property(several, ([text, wanted]) => {
        const assignments: { path: PropertyPath; value: Json }[] = []
        for (const { place, value } of wanted) {
          const { path } = place
          const apart = assignments.every(({ path: other }) => !startsWith(path, other) && !startsWith(other, path))
          if (apart) assignments.push({ path, value })
        }
        const oneByOne = assignments.reduce((result, { path, value }) => setAt(result, path, value), text)
        expect(setAllAt(text, assignments)).to.equal(oneByOne)
      }),
      runs(600, 20_000),
    )
  }).timeout(600_000)
})

describe('the states of many rotators', () => {
  /** As after the first rotation (one credential) or a later one (two). */
  const rotated = (count: number, credentials: readonly string[]) =>
    'values:\n' +
    Array.from({ length: count }, (_, at) => {
      const states = credentials.map(
        (name) => `        ${name}:\n          fn::secret:\n            ciphertext: ZXNjeAAAAA${at}\n`,
      )
      return `  p${at}:\n    fn::rotate::password:\n      inputs: {length: 32}\n      state:\n${states.join('')}`
    }).join('')
  const assignments = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      path: ['values', `p${at}`, 'fn::rotate::password', 'state'],
      value: { current: { 'fn::secret': `new ${at}` }, previous: { 'fn::secret': `old ${at}` } },
    }))

  for (const credentials of [['current'], ['current', 'previous']]) {
    it(`are set in one go where each held ${credentials.join(' and ')}`, () => {
      const text = rotated(3, credentials)
      const oneByOne = assignments(3).reduce((result, { path, value }) => setAt(result, path, value), text)
      expect(setAllAt(text, assignments(3))).to.equal(oneByOne)
      // One by one the second takes sixteen times as long as the first.
      const [few, many] = [100, 400].map((count) => {
        const before = rotated(count, credentials)
        const wanted = assignments(count)
        return Math.min(...[1, 2, 3].map(() => cpuTime(() => setAllAt(before, wanted)).ms))
      }) as [number, number]
      expect(many).to.be.lessThan(8 * few + 20)
    }).timeout(60_000)
  }
})

describe('a definition on one line', () => {
  it('is edited in many places in time that grows with their number', () => {
    // Where each edit looked for the end of its line, twice the places took four times as long.
    const counts = [400, 1600]
    const [few, many] = counts.map((count) => {
      const at = Array.from({ length: count }, (_, i) => i)
      const text = JSON.stringify({
        values: Object.fromEntries(at.map((i) => [`p${i}`, { r: { inputs: 'i'.repeat(40) } }])),
      })
      const assignments = at.map((i) => ({ path: ['values', `p${i}`, 'r', 'state'], value: { current: 'new' } }))
      const read = decode('x', setAllAt(text, assignments))
      expect(data(getAt(read.node, ['values', `p${count - 1}`, 'r', 'state', 'current']))).to.equal('new')
      return Math.min(...[1, 2, 3].map(() => cpuTime(() => setAllAt(text, assignments)).ms))
    }) as [number, number]
    expect(many).to.be.lessThan(8 * few + 20)
  }).timeout(60_000)
})

function startsWith(path: PropertyPath, other: PropertyPath): boolean {
  return other.every((element, at) => path[at] === element)
}
