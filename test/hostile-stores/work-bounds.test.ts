import { expect } from 'chai'
import { sample } from '../sample.ts'
import { limitMs } from './outcome.ts'
import { expectQuiet, plant, sceneOf } from './scene.ts'

const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth)
const doubled = (count: number, start: string, twice: (name: string) => string) =>
  `values:\n  v0: ${start}\n${Array.from({ length: count }, (_, index) => `  v${index + 1}: ${twice(`v${index}`)}\n`).join('')}`

/** Definitions that are cheap to write and dear to evaluate. */
const definitions: Readonly<Record<string, string>> = {
  'a schema that refers to itself':
    'values:\n  a:\n    fn::validate:\n      schema: {$defs: {x: {$ref: "#/$defs/x"}}, $ref: "#/$defs/x"}\n      value: 1\n',
  'a schema that branches into itself':
    'values:\n  a:\n    fn::validate:\n      schema: {$defs: {x: {anyOf: [{$ref: "#/$defs/x"}, {$ref: "#/$defs/x"}]}}, $ref: "#/$defs/x"}\n      value: 1\n',
  'two schemas that refer to each other':
    'values:\n  a:\n    fn::validate:\n      schema: {$defs: {x: {items: {$ref: "#/$defs/y"}, anyOf: [{$ref: "#/$defs/y"}]}, y: {oneOf: [{$ref: "#/$defs/x"}]}}, $ref: "#/$defs/x"}\n      value: [[[[[]]]]]\n',
  'a pattern that backtracks': `values:\n  a:\n    fn::validate:\n      schema: {type: string, pattern: "^(a+)+$"}\n      value: ${'a'.repeat(40)}b\n`,
  'texts that double': doubled(40, 'xxxxxxxxxx', (name) => `\${${name}}\${${name}}`),
  'lists that double': doubled(40, '[1]', (name) => `{fn::concat: ["\${${name}}", "\${${name}}"]}`),
  'objects that double': doubled(40, '{a: 1}', (name) => `{a: "\${${name}}", b: "\${${name}}"}`),
  'JSON of JSON': doubled(40, '"\\""', (name) => `{fn::toJSON: {fn::toJSON: "\${${name}}"}}`),
  'YAML of texts that double': doubled(30, 'x', (name) => `{fn::toYAML: ["\${${name}}", "\${${name}}"]}`),
  'many splits of a long text': `values:\n  long: ${'x'.repeat(1_000_000)}\n${Array.from({ length: 30 }, (_, index) => `  s${index}: {fn::split: ["", "\${long}"]}\n`).join('')}`,
  'many encodings of a long text': `values:\n  long: ${'x'.repeat(1_000_000)}\n${Array.from({ length: 100 }, (_, index) => `  s${index}: {fn::toBase64: "\${long}"}\n`).join('')}`,
  'many copies of a long secret in variables': `values:\n  long: ${'x'.repeat(1_000_000)}\n  environmentVariables:\n${Array.from({ length: 100 }, (_, index) => `    S${index}: "\${long}\${long}"\n`).join('')}`,
  'joins of joins': doubled(40, 'x', (name) => `{fn::join: [",", ["\${${name}}", "\${${name}}"]]}`),
  'deep lists': `values:\n  a: ${nested(50_000, '[', ']')}\n`,
  'deep functions': `values:\n  a: ${'{fn::toString: '.repeat(20_000)}1${'}'.repeat(20_000)}\n`,
  'deep JSON': `values:\n  a: {fn::fromJSON: '${nested(100_000, '[', ']')}'}\n`,
  'YAML aliases': `values:\n  a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, index) => `  a${index + 1}: &a${index + 1} [*a${index}, *a${index}]\n`).join('')}`,
  'many references in a ring': `values:\n${Array.from({ length: 3000 }, (_, index) => `  r${index}: \${r${(index + 1) % 3000}}\n`).join('')}`,
  'a long chain of references': `values:\n  r0: 1\n${Array.from({ length: 20_000 }, (_, index) => `  r${index + 1}: \${r${index}}\n`).join('')}`,
  'a very long path': `values:\n  a: \${${Array.from({ length: 50_000 }, () => 'b').join('.')}}\n`,
  'many keys that are alike': `values:\n${Array.from({ length: 50_000 }, (_, index) => `  k${index}: \${k${index}x}\n`).join('')}`,
}

describe('a definition that asks for ruinous work', function () {
  this.timeout(300_000)
  const scene = sceneOf(async (victim) => {
    await victim.okWith('values:\n  region: eu\n', 'env', 'init', 'app/dev', '--file', '-')
  })

  it('ends in time with a value or a diagnostic, without exhausting memory', async () => {
    const titles = sample(Object.keys(definitions), 4)
    const readers = await scene.current().readers((attacker) => {
      for (const [index, title] of titles.entries()) plant(attacker, `evil/e${index}`, definitions[title]!)
    })
    const { checkout } = readers.find(({ pulled, hasKey }) => !pulled && !hasKey)!
    const failures: string[] = []
    for (const [index, title] of titles.entries()) {
      for (const words of [['open', `evil/e${index}`]]) {
        const started = Date.now()
        const { code, out, err, hung } = await checkout.machine.program(checkout.folder, words)
        const what = `${title}: ${words[0]} ${words[1]}`
        if (hung) failures.push(`${what} takes longer than ${limitMs} ms`)
        else if (code !== 0 && code !== 1) failures.push(`${what} ends with ${code}: ${err.slice(0, 300)}`)
        else if (/heap|Maximum call stack|RangeError|TypeError/.test(err))
          failures.push(`${what} says ${err.slice(0, 300)}`)
        else if (out.length > 100_000_000)
          failures.push(`${what} prints ${out.length} bytes after ${Date.now() - started} ms`)
      }
    }
    expect(failures, failures.join('\n')).to.deep.equal([])
  })

  it('does not add up over imports', async () => {
    const readers = await scene.current().readers((attacker) => {
      const levels = 12
      for (let level = 0; level < levels; level++) {
        for (const side of ['a', 'b']) {
          const imports = level === levels - 1 ? '' : `imports: [evil/a${level + 1}, evil/b${level + 1}]\n`
          plant(attacker, `evil/${side}${level}`, `${imports}values:\n  ${side}${level}: \${b${level + 1}} x\n`)
        }
      }
      plant(attacker, 'evil/self', 'imports: [evil/self]\nvalues: {}\n')
      plant(
        attacker,
        'evil/many',
        `imports: [${Array.from({ length: 2000 }, (_, index) => `evil/none${index}`).join(', ')}]\nvalues: {}\n`,
      )
    })
    const { checkout } = readers[1]!
    const names = ['evil/a0', 'evil/self', 'evil/many']
    const commands = [
      ['check'],
      ...names.flatMap((name) => [
        ['open', name],
        ['env', 'graph', name],
      ]),
    ]
    for (const words of sample(commands, 3)) {
      expectQuiet(await checkout.machine.program(checkout.folder, words), words.join(' '))
    }
  })
})
