import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../src/', import.meta.url))

const STARTS = /(?<![\w.])(?:library\.|childProcess\.)?(?:spawn|spawnSync|exec|execSync|execFile|execFileSync|fork)\(/g
const MAKES_CHILDREN = /node:child_process|vendor\/pty\.ts/

/**
 * Files that start programs, and which. Git is started by `src/git` alone: a repository that
 * somebody else wrote must not choose what runs.
 */
const STARTERS: Readonly<Record<string, string>> = {
  'keys/providers/age-identity-command.ts': 'the command in SOPS_AGE_KEY_CMD of the user',
  'git/ask-git.ts': 'git, which reads refs, the index or objects and does nothing else',
  'git/configured-identity.ts': 'git, which reads its configuration and does nothing else',
  'git/run.ts': 'git',
  'cli/terminal/editor.ts': 'the editor of the user',
  'cli/terminal/open-browser.ts': 'the browser of the user',
  'cli/terminal/pager.ts': 'the pager of the user',
  'cli/terminal/process-io.ts': 'esc itself',
  'cli/terminal/pty-program.ts': 'the command of esc run',
  'cli/terminal/pty-state.ts': 'ps and stty',
  'cli/terminal/raw-terminal.ts': 'stty',
  'cli/terminal/run-program.ts': 'the command of esc run',
  'mcp/run-redacted.ts': 'a command that an agent asks for, which the person who started the server has allowed',
  'operations/session/printed-by.ts': 'the program of the provider command, which was allowed on this machine',
  'cli/terminal/run-tool.ts': 'the command-line tools of vendors, for esc setup --run',
  'cli/terminal/too-large.ts': 'a shell that does nothing, with the variables of the command of esc run',
}

/** Files that start programs and are not known to. */
export function unknownStarters(files = sources()): string[] {
  return files
    .filter(({ file, text }) => MAKES_CHILDREN.test(text) && STARTERS[file] === undefined)
    .map(
      ({ file }) =>
        `src/${file}: starts programs: run git with machineGit of src/git; for another program, say in test/lint/spawns.ts which`,
    )
}

/**
 * Mistakes in how the sources start programs: each must hand over variables that `childEnvironment`
 * has made.
 */
export function spawnProblems(): string[] {
  const problems = sources()
    .filter(({ file }) => file !== 'child-environment.ts')
    .flatMap(({ file, text }) => problemsIn(text).map((problem) => `src/${file}: ${problem}`))
  return [...problems, ...unknownStarters()]
}

function sources(): { readonly file: string; readonly text: string }[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file: file.split(sep).join('/'), text: readFileSync(join(root, file), 'utf8') }))
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
    if (!/\benv: (?:childEnvironment\(|program\.env\b|run\.env\b)/.test(call))
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
