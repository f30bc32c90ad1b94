import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../src/', import.meta.url))

const STARTS = /(?<![\w.])(?:library\.|childProcess\.)?(?:spawn|spawnSync|exec|execSync|execFile|execFileSync|fork)\(/g
const MAKES_CHILDREN = /node:child_process|sdk\/pty\.ts/

/** Mistakes in how the sources start programs: each must hand over variables that `childEnvironment` has made. */
export function spawnProblems(): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'child-environment.ts')
    .flatMap((file) => problemsIn(readFileSync(join(root, file), 'utf8')).map((problem) => `src/${file}: ${problem}`))
}

/** The same for the text of one file. */
export function problemsIn(source: string): string[] {
  const problems: string[] = []
  for (const { index } of source.matchAll(/process\.env\b(?!\.\w|\[)/g)) {
    if (!source.slice(0, index).endsWith('childEnvironment('))
      problems.push(`line ${lineOf(source, index)} uses process.env whole: hand it to childEnvironment first`)
  }
  if (!MAKES_CHILDREN.test(source)) return problems
  for (const { index, 0: start } of source.matchAll(STARTS)) {
    const call = callAt(source, index + start.length)
    if (!/\benv: (?:childEnvironment\(|program\.env\b)/.test(call))
      problems.push(`line ${lineOf(source, index)} starts a program without "env: childEnvironment(…)"`)
  }
  return problems
}

/** Up to the parenthesis that closes the one before. */
function callAt(source: string, start: number): string {
  let depth = 1
  let end = start
  for (; end < source.length && depth > 0; end++) {
    if (source[end] === '(') depth++
    else if (source[end] === ')') depth--
  }
  return source.slice(start, end)
}

function lineOf(source: string, index: number): number {
  return source.slice(0, index).split('\n').length
}
