import { expect } from 'chai'
import fc from 'fast-check'
import { load } from 'js-yaml'
import { parse } from 'yaml'
import { yamlOf } from '../../src/evaluate/values/yaml-of-json.ts'
import type { Json } from '../../src/json.ts'
import { toYaml } from '../../src/operations/opening/yaml-format.ts'
import { skipWithout } from '../servers/binary.ts'
import { askPython, pythonWith } from '../servers/readers.ts'

/** Texts that a reader of YAML 1.1 or 1.2 has taken, or might take, for something else. */
const TEXTS = [
  ...[
    '1:30',
    '190:20:30',
    '-1:30',
    '190:20:30.15',
    '12:30:45',
    '0o17',
    '017',
    '08',
    '1_000',
    '685_230.15',
    '0b1',
    '0x_0A',
  ],
  ...[
    '1e3',
    '1.e3',
    '.5',
    '+1',
    '1.',
    '.',
    '-',
    '+',
    '_',
    '__1',
    'e1',
    '1e',
    '-.inf',
    '.NaN',
    '.INF',
    '+.inf',
    'Infinity',
  ],
  ...[
    'y',
    'Y',
    'n',
    'No',
    'on',
    'OFF',
    'True',
    'null',
    'Null',
    '~',
    '',
    '<<',
    '=',
    '!!str',
    '&a',
    '*a',
    '%a',
    '@a',
    '`a',
  ],
  ...['2024-01-01', '2024-01-01 10:00:00', '2001-12-14t21:59:43.10-05:00', '2024-1-1', '10.0.0.1', '1.2.3', '1,000'],
  ...['a\nb', 'a\nb\n', 'a\nb\n\n', '\na', '  a\nb', 'a\n  b', '\ta\nb', 'a\tb', '\ta', 'a\n\tb\n', '# a\nb', '---\nb'],
  ...[
    '--- a\nb',
    '...\nb',
    'a: b\nc',
    'a \nb',
    '\n',
    '\n\n',
    'a\r\nb',
    'a\rb',
    '- a',
    '? a',
    'a:',
    ': a',
    'a #b',
    '#a',
  ],
  ...[
    '\x7f',
    'a\x80',
    '\x85',
    'a\x85b\nc',
    '\x9f',
    '\xa0',
    '\u2028',
    'a\u2029b\nc',
    '\ufeff',
    '\ufeffa\nb',
    '\ufffe',
    'a\uffff',
  ],
  ...['\0', '\x07', '\x1b[31m', '\u200b', '\ue000', '🔑', '\u{1ffff}', 'a'.repeat(1100), `${'b'.repeat(1100)}: c`],
]
const PIECES = [
  ...'aey1 0.:-+_#\'"\\{[,&*!|>%@`?~=\t\n',
  '\n\n',
  '- ',
  ' #',
  '0x',
  'no',
  '<<',
  '---',
  '\x85',
  '\u2028',
  '\ufeff',
  '\r',
  'é',
  '🔑',
  '1:3',
]
const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((pieces) => pieces.join(''))
const data = fc.oneof(
  text,
  fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true }),
  fc.array(fc.oneof(text, fc.constant(null), fc.boolean()), { maxLength: 3 }),
  fc.record(
    { a: fc.record({ b: text, c: fc.array(fc.record({ d: text }), { maxLength: 2 }) }) },
    { noNullPrototype: true },
  ),
)

const SAMPLES: Json[] = [
  ...TEXTS,
  ...TEXTS.map((each) => ({ [each]: each })),
  { list: TEXTS, nested: { more: [TEXTS] } },
  ...fc.sample(data, 150),
]

const WRITERS: Readonly<Record<string, (data: Json) => string | Promise<string>>> = {
  '--format yaml': toYaml,
  'fn::toYAML': yamlOf,
}

for (const [title, write] of Object.entries(WRITERS)) {
  describe(title, function () {
    this.timeout(60_000)
    let printed: string[]
    before(async () => {
      printed = []
      for (const sample of SAMPLES) printed.push(await write(sample))
    })
    const agree = (read: (text: string, index: number) => unknown) => {
      for (const [index, sample] of SAMPLES.entries()) {
        const yaml = printed[index] as string
        expect(read(yaml, index), JSON.stringify([sample, yaml])).to.deep.equal(sample)
      }
    }

    it('is read back the same by a reader of YAML 1.2', () => agree((yaml) => parse(yaml)))

    it('is read back the same by the same reader in version 1.1', () =>
      agree((yaml) => parse(yaml, { version: '1.1' })))

    it('is read back the same by js-yaml', () => agree((yaml) => load(yaml)))

    it('as PyYAML reads it', function () {
      const python = pythonWith('yaml')
      skipWithout(this, python === undefined ? ['PyYAML'] : [], 'python3-yaml')
      const program = `import json, sys, yaml
print(json.dumps([yaml.safe_load(t) for t in json.load(sys.stdin)], default=str))`
      const read = askPython(python as string, program, printed) as unknown[]
      agree((_, index) => read[index])
    })
  })
}
