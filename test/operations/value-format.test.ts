import { expect } from 'chai'
import type { ExportedMap, ExportedValue } from '../../src/evaluate/index.ts'
import { JsonNumber } from '../../src/json.ts'
import { renderValue } from '../../src/operations/opening/render-value.ts'
import { formatAsText, variableLines, variablesOf } from '../../src/operations/opening/value-format.ts'
import { naturalOrder, toYaml } from '../../src/operations/opening/yaml-format.ts'

const trace = { def: { begin: { line: 0, column: 0, byte: 0 }, end: { line: 0, column: 0, byte: 0 } } }
const value = (content: ExportedValue['value'], extra: Partial<ExportedValue> = {}): ExportedValue => ({
  ...(content === undefined ? {} : { value: content }),
  trace,
  ...extra,
})
const map = (entries: Readonly<Record<string, ExportedValue>>): ExportedMap =>
  Object.assign(Object.create(null), entries)

const properties = map({
  string: value('hello, world!'),
  number: value(new JsonNumber('1.50')),
  nothing: value(undefined),
  yes: value(true),
  '10': value('ten'),
  '9': value('nine'),
  secret: value('s3cret', { secret: true }),
  unknown: value(undefined, { unknown: true }),
  list: value([value('a'), value(new JsonNumber('2'))]),
  environmentVariables: value(
    map({
      FOO: value('b"a$r\n'),
      EMPTY: value(undefined),
      LIST: value([]),
      KEY: value('s3cret', { secret: true }),
      'odd-name': value('x'),
    }),
  ),
  files: value(map({ CONFIG: value('content') })),
})
const everything = { redact: false, files: [] }

describe('renderValue', () => {
  it('json: keys sorted by bytes, numbers as written, unknown values marked', async () => {
    const json = await renderValue(properties, { ...everything, format: 'json' })
    expect(json.split('\n').slice(1, 4)).to.deep.equal([
      '  "10": "ten",',
      '  "9": "nine",',
      '  "environmentVariables": {',
    ])
    expect(json).to.include('"number": 1.50').and.include('"unknown": "[unknown]"').and.include('"nothing": null')
    expect(json).to.include('"secret": "s3cret"')
    expect(await renderValue(properties, { ...everything, format: 'json', redact: true })).to.not.include('s3cret')
  })

  it('json: one value, and null for a path to nothing', async () => {
    expect(await renderValue(properties, { ...everything, format: 'json', path: ['list', 1] })).to.equal('2\n')
    expect(await renderValue(properties, { ...everything, format: 'json', path: ['list', 'x'] })).to.equal('null\n')
    expect(await renderValue(properties, { ...everything, format: 'string', path: ['nope'] })).to.equal('\n')
  })

  it('string: containers as quoted parts', () => {
    const shown = formatAsText(value(map({ a: value('x"y'), b: value([value(true), value(undefined)]) })), {
      redact: false,
    })
    expect(shown).to.equal('"a"="x\\"y","b"="\\"true\\",\\"\\""')
  })

  it('detailed: the members of a node in a fixed order, those of an object sorted', async () => {
    const detailed = await renderValue(properties, { ...everything, format: 'detailed' })
    const parsed = JSON.parse(detailed)
    expect(parsed.value.secret).to.deep.equal({ value: 's3cret', secret: true, trace })
    expect(parsed.value.nothing).to.deep.equal({ trace })
    expect(detailed.indexOf('"10"')).to.be.lessThan(detailed.indexOf('"9"'))
    expect(detailed).to.match(
      /^\{\n {2}"value": \{\n {4}"10": \{\n {6}"value": "ten",\n {6}"trace": \{\n {8}"def": \{\n {10}"begin": \{\n/,
    )
  })

  it('dotenv, shell and posix: variables, then files', async () => {
    const files = [{ name: 'CONFIG', value: '/tmp/esc-1', secret: false }]
    expect(await renderValue(properties, { redact: false, files, format: 'dotenv' })).to.equal(
      'EMPTY=""\nFOO=\'b"a$r\n\'\nKEY="s3cret"\nodd-name="x"\nCONFIG="/tmp/esc-1"\n',
    )
    expect(await renderValue(properties, { redact: true, files, format: 'shell' })).to.include(
      'export KEY="[secret]"\n',
    )
    expect(await renderValue(properties, { redact: false, files, format: 'posix' })).to.equal(
      "export EMPTY=''\nexport FOO='b\"a$r\n'\nexport KEY='s3cret'\nexport CONFIG='/tmp/esc-1'\n",
    )
  })

  it('posix: quotes cannot end early', () => {
    expect(variableLines([{ name: 'A', value: "it's $(x) `y`", secret: false }], 'posix')).to.equal(
      "export A='it'\\''s $(x) `y`'\n",
    )
  })

  it('leaves out variables that are no scalars, and has none when there is no object', () => {
    expect(variablesOf(properties, 'environmentVariables', { redact: false }).map(({ name }) => name)).to.not.include(
      'LIST',
    )
    expect(
      variablesOf(map({ environmentVariables: value('x') }), 'environmentVariables', { redact: false }),
    ).to.deep.equal([])
    expect(variablesOf(map({}), 'files', { redact: false })).to.deep.equal([])
  })
})

describe('toYaml', () => {
  it('indents by three, quotes numbers and what would be read as something else', async () => {
    expect(
      await toYaml({
        b: [{ x: new JsonNumber('42') }, 'plain'],
        a: { yes: 'yes', no: null, t: true, text: 'two\nlines\n', empty: '' },
      }),
    ).to.equal(
      'a:\n   empty: ""\n   "no": null\n   t: true\n   text: |\n      two\n      lines\n   "yes": "yes"\nb:\n   - x: "42"\n   - plain\n',
    )
  })

  it('sorts naturally: digit runs as numbers', () => {
    const sorted = ['b', 'a10', 'a9', 'a', 'a_b', 'ab', 'a1b', 'a10b', 'B'].sort(naturalOrder)
    expect(sorted).to.deep.equal(['B', 'a', 'a_b', 'a1b', 'a9', 'a10', 'a10b', 'ab', 'b'])
  })
})
