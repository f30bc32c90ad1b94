/** A definition made to take for ever or to fill the memory, of at most 1 MB. */
export interface HostileDefinition {
  readonly title: string
  readonly text: string
  /** The environments it imports or refers to. */
  readonly files?: Readonly<Record<string, string>>
  /** What the last diagnostic says. Undefined: it evaluates. */
  readonly ends?: RegExp
  /** Tried with SLOW=1 only: a neighbour of one that is always tried. */
  readonly slow?: true
}

/** Letters a and b in an order that looks random. */
const unlikeItself = (length: number) => {
  let state = 1
  return many(length, () => {
    state = (state * 48_271) % 2_147_483_647
    return state % 2 === 0 ? 'a' : 'b'
  })
}
const range = (count: number) => Array.from({ length: count }, (_, i) => i)
const many = (count: number, item: (i: number) => string, between = '') => range(count).map(item).join(between)
const lines = (count: number, line: (i: number) => string) => `values:\n${many(count, (i) => `  ${line(i)}\n`)}`
const chain = (first: string, count: number, next: (before: string) => string) =>
  lines(count, (i) => (i === 0 ? `a0: ${first}` : `a${i}: ${next(`\${a${i - 1}}`)}`))
const validate = (schema: string, value: string, before = '') =>
  `values:\n${before}  checked: {fn::validate: {schema: ${schema}, value: ${value}}}\n`
const defs = (definitions: string, first = 'x') => `{$defs: {${definitions}}, $ref: "#/$defs/${first}"}`
const refTo = (name: string) => `{$ref: "#/$defs/${name}"}`
const nested = (depth: number, open: string, inner: string, close: string) =>
  open.repeat(depth) + inner + close.repeat(depth)
const files = (count: number, name: (i: number) => string, text: (i: number) => string) =>
  Object.fromEntries(range(count).map((i) => [name(i), text(i)]))

export const budget = /more than 50,000,000 steps|more than 400 MB/
const mistakes = /more than 10000 mistakes|only the first/
const tooLong = /the text is too long|million characters/

/** Schemas that refer to themselves, double, or compare much with much. */
const schemas: readonly HostileDefinition[] = [
  ...['anyOf', 'oneOf'].map((keyword) => ({
    title: `a schema of ${keyword} twice itself`,
    text: validate(defs(`x: {${keyword}: [${refTo('x')}, ${refTo('x')}]}`), '1'),
    ends: /subschema must match/,
  })),
  {
    title: 'two schemas that refer to each other',
    text: validate(
      defs(`x: {anyOf: [${refTo('y')}, {type: string}]}, y: {oneOf: [${refTo('x')}, ${refTo('y')}]}`),
      '1',
    ),
    ends: /subschema must match/,
  },
  {
    title: 'a schema that doubles forty times',
    text: validate(
      defs(
        `x0: {type: string}, ${many(40, (i) => `x${i + 1}: {anyOf: [${refTo(`x${i}`)}, ${refTo(`x${i}`)}]}`, ', ')}`,
        'x40',
      ),
      '1',
    ),
    ends: budget,
  },
  {
    title: 'a schema that doubles in each level of a list',
    text: validate(
      defs(`x: {anyOf: [{type: array, items: ${refTo('x')}}, {type: array, items: ${refTo('x')}}]}`),
      nested(100, '[', '1', ']'),
    ),
    ends: budget,
  },
  {
    title: 'a schema that doubles in each level of an object',
    text: validate(
      defs(`x: {oneOf: [{properties: {a: ${refTo('x')}}}, {properties: {a: ${refTo('x')}}}]}`),
      nested(200, '{a: ', '1', '}'),
    ),
    ends: budget,
    slow: true,
  },
  {
    title: 'a schema that doubles, against the type of what is not known',
    text: validate(
      defs(`x: {anyOf: [{type: array, items: ${refTo('x')}}, {type: array, items: ${refTo('x')}}]}`),
      '"${opened}"',
      '  opened: {fn::open::recursive: [[[1]]]}\n',
    ),
    ends: /more than|subschema must match/,
  },
  {
    title: 'a schema that is doubled by references',
    text: `${chain('{type: string}', 41, (before) => `{anyOf: ["${before}", "${before}"]}`)}  a: {fn::validate: {schema: "\${a18}", value: 1}}\n`,
    ends: budget,
  },
  {
    title: 'a list of 5,000 against 5,000 alternatives',
    text: validate(`{type: array, items: {anyOf: [${'{type: string},'.repeat(5000)}true]}}`, `[${'1,'.repeat(5000)}1]`),
    ends: budget,
    slow: true,
  },
  {
    title: 'a list of 10,000 against an enum of 10,000',
    text: validate(
      `{type: array, items: {enum: [${many(10_000, (i) => `${i + 2}`, ',')}]}}`,
      `[${'1,'.repeat(10_000)}1]`,
    ),
    ends: budget,
    slow: true,
  },
  {
    title: 'a long constant that is quoted in 20,000 mistakes',
    text: validate(
      '{type: array, items: {const: "${t}"}}',
      `[${'a,'.repeat(20_000)}1]`,
      `  t: "${'x'.repeat(500_000)}"\n`,
    ),
    ends: budget,
  },
  {
    title: '100,000 required properties of 30,000 objects',
    text: validate(
      '{type: array, items: {required: "${r}"}}',
      `[${'{},'.repeat(30_000)}{}]`,
      `  r: [${many(100_000, (i) => `k${i}`, ',')}]\n`,
    ),
    ends: budget,
    slow: true,
  },
]

/** Regular expressions. */
const patterns: readonly HostileDefinition[] = [
  {
    title: 'a pattern of nested repetitions against a long text',
    text: validate('{pattern: "(a?){1000}(a*)*b"}', '"${t}"', `  t: "${'a'.repeat(300_000)}"\n`),
    ends: budget,
  },
  {
    title: 'a pattern of nested repetitions of nothing',
    text: validate('{pattern: "((((((){1000}){1000}){1000}){1000}){1000}){1000}"}', 'x'),
    ends: /expression too large/,
  },
  {
    title: '10,000 patterns against a long text',
    text: validate(
      `{anyOf: [${'{pattern: a*b},'.repeat(10_000)}{type: "null"}]}`,
      '"${t}"',
      `  t: "${'a'.repeat(300_000)}"\n`,
    ),
    ends: budget,
    slow: true,
  },
  {
    title: 'a pattern of many Unicode classes',
    text: validate(`{pattern: "(?i)(${'[^\\\\pL]|'.repeat(900)}b)"}`, '"${t}"', `  t: "${'é'.repeat(100_000)}"\n`),
    // The library makes one class of them, so this is no work at all.
    ends: /string must match the pattern/,
    slow: true,
  },
  {
    title: 'patterns of ranges whose cases are folded one by one',
    text: `values:\n${many(200, (i) => `  v${i}: {fn::validate: {schema: {pattern: '(?i)${'[B-\\x{1E942}]'.repeat(100)}'}, value: x}}\n`)}`,
    ends: budget,
  },
  {
    title: 'a pattern whose search goes through a state for each character',
    text: validate('{pattern: "[ab]*a[ab]{900}[cd]"}', '"${t}"', `  t: "${unlikeItself(300_000)}"\n`),
    ends: budget,
  },
  {
    title: 'a list of texts whose searches go through many states of a large pattern',
    text: validate(
      `{items: {anyOf: [${many(40, (i) => `{pattern: '[ab]*a[ab]{30}\\pL{${i + 1}}[0-9]'}`, ', ')}]}}`,
      `[${many(700, (i) => unlikeItself(600 + i), ', ')}]`,
    ),
    ends: budget,
  },
]

/** Texts and lists that grow. */
const growth: readonly HostileDefinition[] = [
  {
    title: 'thirty fn::split of 1 MB',
    text: `values:\n  t: "${'a'.repeat(900_000)}"\n${many(30, (i) => `  s${i}: {fn::split: ["", "\${t}"]}\n`)}`,
    ends: budget,
  },
  {
    title: 'a thousand fn::split that nothing keeps',
    text: `values:\n  t: "${'a,'.repeat(450_000)}"\n${many(1000, (i) => `  s${i}: {fn::toString: {fn::split: [",", "\${t}"]}}\n`)}`,
    ends: budget,
    slow: true,
  },
  { title: 'texts that double', text: chain('x', 60, (before) => `"${before}${before}"`), ends: tooLong },
  { title: 'lists that double', text: chain('x', 60, (before) => `["${before}", "${before}"]`), ends: /too large/ },
  {
    title: 'objects that double, as JSON many times',
    text: `${chain('x', 21, (before) => `{l: "${before}", r: "${before}"}`)}${many(600, (i) => `  j${i}: {fn::toJSON: "\${a20}"}\n`)}`,
    ends: budget,
    slow: true,
  },
  {
    title: 'fn::join that doubles',
    text: chain('x', 60, (before) => `{fn::join: ["${before}", ["${before}", "${before}"]]}`),
    ends: tooLong,
  },
  {
    title: 'fn::concat that doubles',
    text: chain('[x]', 60, (before) => `{fn::concat: ["${before}", "${before}"]}`),
    ends: /too large|more than/,
  },
  { title: 'fn::toJSON of fn::toJSON', text: chain(`'"'`, 60, (before) => `{fn::toJSON: "${before}"}`), ends: tooLong },
  {
    title: 'fn::toBase64 of fn::toBase64',
    text: chain('x', 120, (before) => `{fn::toBase64: "${before}xxxx"}`),
    ends: tooLong,
  },
  {
    title: 'a delimiter of 400 KB between 400,000 texts',
    text: `values: {t: "${'x'.repeat(400_000)}", l: {fn::split: ["", "\${t}"]}, j: {fn::join: ["\${t}", "\${l}"]}}`,
    ends: tooLong,
  },
  {
    title: 'quotation marks that double in each level of a list',
    text: `values: {a: {fn::toString: ${nested(450, '[', '"\\""', ']')}}}`,
    ends: budget,
  },
  {
    title: 'indentation of deep lists as YAML',
    text: `values: {a: {fn::toYAML: ${nested(400, '[', 'x,'.repeat(300_000), ']')}}}`,
    ends: budget,
    slow: true,
  },
  {
    title: '70,000 texts of 800 KB',
    text: `values:\n  t: "${'x'.repeat(100_000)}"\n${many(9000, (i) => `  k${i}: "${'${t}'.repeat(8)}"\n`)}`,
    ends: budget,
  },
  {
    title: 'one text of 200 KB in 50,000 places',
    text: `values:\n  t: "${'x'.repeat(200_000)}"\n${many(50_000, (i) => `  k${i}: \${t}\n`)}`,
    ends: /million characters/,
  },
  {
    title: 'one JSON text of 900 KB read a thousand times',
    text: `values:\n  t: '[${'1,'.repeat(450_000)}1]'\n${many(1000, (i) => `  s${i}: {fn::fromJSON: "\${t}"}\n`)}`,
    ends: budget,
  },
  {
    title: 'bytes that are not UTF-8, decoded a hundred times',
    text: `values:\n  t: "${'/'.repeat(900_000)}"\n${many(100, (i) => `  s${i}: {fn::fromBase64: "\${t}"}\n`)}`,
    ends: budget,
    slow: true,
  },
]

/** Depth, circles and mistakes. */
const depth: readonly HostileDefinition[] = [
  {
    title: 'JSON text that is nested deeply',
    text: `values: {a: {fn::fromJSON: "${nested(900, '[', '', ']')}"}}`,
    ends: /levels deep/,
  },
  { title: 'a circle in each of 40,000 lists', text: lines(40_000, (i) => `k${i}: ["\${k${i}}"]`), ends: mistakes },
  { title: '60,000 mistakes', text: lines(60_000, (i) => `k${i}: \${l}`), ends: mistakes },
  {
    title: '60,000 mistakes beneath a very long key',
    text: `values:\n  ? "${'k'.repeat(300_000)}"\n  :\n${'    - ${l}\n'.repeat(60_000)}`,
    ends: budget,
  },
  { title: '200,000 mistakes in one text', text: `values:\n  a: x${'${c}'.repeat(200_000)}\n`, ends: mistakes },
  { title: '300,000 aliases', text: `values: {z: &a 1, l: [${'*a,'.repeat(300_000)}]}`, ends: mistakes },
  { title: '150,000 keys that are numbers', text: `values: {${'1: 1,'.repeat(150_000)}}`, ends: mistakes, slow: true },
  { title: '150,000 equal keys', text: `values: {${'a: 1,'.repeat(150_000)}}`, ends: mistakes, slow: true },
  {
    title: 'mistakes in a text of combining characters',
    text: `values:\n  a: e${'\u0301'.repeat(200_000)} ${'${x}'.repeat(100_000)}\n`,
    ends: mistakes,
  },
  {
    title: 'a reference of 200,000 subscripts',
    text: `values:\n  b: 1\n  a: 'x\${b${'[0]'.repeat(200_000)}}'\n`,
    ends: /must be an array or an object/,
  },
  {
    title: 'a number of 900,000 digits',
    text: `values: {a: {fn::validate: {schema: {multipleOf: 3}, value: {fn::fromJSON: "${'9'.repeat(900_000)}"}}}}`,
  },
  {
    title: 'an unknown field of 900 KB',
    text: `? ${'x'.repeat(900_000)}\n: 1\nvalues: {a: 1}`,
    ends: /does not exist/,
  },
  { title: 'text that opens a million braces', text: '{'.repeat(1_000_000), ends: /max depth/ },
  { title: 'a million blank lines in a text', text: `values: {a: "${'a\n\n  '.repeat(190_000)}"}` },
  { title: '300,000 empty lists', text: `values: {a: [${'[],'.repeat(300_000)}]}` },
  {
    title: '100,000 environment variables',
    text: `values:\n  environmentVariables:\n${many(60_000, (i) => `    A${i}: 1\n`)}`,
    slow: true,
  },
]

/** Environments that import one another, or call much. */
const environments: readonly HostileDefinition[] = [
  ...[9, 20, 60].map((levels) => ({
    title: `imports in the shape of diamonds, ${levels} levels of them`,
    text: 'imports: [d0a, d0b]\nvalues: {x: 1}',
    files: Object.fromEntries(
      range(levels).flatMap((i) =>
        ['a', 'b'].map((side) => [
          `d${i}${side}`,
          `${i + 1 < levels ? `imports: [d${i + 1}a, d${i + 1}b]\n` : ''}values: {k${i}${side}: {v: ${i}}, s: {t: {u: {v: {w: ${i}}}}}}`,
        ]),
      ),
    ),
    ends: /on top of one another/,
  })),
  {
    title: 'one import a hundred thousand times',
    text: `imports: [${'e,'.repeat(100_000)}e]`,
    files: { e: lines(2000, (i) => `k${i}: {a: {b: {c: {d: ${i}}}}}`) },
    ends: mistakes,
  },
  {
    title: '900 imports of 80 keys that are all looked up 20,000 times',
    text: `imports: [${many(900, (i) => `e${i}`, ',')}]\nvalues:\n  zz: {w: 1}\n${many(20_000, (i) => `  r${i}: \${zz.v0}\n`)}`,
    files: files(
      900,
      (i) => `e${i}`,
      (i) => `values: {k${i}: 1, zz: {v${i}: 1}}`,
    ),
    ends: budget,
  },
  {
    title: 'imports in a circle',
    text: 'imports: [a]',
    files: { a: 'imports: [b]', b: 'imports: [a, root]' },
    ends: /cyclic import/,
  },
  {
    title: '30,000 final values that are overridden',
    text: `imports: [e]\n${lines(30_000, (i) => `k${i}: 2`)}`,
    files: { e: lines(30_000, (i) => `k${i}: {fn::final: 1}`) },
    ends: mistakes,
    slow: true,
  },
  {
    title: 'environments that double inline',
    text: 'values: {a: "${environments.p.e0.a}"}',
    files: files(
      24,
      (i) => `p/e${i}`,
      (i) => `values: {a: "\${environments.p.e${i + 1}.a}\${environments.p.e${i + 1}.a}"}`,
    ),
    ends: /no environment|levels deep/,
  },
  {
    title: 'five thousand opens, each of what the one before came to',
    text: lines(5000, (i) => `k${i}: {fn::open::echo: {a: ${i === 0 ? 1 : `"\${k${i - 1}.a}"`}}}`),
    ends: budget,
    slow: true,
  },
  {
    title: 'five thousand opens of one text of 500 KB',
    text: `values:\n  t: "${'x'.repeat(500_000)}"\n${many(5000, (i) => `  k${i}: {fn::open::echo: {a: "\${t}", b: "\${t}x"}}\n`)}`,
    ends: budget,
  },
]

export const hostileDefinitions: readonly HostileDefinition[] = [
  ...schemas,
  ...patterns,
  ...growth,
  ...depth,
  ...environments,
]
