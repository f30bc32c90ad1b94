import { type RE2JS, re } from 're2js'
import { allocate, spend } from '../budget.ts'

/**
 * A pattern that is no RE2 expression. The message is `error parsing regexp: …`, with the
 * offending piece in backquotes.
 */
export class PatternError extends Error {
  override readonly name = 'PatternError'
}

/**
 * A regular expression in RE2 syntax (https://github.com/google/re2/wiki/Syntax). Searching takes
 * time in proportion to the text, whatever the pattern: patterns come from documents, and a
 * backtracking engine could be made to hang.
 */
export class Pattern {
  readonly source: string
  readonly #compiled: RE2JS
  /** Bytes that the states of a search may take for each character of the text. */
  readonly #stateBytes: number
  /** Bytes of states that are counted already. */
  #counted = 0

  /** @throws PatternError */
  constructor(source: string) {
    this.source = source
    const classes = source.match(/\\[pP]/g)?.length ?? 0
    spend(stepsToParse(source, classes))
    allocate(100 * source.length + 12_000 * classes)
    this.#compiled = parse(source)
    const size = this.#compiled.programSize()
    // Repetitions multiply, so the size is known only now. The library bounds it: a second or so
    // for the largest there is.
    spend(40 * size)
    allocate(250 * size)
    this.#stateBytes = 8 * (size + 2 * source.length + 1400 * classes)
  }

  /** Tells if the pattern occurs anywhere in the text. */
  test(text: string): boolean {
    // The worst case: each instruction is looked at for each character.
    spend(1 + Math.ceil((text.length * this.#compiled.programSize()) / 2))
    const bytes = Math.min(this.#stateBytes * text.length, mostStateBytes - this.#counted)
    allocate(bytes)
    this.#counted += bytes
    return this.#compiled.test(text)
  }
}

/** Bytes that the library lets the states of one pattern take. */
const mostStateBytes = 8 << 20

function stepsToParse(source: string, classes: number): number {
  // With (?i) a range is folded one character at a time, and only a range with a piece
  // beyond ASCII is a long one.
  const folds = /\(\?[a-zA-Z]*i/.test(source) && /[^\x00-\x7f]|\\[x0-7]/.test(source)
  return 50 * source.length + 6000 * classes + (folds ? 80_000 * (source.split('-').length - 1) : 0)
}

function parse(source: string): RE2JS {
  try {
    // As a template's tag, `re` reads the text as it is.
    return re(Object.assign([source], { raw: [source] }))
  } catch (error) {
    const [, problem, piece = ''] = /^error parsing regexp: ([^:]*)(?:: `(.*)`)?$/s.exec((error as Error).message) ?? []
    if (problem === undefined) throw error
    throw new PatternError(`error parsing regexp: ${described(problem, piece, source)}`)
  }
}

/** Mistakes that the library describes in other words than RE2 does. */
function described(problem: string, piece: string, source: string): string {
  const [lookbehind] = /^\(\?<[=!]/.exec(piece) ?? []
  if (lookbehind !== undefined) return `invalid or unsupported Perl syntax: \`${lookbehind}\``
  if (/^\(\?[imsU-]*$/.test(piece)) return `missing closing ): \`${source}\``
  if (problem === 'expression too large' || problem === 'expression nests too deeply') piece = source
  return `${problem}: \`${piece}\``
}
