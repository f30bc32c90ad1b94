import type { EvaluationHost } from '../../../src/evaluate/index.ts'
import type { PostWebhook } from '../../../src/webhooks/index.ts'
import { quote } from '../../../src/yaml/index.ts'
import { author, hours, now, type Stage } from './stage.ts'

const zero = { line: 0, column: 0, byte: 0 }
const echoing = ['test', 'aws-login', 'azure-login', 'gcp-login']

/** The providers of the recorded sessions: what goes in comes out. */
export const provider: EvaluationHost['provider'] = async (name) => {
  if (!echoing.includes(name)) throw new Error(`unknown provider ${quote(name)}`)
  return {
    inputs: true,
    outputs: true,
    open: async (inputs) => ({ value: inputs, trace: { def: { begin: zero, end: zero } } }),
  }
}

/**
 * 0, 1, 2 … as bytes, so that temporary files have the recorded numbers. Each command begins anew.
 */
export function counting(): (byteCount: number) => Uint8Array {
  let next = 0
  return (byteCount) => Buffer.from((next++).toString(16).padStart(byteCount * 2, '0'), 'hex')
}

/** The receiver of the recorded sessions: it takes everything. */
export const answeringWebhook: PostWebhook = async () => ({ kind: 'answered', status: 200, body: '' })

/**
 * What a command printed, with what cannot be the same (ciphertexts, paths of temporary files) and
 * the fixed data of the recorded service in the place of ours: revisions are an hour apart from the
 * epoch on, and by Test Tester; tags of revisions are by nobody in the year 1; tags of environments
 * are by pulumipus; a schedule runs next on 2026-05-14, whatever it says. Deliveries of webhooks
 * are counted, and took 42 ms on a day in 2025.
 */
export async function asRecorded(text: string, words: readonly string[], stage: Stage): Promise<string> {
  const own = new RegExp(`${stage.temporary}/(?:esc-run-[^/]+/)?esc-([0-9a-f]{16})`, 'g')
  const named = text.replace(own, (_, digits: string) => `temp/esc-temp-${Number.parseInt(digits, 16)}`)
  return withRecordedStamps(await stage.withRecordedCiphertexts(named), words)
}

const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d \\+0000 UTC'
const today = `${now.toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`

function withRecordedStamps(text: string, words: readonly string[]): string {
  const [first, second, third] = words
  if (first !== 'env') return text
  if (second === 'schedule') return text.replaceAll(/2024-07-30T00:[03]0:00Z/g, '2026-05-14T00:00:00Z')
  if (second === 'webhook') return withRecordedDelivery(text, words)
  if (second === 'tag') return text.replaceAll(`by ${author.name}\n`, 'by pulumipus <pulumipus>\n')
  if (second !== 'version') return text
  if (third === 'tag' || text.includes('\nLast updated at')) {
    return text.replace(new RegExp(time, 'g'), '0001-01-01 00:00:00 +0000 UTC').replaceAll(author.name, '<unknown>')
  }
  let revision = 0
  const lines = text.split('\n').map((line) => {
    revision = Number(/^revision (\d+)/.exec(line)?.[1] ?? revision)
    const recorded = `${hours(revision).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`
    return line
      .replace(new RegExp(`(Author: |Retracted by )${author.name}( at |$)`), '$1Test Tester <test-tester>$2')
      .replace(today, recorded)
  })
  return lines.join('\n')
}

/** Ids of ours are longer, so that the first column of the table is wider than the recorded one. */
function withRecordedDelivery(text: string, words: readonly string[]): string {
  const webhook = words.find((word) => word.startsWith('hook-'))
  const id = `dlv-${webhook}-1`
  const own = /dlv-[0-9a-f]{24}/
  const wider = 'dlv-'.length + 24 - id.length
  const lines = text.split('\n').map((line) => {
    if (own.test(line)) return line.replace(own, id).replace(/ +\d+ │$/, (cell) => `${'42 │'.padStart(cell.length)}`)
    if (/^[┌├└]─/.test(line)) return line[0] + line.slice(1 + wider)
    return line.replace(new RegExp(`^(│ ID) {${wider}}`), '$1')
  })
  const isTable = lines[0]?.startsWith('┌') && own.test(text)
  const shown = isTable || text.startsWith('ID: ') ? lines.join('\n') : text
  return shown
    .replace(/^(Duration \(ms\): )\d+$/m, '$142')
    .replace(now.toISOString().slice(0, 19), '2025-05-13T00:00:00')
}
