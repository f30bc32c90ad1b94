import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { circleProblems, importsOf } from './circles.ts'
import { commandWords } from './command-words.ts'
import { wideComments } from './comment-width.ts'
import { fragmentsInDocComments } from './doc-comments.ts'
import { namesDeclaredTwice } from './exported-names.ts'
import { faceReaches } from './face-reach.ts'
import { fileAccessProblems } from './file-access.ts'
import { linkProblems } from './links.ts'
import { phraseProblems } from './prose.ts'
import { rooms, sharedNouns } from './rooms.ts'
import { spawnProblems } from './spawns.ts'
import { unusedExports } from './unused-exports.ts'

const root = fileURLToPath(new URL('../../src/', import.meta.url))

/** Files that stand at the top of the house and may import any room. */
const fronts = ['index.ts']

const problems: string[] = []
for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
  if (!/\.tsx?$/.test(file)) continue
  for (const specifier of importsOf(readFileSync(join(root, file), 'utf8'))) {
    if (!specifier.startsWith('.')) continue
    const target = relative(root, resolve(root, dirname(file), specifier))
    const problem = judge(file, target)
    if (problem) problems.push(`src/${file}: imports ${target}: ${problem}`)
  }
}
const checks = [
  { found: problems, clean: 'imports: every arrow points one way', what: 'imports', fault: 'wrong' },
  { found: circleProblems(), clean: 'circles: no files import one another', what: 'circles', fault: 'found' },
  { found: unusedExports(), clean: 'exports: each is imported by another file', what: 'exports', fault: 'unused' },
  { found: namesDeclaredTwice(), clean: 'names: each is exported by one file', what: 'names', fault: 'declared twice' },
  { found: wideComments(), clean: 'comments: all within 100 columns', what: 'comments', fault: 'too wide' },
  {
    found: fragmentsInDocComments(),
    clean: 'doc comments: each begins with a thing or a verb',
    what: 'doc comments',
    fault: 'begin with a fragment',
  },
  {
    found: faceReaches(),
    clean: 'faces: none looks into a store',
    what: 'faces',
    fault: 'look into a store',
  },
  { found: spawnProblems(), clean: 'programs: none is handed a key', what: 'programs', fault: 'started wrongly' },
  {
    found: fileAccessProblems(),
    clean: 'files: a store is read through its own file system',
    what: 'files',
    fault: 'read past it',
  },
  {
    found: commandWords(),
    clean: 'words: no command line and no flag below the faces',
    what: 'words',
    fault: 'of the command line below the faces',
  },
  { found: phraseProblems(), clean: 'prose: no phrase of the list', what: 'prose', fault: 'to be said plainly' },
  { found: linkProblems(), clean: 'links: each leads to a page and a heading', what: 'links', fault: 'lead nowhere' },
]
for (const { found } of checks) for (const problem of found) console.error(problem)
for (const { found, clean, what, fault } of checks)
  console.log(found.length === 0 ? clean : `${what}: ${found.length} ${fault}`)
process.exitCode = checks.every(({ found }) => found.length === 0) ? 0 : 1

function judge(file: string, target: string): string | undefined {
  const [from, to] = [room(file), room(target)]
  if (from === undefined) {
    if (fronts.includes(file) || to === undefined) return undefined
    // Shared nouns may name the types of a room (`import type`) only where the noun itself is that
    // room's public type.
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
  // A room's front door is its index.ts; types of the seams (world.ts, rotator.ts …) are
  // re-exported there.
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
