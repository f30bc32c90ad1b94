import { PatternMatcher } from '../../masking/redactor/index.ts'
import type { KnownSecrets, SecretPlace } from './known-secrets.ts'

/** A line with this text in it may hold a secret. */
const ALLOWED_LINE = 'esc-scan: allow'

const LINE_BREAK = 0x0a

/** A line that holds a secret, and one place of that secret. */
export interface FoundLine {
  /** Counted from 1. */
  readonly line: number
  readonly place: SecretPlace
}

/** Looks for secrets in texts. The table of what is looked for is made once. */
export class TextScanner {
  readonly #secrets: KnownSecrets
  readonly #matcher: PatternMatcher

  constructor(secrets: KnownSecrets) {
    this.#secrets = secrets
    this.#matcher = new PatternMatcher(secrets.forms)
  }

  /** The number of bytes by which pieces of a text have to overlap. */
  get overlap(): number {
    return this.#matcher.longest
  }

  /** Each line in which a secret begins, with each place of the secret. */
  find(bytes: Uint8Array): FoundLine[] {
    const found: FoundLine[] = []
    const seen = new Set<string>()
    let line = 1
    let counted = 0
    this.#matcher.find(bytes, (start, end) => {
      for (; counted < start; counted++) if (bytes[counted] === LINE_BREAK) line++
      const places = this.#secrets.placesOf(bytes.subarray(start, end))
      if (places.length === 0 || isAllowed(bytes, start)) return
      for (const place of places) {
        const id = `${line}\0${place.environment}\0${place.path}`
        if (seen.has(id)) continue
        seen.add(id)
        found.push({ line, place })
      }
    })
    return found
  }
}

function isAllowed(bytes: Uint8Array, at: number): boolean {
  const begin = at === 0 ? 0 : bytes.lastIndexOf(LINE_BREAK, at - 1) + 1
  const end = bytes.indexOf(LINE_BREAK, at)
  const line = bytes.subarray(begin, end === -1 ? bytes.length : end)
  return Buffer.from(line).includes(ALLOWED_LINE)
}

/** Lines that a change adds to a file. */
export interface AddedLines {
  readonly file: string
  /** The hash of the commit. Undefined: the change is not committed yet. */
  readonly commit: string | undefined
  /** The line of the file with which they begin. */
  readonly first: number
  readonly text: Buffer
}

/**
 * The lines that are added in the output of `git diff` or `git log -p`, without context. Commits
 * stand on lines `commit HASH`, which no other line looks like: those of a patch begin otherwise.
 */
export function* addedLines(patch: Buffer): Generator<AddedLines> {
  let commit: string | undefined
  let file = ''
  let first = 0
  let left = 0
  let removed = 0
  let lines: Buffer[] = []
  const flush = function* (): Generator<AddedLines> {
    if (lines.length > 0) yield { file, commit, first, text: Buffer.concat(lines) }
    lines = []
  }
  for (let at = 0; at < patch.length; ) {
    const end = patch.indexOf(LINE_BREAK, at)
    const next = end === -1 ? patch.length : end + 1
    const line = patch.subarray(at, next)
    at = next
    if (left > 0 && line[0] === 0x2b) {
      lines.push(line.subarray(1))
      left--
      continue
    }
    if (removed > 0 && line[0] === 0x2d) {
      removed--
      continue
    }
    yield* flush()
    const header = line.toString('utf8').replace(/\r?\n$/, '')
    const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(header)
    if (hunk !== null) {
      removed = Number(hunk[1] ?? 1)
      first = Number(hunk[2])
      left = Number(hunk[3] ?? 1)
    } else if (header.startsWith('commit ')) commit = header.slice('commit '.length).trim()
    else if (header.startsWith('+++ ')) file = fileOf(header.slice('+++ '.length))
  }
  yield* flush()
}

/** `b/path`, in quotes where git has to escape it. */
function fileOf(written: string): string {
  const name = written.replace(/\t$/, '')
  if (!name.startsWith('"')) return name.replace(/^b\//, '')
  const bytes = name.slice(1, -1).replace(/\\(?:([0-7]{3})|(.))/g, (_, octal, letter) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
    return { n: '\n', t: '\t', r: '\r' }[letter as 'n'] ?? letter
  })
  return Buffer.from(bytes, 'latin1').toString('utf8').replace(/^b\//, '')
}
