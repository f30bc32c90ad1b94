// `npm run readability`: a report over the pages, no gate. Per page its words, the mean length of
// its sentences and how many are too long; then the longest sentences of all, with their places.
// `npm run readability -- store.md git.md` is about these pages; `--worst 80` lists more sentences.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Sentence, sentencesOf } from './sentences.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** A sentence of more words is too long. */
const LONG = 25
/** Made by programs, or of the words of programs. */
const MADE = /docs\/(?:commands|sdk-reference|crash-matrix)\.md$/

const words = process.argv.slice(2)
const worstAt = words.indexOf('--worst')
const count = worstAt === -1 ? 40 : Number(words.splice(worstAt, 2)[1])

const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
const pages = ['README.md', ...below.filter((path) => path.endsWith('.md')).map((path) => join('docs', path))]
  .filter((page) => !MADE.test(page) && (words.length === 0 || words.some((word) => page.includes(word))))
  .map((page) => ({ page: relative('.', page), sentences: sentencesOf(readFileSync(join(root, page), 'utf8')) }))

const mean = (sentences: readonly Sentence[]) =>
  sentences.reduce((sum, each) => sum + each.words, 0) / Math.max(1, sentences.length)
const long = (sentences: readonly Sentence[]) => sentences.filter((each) => each.words > LONG)

const rows = pages
  .map(({ page, sentences }) => ({ page, sentences, share: long(sentences).length / Math.max(1, sentences.length) }))
  .sort((a, b) => b.share - a.share)
console.log(`${'PAGE'.padEnd(40)} ${'SENTENCES'.padStart(9)} ${'MEAN'.padStart(5)} ${`OVER ${LONG}`.padStart(8)}`)
for (const { page, sentences, share } of rows) {
  const cells = [String(sentences.length).padStart(9), mean(sentences).toFixed(1).padStart(5)]
  console.log(`${page.padEnd(40)} ${cells.join(' ')} ${`${(share * 100).toFixed(0)} %`.padStart(8)}`)
}
const all = pages.flatMap(({ page, sentences }) => sentences.map((each) => ({ ...each, page })))
const tooLong = long(all).length
console.log(
  `\n${all.length} sentences, ${mean(all).toFixed(1)} words in the mean, ${tooLong} of more than ${LONG}. The longest:\n`,
)
const worst = [...all].sort((a, b) => b.words - a.words).slice(0, count)
for (const { page, line, words: length, text } of worst) console.log(`${page}:${line}: ${length} words: ${text}`)
