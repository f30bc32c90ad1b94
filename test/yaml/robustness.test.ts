import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { decode, deleteAt, getAt, maxDepth, replaceNodes, setAt } from '../../src/yaml/index.ts'
import { cpuTime, expectWithin } from '../cpu-time.ts'
import { sample, slow, timer } from '../sample.ts'
import { definitions, mutations } from './definitions.ts'

describe('a definition that is nested too deeply', () => {
  const shapes: Record<string, (levels: number) => string> = {
    'flow sequences': (levels) => '['.repeat(levels) + ']'.repeat(levels),
    'flow mappings': (levels) => '{a: '.repeat(levels) + '}'.repeat(levels),
    'unclosed brackets': (levels) => '['.repeat(levels),
    'compact sequences': (levels) => '- '.repeat(levels) + 'x',
    'explicit keys': (levels) => '? '.repeat(levels) + 'x',
    'block mappings': (levels) => Array.from({ length: levels }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
  }
  for (const [shape, make] of Object.entries(shapes)) {
    it(`gets a diagnostic when it is ${shape} ten thousand levels deep`, () => {
      const { result, ms } = cpuTime(() => decode('env', make(10_000)))
      expect(result.diagnostics[0]?.summary).to.match(
        new RegExp(`^yaml: (line \\d+: )?exceeded max depth of ${maxDepth}$`),
      )
      expectWithin(1000, ms)
      expect(() => setAt(make(10_000), ['a'], 1)).to.throw(EscError)
    })
    it(`decodes when it is ${shape} a hundred levels deep`, () => {
      expect(() => decode('env', make(100))).to.not.throw()
    })
  }
})

describe('a definition of ten megabytes', () => {
  it('decodes whatever its shape', function () {
    this.timeout(60_000)
    const block =
      'values:\n' + Array.from({ length: 250_000 }, (_, i) => `  key${i}: some value with text ${i}\n`).join('')
    const flow = `{${Array.from({ length: 400_000 }, (_, i) => `key${i}: "välue ${i}"`).join(', ')}}\n`
    const scalar = `a: "${'x y\\n'.repeat(2_000_000)}"\n`
    const plain = `a:${' word'.repeat(2_000_000)}\n`
    const spaces = `a: ${' \n'.repeat(5_000_000)}b\n`
    const brackets = '[,'.repeat(5_000_000)
    for (const text of sample([block, flow, scalar, plain, spaces, brackets], 2)) {
      const { result, ms } = cpuTime(() => decode('env', text))
      expectWithin(8000, ms, text.slice(0, 20))
      if (text === block || text === flow) expect(result.failed).to.equal(false)
    }
  })
})

describe('an alias bomb', () => {
  it('is refused without being expanded', () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`,
    )
    const { result, ms } = cpuTime(() => decode('env', ['a0: &a0 lol', ...levels].join('\n')))
    expect(result.failed).to.equal(true)
    expect(result.diagnostics[0]?.summary).to.equal('alias nodes are not supported')
    expectWithin(500, ms)
  })
})

describe('keys named like members of an object', () => {
  it('are ordinary keys, and pollute nothing', () => {
    const text = '__proto__:\n  polluted: yes\nconstructor:\n  prototype: {polluted: 1}\ntoString: x\n'
    expect(getAt(decode('env', text).node, ['__proto__', 'polluted'])).to.include({ value: 'yes' })
    const edited = setAt(setAt(text, ['__proto__', 'polluted'], 'changed'), ['constructor', 'prototype', 'more'], true)
    expect(edited).to.include('polluted: changed').and.include('more: true')
    expect(deleteAt(text, ['valueOf'])).to.equal(text)
    expect(getAt(decode('env', 'a: 1').node, ['__proto__'])).to.equal(undefined)
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined)
  })
})

describe('reading and writing nothing', () => {
  // Those in this repository, and others where a developer has them beside the clone.
  const folders = ['test/language/cases', '../shared/conformance'].filter((folder) => existsSync(folder))

  it('gives back the same bytes, for every definition and its variants', () => {
    let seen = 0
    for (const text of [...definitions, ...folders.flatMap(recordedTexts)]) {
      for (const variant of variantsOf(text)) {
        seen++
        const { node, failed } = decode('env', variant)
        expect(replaceNodes(variant, [])).to.equal(variant)
        if (failed || node === undefined) continue
        // Setting what is there already touches nothing.
        for (const [path, value] of leaves(variant)) expect(setAt(variant, path, value)).to.equal(variant)
      }
    }
    expect(seen).to.be.greaterThan(350)
  }).timeout(120_000)
})

function recordedTexts(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return entry.name === 'bench' ? [] : recordedTexts(path)
    return entry.name.endsWith('.yaml') ? [readFileSync(path, 'utf8')] : []
  })
}

function variantsOf(text: string): string[] {
  const lf = text.replaceAll('\r\n', '\n')
  const tabs = lf.replace(/ #/g, '\t#').replace(/: (?=\S)/g, ':\t')
  return [text, lf.replaceAll('\n', '\r\n'), `\ufeff${text}`, lf.replace(/\s+$/, ''), tabs]
}

/** A few scalars of a definition, with their values as data. */
function leaves(text: string): [path: (string | number)[], value: string | boolean | null][] {
  const found: [(string | number)[], string | boolean | null][] = []
  const visit = (node: ReturnType<typeof decode>['node'], path: (string | number)[]): void => {
    if (found.length >= 5 || node === undefined) return
    if (node.kind === 'array') for (const [index, element] of node.elements.entries()) visit(element, [...path, index])
    else if (node.kind === 'object') {
      const names = node.entries.map(({ key }) => key.value)
      if (new Set(names).size !== names.length) return
      for (const { key, value } of node.entries) visit(value, [...path, key.value])
    } else if (node.kind === 'string' || node.kind === 'boolean') found.push([path, node.value])
    else if (node.kind === 'null') found.push([path, null])
  }
  visit(decode('env', text).node, [])
  return found
}

describe('mutated definitions', () => {
  const inputs = slow ? 200_000 : 3_000

  it(`neither crash nor hang the decoder (up to ${inputs} inputs)`, () => {
    let slowest = 0
    const over = timer()
    for (const text of mutations(inputs, 20261120)) {
      if (over()) break
      const { ms } = cpuTime(() => decode('env', text))
      slowest = Math.max(slowest, ms)
    }
    expectWithin(1000, slowest)
  }).timeout(600_000)

  it('are edited as asked or refused with a reason', () => {
    let edited = 0
    for (const text of mutations(inputs / 10, 7)) {
      try {
        edited += setAt(text, ['values', 'new key'], { a: ['x', 1, 'two\nlines\n'] }) === text ? 0 : 1
        edited += deleteAt(text, ['values']) === text ? 0 : 1
      } catch (error) {
        expect(error, JSON.stringify(text)).to.be.instanceOf(EscError)
      }
    }
    expect(edited).to.be.greaterThan(inputs / 100)
  }).timeout(600_000)
})
