import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { type EvaluationHost, evaluateEnvironment, fromPlain, mapToJson } from '../../src/evaluate/index.ts'
import { formatJson, type Json } from '../../src/json.ts'
import { parseJson } from '../../src/read-json.ts'
import { secret } from '../../src/secret.ts'

const page = readFileSync(fileURLToPath(new URL('../../docs/language.md', import.meta.url)), 'utf8')

interface Example {
  readonly line: number
  readonly text: string
  /** Environments shown before it, by name. */
  readonly others: Readonly<Record<string, string>>
  json?: string
  diagnostics?: string
}

/** Every block of YAML without a name, with the outcome that is shown after it. */
function examples(): readonly Example[] {
  const found: Example[] = []
  let others: Record<string, string> = {}
  for (const match of page.matchAll(/^```(yaml|json|text)(?: (\S+))?\n(.*?)^```$/gms)) {
    const [, kind, name, text] = match
    const line = page.slice(0, match.index).split('\n').length
    const last = found.at(-1)
    if (kind === 'yaml' && name) others[name] = text!
    else if (kind === 'yaml') {
      found.push({ line, text: text!, others })
      others = {}
    } else if (last && kind === 'json') last.json = text!
    else if (last) last.diagnostics = text!
  }
  return found
}

function worldOf(files: Readonly<Record<string, string>>): EvaluationHost {
  return {
    load: async (name) => ({
      text: files[name]!,
      unlock: () => Promise.reject(new Error('nothing here is encrypted')),
    }),
    provider: async () => ({
      inputs: true,
      outputs: true,
      open: async () => fromPlain({ user: 'app', password: secret('pw') }),
    }),
    rotator: async () => ({
      inputs: true,
      state: true,
      outputs: true,
      open: async (_inputs, state) => ({ ...fromPlain({}), value: state ?? {} }),
      rotate: () => Promise.reject(new Error('opening does not rotate')),
    }),
  }
}

describe('docs/language.md', () => {
  const all = examples()

  it('has an example of every builtin', () => {
    for (const name of 'concat final fromBase64 fromJSON join open rotate secret split toBase64 toJSON toString toYAML validate'.split(
      ' ',
    ))
      expect(
        all.some(({ text, others }) => [text, ...Object.values(others)].some((yaml) => yaml.includes(`fn::${name}`))),
      ).to.equal(true, name)
  })

  for (const { line, text, others, json, diagnostics } of all)
    it(`the example at line ${line} comes out as shown`, async () => {
      expect(json ?? diagnostics).not.to.equal(undefined)
      const evaluation = await evaluateEnvironment(
        { name: 'app/dev', text, mode: 'open', unlock: () => Promise.reject(new Error('nothing here is encrypted')) },
        worldOf(others),
      )
      const shown = evaluation.diagnostics
        .map(({ range, summary }) => `${range!.begin.line}:${range!.begin.column}: ${summary}\n`)
        .sort()
      expect(shown.join('')).to.equal(diagnostics ?? '')
      const values = mapToJson(evaluation.environment!.properties!, { redact: true })
      if (json !== undefined)
        expect(formatJson(values, { sortKeys: true })).to.equal(formatJson(parseJson(json) as Json, { sortKeys: true }))
    })
})
