import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect } from 'chai'
import { parse } from 'dotenv'
import fc from 'fast-check'
import { readDotenv } from '../../src/operations/definitions/import/dotenv.ts'
import { type DotenvReader, dotenvText } from '../../src/operations/opening/dotenv-format.ts'
import { variableLines } from '../../src/operations/opening/value-format.ts'
import { findBinary, skipWithout } from '../servers/binary.ts'
import { askPython, pythonWith } from '../servers/readers.ts'

type Pair = readonly [value: string | undefined, next: string | undefined]

const PIECES = [
  ...'aZ1 \t\n\'"\\$`#=!%{}~*;&|<>()[]?^-',
  ...[
    '\\n',
    '\\\\',
    '\\x41',
    '$A',
    '${A}',
    '${A:-b}',
    '$(echo x)',
    '`id`',
    ' # ',
    '\r',
    '\r\n',
    'A=b',
    'export ',
    "''",
  ],
  ...['é', '🔑', '\u0085', '\u2028', '\ufeff', '\x01', '\x1b', '\x7f', '\u00a0', '\u3000'],
]
const value = fc.array(fc.constantFrom(...PIECES), { maxLength: 5 }).map((pieces) => pieces.join(''))
/** What the issue of the day was, and what passwords and paths are like. */
const KNOWN = [
  '',
  ' a ',
  "it's",
  '"a"',
  'C:\\dir\\',
  'pa$$word',
  '{"a": "b"}',
  '#fff',
  'a#b',
  'a\nb\n',
  '\n',
  "\n'",
  'x`id`',
  "it's $(id)",
  '%s',
  '\\',
]
const VALUES = [...KNOWN, ...fc.sample(value, 150)]
const lines = (text: string) =>
  variableLines(
    [
      { name: 'A', value: text, secret: false },
      { name: 'Z', value: 'z', secret: false },
    ],
    'dotenv',
  )

/**
 * Each value comes back, and what stands behind it, unless we say that this reader takes it for
 * another: then it mostly does.
 */
function agree(reader: DotenvReader, read: (values: readonly string[]) => readonly Pair[]): void {
  const pairs = read(VALUES)
  let needless = 0
  for (const [index, text] of VALUES.entries()) {
    const right = pairs[index]?.[0] === text && pairs[index]?.[1] === 'z'
    const says = dotenvText(text)
    const isMisread = says.misread.includes(reader)
    expect(right || isMisread, `${JSON.stringify(text)} as ${says.text} => ${JSON.stringify(pairs[index])}`).to.equal(
      true,
    )
    if (right && isMisread) needless++
  }
  // Releases of python-dotenv differ about a backslash at the end.
  expect(needless).to.be.below(VALUES.length / 10)
}

describe('a .env file that we print', function () {
  this.timeout(60_000)
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'esc-dotenv-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))
  const files = (values: readonly string[]) =>
    values.map((text, index) => {
      const file = join(folder, `${index}.env`)
      writeFileSync(file, lines(text))
      return file
    })

  it('is read back by esc import dotenv, whatever it holds', () => {
    for (const text of VALUES) {
      const { entries } = readDotenv(lines(text))
      const read = new Map(entries.map(({ key, value }) => [key, value.kind === 'scalar' ? value.value : undefined]))
      expect([read.get('A'), read.get('Z')], JSON.stringify(text)).to.deep.equal([text, 'z'])
    }
  })

  it('as npm dotenv reads it', () => {
    agree('npm dotenv', (values) => values.map((text) => [parse(lines(text)).A, parse(lines(text)).Z]))
  })

  it('as node --env-file reads it', () => {
    agree('node --env-file', (values) =>
      values.map((text) => {
        const { A, Z } = parseEnv(lines(text))
        return [A, Z]
      }),
    )
    const file = join(folder, 'node.env')
    writeFileSync(file, lines('a\n#"$x\'s'.replaceAll("'s", '')))
    const shown = execFileSync(process.execPath, [`--env-file=${file}`, '-p', 'JSON.stringify(process.env.A)'], {
      env: { PATH: process.env.PATH },
    })
    expect(JSON.parse(shown.toString())).to.equal('a\n#"$x')
  })

  it('as bash reads it, which never runs a part of it', () => {
    agree('bash', (values) => {
      const script = 'for f; do A=; Z=; . "$f"; printf "%s\\0%s\\0" "$A" "$Z"; done'
      const out = execFileSync('bash', ['-c', script, 'bash', ...files(values)], { maxBuffer: 1 << 28 }).toString()
      const texts = out.split('\0')
      return values.map((_, index) => [texts[2 * index], texts[2 * index + 1]])
    })
    const trap = join(folder, 'trap')
    for (const text of [
      `$(touch ${trap})`,
      `\`touch ${trap}\``,
      `it's $(touch ${trap})`,
      `'"\`touch ${trap}\`"`,
      `\\$(touch ${trap})'`,
    ]) {
      const [file] = files([text])
      execFileSync('bash', ['-c', '. "$1"', 'bash', file as string])
      expect(findBinary('true') !== undefined && readable(trap), text).to.equal(false)
    }
  })

  it('as python-dotenv reads it', function () {
    const python = pythonWith('dotenv')
    skipWithout(this, python === undefined ? ['python-dotenv'] : [], 'python3-dotenv')
    const program = `import json, sys, logging, dotenv
logging.disable(logging.CRITICAL)
print(json.dumps([[(d := dotenv.dotenv_values(f)).get("A"), d.get("Z")] for f in json.load(sys.stdin)]))`
    agree('python-dotenv', (values) => askPython(python as string, program, files(values)) as Pair[])
  })

  it('as dotenvx reads it', function () {
    const dotenvx = findBinary('dotenvx')
    skipWithout(this, dotenvx === undefined ? ['dotenvx'] : [], 'npm, then: npm install @dotenvx/dotenvx')
    // Starting it takes long, so all values are in one file. Two that end with a backslash would be
    // one too many for it.
    const held = VALUES.filter((text) => !dotenvText(text).misread.includes('dotenvx') && !/\\$/.test(text))
    const file = join(folder, 'all.env')
    const out = join(folder, 'out.json')
    writeFileSync(
      file,
      variableLines(
        [...held, 'C:\\dir\\'].map((text, index) => ({ name: `V${index}`, value: text, secret: false })),
        'dotenv',
      ),
    )
    const script = `require('fs').writeFileSync(${JSON.stringify(out)}, JSON.stringify(process.env))`
    execFileSync(dotenvx as string, ['run', '--quiet', '-f', file, '--', process.execPath, '-e', script], {
      env: { PATH: process.env.PATH, HOME: folder },
      stdio: 'ignore',
    })
    const read = JSON.parse(readFileSync(out, 'utf8'))
    for (const [index, text] of [...held, 'C:\\dir\\'].entries())
      expect(read[`V${index}`], `${JSON.stringify(text)} as ${dotenvText(text).text}`).to.equal(text)
  })
})

function readable(file: string): boolean {
  try {
    readFileSync(file)
    return true
  } catch {
    return false
  }
}
