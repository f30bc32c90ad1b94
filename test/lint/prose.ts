import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Phrases that readers had to decode, and what to write instead. */
const PHRASES: readonly (readonly [found: RegExp, instead: string])[] = [
  [/\bby the clock\b(?! of)/, 'on schedule'],
  [/\banew\b/, 'again'],
  [/\bwhat (?:came|comes|becomes|became) of\b/, 'the result, how it ended, what happens to'],
  [/\bwhat it came to\b/, 'the result'],
  [/\bcame to nothing\b/, 'failed, changed nothing'],
  [/\bis no time\b/, 'is not a time'],
  [
    /(?<!\b[Tt]here )\b(?:is|are) no (?:(?:valid|exact|absolute|public|alias|host|header) )?(?:folder|JSON|YAML|UTF-8|text|mapping|lists?|object|URL|digest|token|key|server|store|file|name|number|region|path|state|source|range|method|mount|namespace|base64|id|version|value|part|set|step|kubeconfig)\b/,
    'is not a folder, is not JSON',
  ],
  [/\b[Ll]ooks? after schedules\b/, 'runs the scheduler'],
  [/\bwithout a person\b/, 'name what runs it: a unit, a job, a crontab'],
  [/\bwaits? to be done\b/, 'pending'],
  [/\bwhatever is killed\b/, 'even after crashes'],
  [/\bLock the data key\b/, 're-encrypt the data key'],
  [/\bone a (?:line|day|machine|user|run)\b/, 'one per line, one per day'],
  [
    /\b(?:schedule|password|log-in|message|sync) an? (?:environment|user|run|rotation|pair)\b/,
    'per environment, per user',
  ],
  [/\bKept is\b/, 'say what is cached or stored'],
  [/\bnothing says which\b/, 'say what could not be told apart'],
]

/** Places that quote other people, or records of what was. */
const QUOTED = new Set(['CHANGELOG.md'])

/** Pages, and the sources of the command line, whose help and messages people read. */
function sources(): readonly string[] {
  const below = (folder: string, ends: RegExp) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => ends.test(path))
      .map((path) => join(folder, path))
  return ['README.md', 'CONTRIBUTING.md', ...below('docs', /\.md$/), ...below('src/cli/commands', /\.ts$/)]
}

/** Phrases of the list in what people read, with the place and what to write instead. */
export function phraseProblems(): string[] {
  return sources()
    .filter((path) => !QUOTED.has(path))
    .flatMap((path) => phrasesIn(readFileSync(join(root, path), 'utf8')).map((problem) => `${path}:${problem}`))
}

/** Returns the phrases of the list in one text. */
export function phrasesIn(text: string): string[] {
  return text.split('\n').flatMap((line, index) =>
    PHRASES.flatMap(([found, instead]) => {
      const match = found.exec(line)
      return match === null ? [] : [`${index + 1}: “${match[0]}”: write ${instead}`]
    }),
  )
}
