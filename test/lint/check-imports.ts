import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { circleProblems, importsOf } from './circles.ts'
import { commandWords } from './command-words.ts'
import { wideComments } from './comment-width.ts'
import { fragmentsInDocComments } from './doc-comments.ts'
import { namesDeclaredTwice } from './exported-names.ts'
import { fileAccessProblems } from './file-access.ts'
import { rooms, sharedNouns } from './rooms.ts'
import { spawnProblems } from './spawns.ts'
import { unusedExports } from './unused-exports.ts'

const root = fileURLToPath(new URL('../../src/', import.meta.url))

/** Files that stand at the top of the house and may import any room. */
const fronts = ['index.ts', 'cli.ts']

const problems: string[] = []
for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.ts')) continue
  for (const specifier of importsOf(readFileSync(join(root, file), 'utf8'))) {
    if (!specifier.startsWith('.')) continue
    const target = relative(root, resolve(root, dirname(file), specifier))
    const problem = judge(file, target)
    if (problem) problems.push(`src/${file}: imports ${target}: ${problem}`)
  }
}
const circles = circleProblems()
const unused = unusedExports()
const wide = wideComments()
const spawns = spawnProblems()
const accesses = fileAccessProblems()
const words = commandWords()
for (const problem of [...problems, ...circles, ...unused, ...wide, ...spawns, ...accesses, ...words])
  console.error(problem)
console.log(problems.length === 0 ? 'imports: every arrow points one way' : `imports: ${problems.length} wrong`)
console.log(circles.length === 0 ? 'circles: no files import one another' : `circles: ${circles.length} found`)
console.log(unused.length === 0 ? 'exports: each is imported by another file' : `exports: ${unused.length} unused`)
console.log(wide.length === 0 ? 'comments: all within 100 columns' : `comments: ${wide.length} too wide`)
console.log(spawns.length === 0 ? 'programs: none is handed a key' : `programs: ${spawns.length} started wrongly`)
console.log(
  accesses.length === 0
    ? 'files: a store is read through its own file system'
    : `files: ${accesses.length} read past it`,
)
console.log(
  words.length === 0
    ? 'words: no command line and no flag below the faces'
    : `words: ${words.length} of the command line below the faces`,
)
const all = [problems, circles, unused, wide, spawns, accesses, words]
process.exitCode = all.every((each) => each.length === 0) ? 0 : 1

function judge(file: string, target: string): string | undefined {
  const [from, to] = [room(file), room(target)]
  if (from === undefined) {
    if (fronts.includes(file) || to === undefined) return undefined
    // Shared nouns may name the types of a room (`import type`) only where the noun itself is that room's public type.
    return sharedNouns.includes(file.replace('.ts', '')) ? 'a shared noun may not depend on a room' : undefined
  }
  if (to === undefined) {
    const noun = target.replace('.ts', '')
    return sharedNouns.includes(noun) || noun.endsWith('.json') || noun.startsWith('..')
      ? undefined
      : `${noun} is not a shared noun`
  }
  if (from === to) return undefined
  const rule = rooms[from]
  if (!rule) return `src/${from} has no entry in test/lint/rooms.ts`
  if (!rule.mayImport.includes(to)) return `${from} may not import ${to}, because ${rule.because}`
  // A room's front door is its index.ts; types of the seams (world.ts, rotator.ts …) are re-exported there.
  return target.split(sep).join('/') === `${to}/index.ts` || to === 'vendor'
    ? undefined
    : `import ${to}/index.ts, the room's front door`
}

/** The room that a file is in: a folder of `src`, or one within it that has rules of its own. */
function room(file: string): string | undefined {
  const parts = file.split(sep)
  if (parts.length === 1 || parts[0] === '..') return undefined
  const within = parts.slice(0, 2).join('/')
  return rooms[within] === undefined ? parts[0] : within
}
