import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { EscError } from '../../../src/errors.ts'
import { evaluateEnvironment, mapToJson } from '../../../src/evaluate/index.ts'
import { formatJson } from '../../../src/json.ts'
import { reservedKeys } from '../../../src/language/index.ts'
import { type Analysis, parsedAnalysis } from '../../../src/operations/editing/analysis.ts'
import { offersAt } from '../../../src/operations/editing/completion.ts'
import { definitionTargets } from '../../../src/operations/editing/definition-target.ts'
import { encryptableAt, encryptionEdits } from '../../../src/operations/editing/encrypt-value.ts'
import { factsAt } from '../../../src/operations/editing/hover.ts'
import { type DocumentEdit, renamableAt, renameKey } from '../../../src/operations/editing/rename-key.ts'
import { decode, type Node } from '../../../src/yaml/index.ts'
import { decrypt, executionContext, fakeWorld } from '../../conformance/fakes.ts'
import { sample, slow } from '../../sample.ts'

const recorded = fileURLToPath(new URL('../../language/cases/eval-fuzz.jsonl', import.meta.url))
const texts = readFileSync(recorded, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => (JSON.parse(line) as { files: Record<string, string> }).files['env.yaml']!)

/** Nothing but the text: an import is an environment that is not there. */
const world = fakeWorld(() => {
  throw new Error('not found')
})

async function analyze(text: string): Promise<Analysis> {
  const request = {
    name: 'app/x',
    text,
    mode: 'check',
    unlock: async () => decrypt,
    context: executionContext,
  } as const
  const { environment, diagnostics } = await evaluateEnvironment(request, world)
  return { ...parsedAnalysis('app/x', text), environment, diagnostics }
}

function valuesOf({ environment }: Analysis): string {
  return formatJson(mapToJson(environment?.properties ?? {}, { redact: true }), { sortKeys: true })
}

function withEdits(text: string, edits: readonly DocumentEdit[]): string {
  const ordered = [...edits].sort((a, b) => b.start - a.start)
  return ordered.reduce((result, { start, end, newText }) => result.slice(0, start) + newText + result.slice(end), text)
}

/** Offsets of all keys and scalars. */
function* places(node: Node | undefined): Generator<number> {
  if (node?.kind === 'array') for (const element of node.elements) yield* places(element)
  else if (node?.kind === 'object') {
    for (const { key, value } of node.entries) {
      if (key.span !== undefined) yield key.span.start
      yield* places(value)
    }
  } else if (node?.span !== undefined) for (let at = node.span.start; at <= node.span.end; at += 3) yield at
}

describe('what an editor does with a definition', function () {
  this.timeout(slow ? 600_000 : 120_000)

  it('renames a key so that everything means what it meant', async () => {
    let [renamed, refused, withReferences] = [0, 0, 0]
    for (const text of sample(texts, 80)) {
      if (/^imports/im.test(text)) continue
      const before = await analyze(text)
      if (before.environment === undefined) continue
      for (const offset of new Set(places(before.node))) {
        let edits: readonly DocumentEdit[]
        let name: string
        try {
          const key = renamableAt(before, offset)
          // A value that no reference can name becomes one.
          if (key.path.length === 2 && reservedKeys.has(String(key.path[1]))) continue
          name = `${key.path.at(-1)}Qq q`
          edits = renameKey(before, key, name)
        } catch (error) {
          if (!(error instanceof EscError)) throw error
          refused++
          continue
        }
        renamed++
        if (edits.length > 1) withReferences++
        const changed = withEdits(text, edits)
        const after = await analyze(changed)
        const normal = (values: string) => values.replaceAll('Qq q', '')
        const sorted = (json: string) => [...json].sort().join('')
        // Where names are told in texts, such as by fn::toJSON, they stand in another order.
        expect(sorted(normal(valuesOf(after))), `${text}\n---\n${changed}`).to.equal(sorted(valuesOf(before)))
        const said = (analysis: Analysis) => analysis.diagnostics.filter(({ severity }) => severity === 'error').length
        expect(said(after), `${text}\n---\n${changed}`).to.equal(said(before))
      }
    }
    expect(renamed).to.be.greaterThan(20)
    expect(withReferences).to.be.greaterThan(3)
    expect(refused).to.be.greaterThan(5)
  })

  it('makes a value a secret with the same value, in the clear and encrypted, and nothing else changes', async () => {
    let made = 0
    for (const text of sample(texts, 80)) {
      const before = await analyze(text)
      if (before.environment === undefined) continue
      for (const offset of new Set(places(before.node))) {
        const value = encryptableAt(before, offset)
        if (value === undefined) continue
        let edits: readonly DocumentEdit[]
        try {
          edits = encryptionEdits(before, value, undefined)
        } catch (error) {
          if (!(error instanceof EscError)) throw error
          continue
        }
        made++
        const changed = withEdits(text, edits)
        const after = await analyze(changed)
        // Of a mistake, another may be made; what is right stays right.
        if (before.diagnostics.length > 0) continue
        const plain = (analysis: Analysis) =>
          formatJson(mapToJson(analysis.environment?.properties ?? {}, { redact: false }), { sortKeys: true })
        const errors = after.diagnostics.filter(({ severity }) => severity === 'error')
        expect(errors, `${text}\n---\n${changed}`).to.deep.equal([])
        expect(plain(after), `${text}\n---\n${changed}`).to.equal(plain(before))
        const sealed = withEdits(text, encryptionEdits(before, value, 'ZXNjeAAAAAHo9e705fKyKo30VQ=='))
        expect(decode('', sealed).failed, sealed).to.equal(false)
      }
    }
    expect(made).to.be.greaterThan(50)
  })

  it('answers at every offset of every text, whole or cut off', async () => {
    const around = {
      installed: { providers: [], rotators: [] },
      environments: ['app/x', 'a/b'],
      look: async () => undefined,
    }
    for (const text of sample(texts, 15)) {
      const analysis = await analyze(text)
      for (let offset = 0; offset <= text.length; offset += slow ? 1 : 4) {
        factsAt(analysis, offset, around.installed)
        definitionTargets(analysis, offset)
        await offersAt(text, offset, analysis, around)
        await offersAt(text.slice(0, offset), offset, analysis, around)
      }
    }
  })

  it('offers steps of references that there are', async () => {
    let offered = 0
    const withValues = texts.filter((text) => /^values:\n/.test(text))
    for (const text of sample(withValues, 40)) {
      const analysis = await analyze(text)
      if (analysis.environment === undefined) continue
      const marked = text.replace(/^values:\n/, 'values:\n  zz: "${"\n')
      const around = { installed: { providers: [], rotators: [] }, environments: [], look: async () => undefined }
      const found = await offersAt(marked, marked.indexOf('${') + 2, analysis, around)
      for (const { newText, label } of found?.offers ?? []) {
        if (['environments', 'context'].includes(label)) continue
        offered++
        const completed = await analyze(marked.replace('"${"', JSON.stringify(`\${${newText}}`)))
        const wrong = completed.diagnostics.filter(({ path, severity }) => path === 'values.zz' && severity === 'error')
        expect(
          wrong.map(({ summary }) => summary),
          `${newText}\n${text}`,
        ).to.deep.equal([])
      }
    }
    expect(offered).to.be.greaterThan(20)
  })
})
