import { spend } from '../../budget.ts'
import { type CharacterSet, isWord } from './character-set.ts'
import { type Assertion, PatternError, type PatternNode, parsePattern } from './parse.ts'

export { PatternError }

type Instruction =
  | { readonly kind: 'match' }
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'split'; to: number[] }

const maxInstructions = 20_000
/** Repetitions of nothing make no instructions, yet take time. */
const maxVisits = 200_000

/**
 * A regular expression in RE2 syntax. Searching takes time in proportion to the text, whatever the pattern: patterns come
 * from documents, and a backtracking engine could be made to hang.
 */
export class Pattern {
  readonly source: string
  readonly #program: Instruction[] = []
  #visits = 0

  /** Throws `PatternError`. */
  constructor(source: string) {
    this.source = source
    this.#emit(parsePattern(source))
    this.#program.push({ kind: 'match' })
  }

  #emit(node: PatternNode): void {
    const program = this.#program
    spend(2)
    if (program.length > maxInstructions || ++this.#visits > maxVisits)
      throw new PatternError('expression too large', this.source)
    switch (node.kind) {
      case 'empty':
        return
      case 'set':
        program.push({ kind: 'set', set: node.set })
        return
      case 'assert':
        program.push({ kind: 'assert', what: node.what })
        return
      case 'sequence':
        for (const item of node.items) this.#emit(item)
        return
      case 'choice': {
        const ends: { to: number[] }[] = []
        node.items.forEach((item, i) => {
          const split = i < node.items.length - 1 ? this.#split() : undefined
          split?.to.push(program.length)
          this.#emit(item)
          if (split !== undefined) {
            ends.push(this.#split())
            split.to.push(program.length)
          }
        })
        for (const end of ends) end.to.push(program.length)
        return
      }
      case 'repeat': {
        for (let i = 0; i < node.min; i++) this.#emit(node.item)
        if (node.max === Number.POSITIVE_INFINITY) {
          const start = program.length
          const split = this.#split()
          split.to.push(program.length)
          this.#emit(node.item)
          this.#split().to.push(start)
          split.to.push(program.length)
          return
        }
        const splits: { to: number[] }[] = []
        for (let i = node.min; i < node.max; i++) {
          const split = this.#split()
          splits.push(split)
          split.to.push(program.length)
          this.#emit(node.item)
        }
        for (const split of splits) split.to.push(program.length)
      }
    }
  }

  #split(): { to: number[] } {
    const split = { kind: 'split' as const, to: [] as number[] }
    this.#program.push(split)
    return split
  }

  /** Whether the pattern occurs anywhere in the text. */
  test(text: string): boolean {
    let current = new Set<number>()
    let previous: number | undefined
    for (let at = 0; ; ) {
      const code = text.codePointAt(at)
      const next = new Set<number>()
      const reachable = new Set<number>()
      current.add(0)
      if (this.#follow(current, reachable, previous, code)) return true
      if (code === undefined) return false
      spend(4 * reachable.size)
      for (const index of reachable) {
        const instruction = this.#program[index]!
        if (instruction.kind === 'set' && instruction.set.has(code)) next.add(index + 1)
      }
      current = next
      previous = code
      at += code > 0xffff ? 2 : 1
    }
  }

  /** Follows everything that consumes no character. True: the pattern has matched. */
  #follow(from: Set<number>, reached: Set<number>, previous: number | undefined, next: number | undefined): boolean {
    const pending = [...from]
    for (;;) {
      const index = pending.pop()
      if (index === undefined) return false
      if (reached.has(index)) continue
      reached.add(index)
      const instruction = this.#program[index]!
      if (instruction.kind === 'match') return true
      if (instruction.kind === 'split') pending.push(...instruction.to)
      else if (instruction.kind === 'assert' && holds(instruction.what, previous, next)) pending.push(index + 1)
    }
  }
}

function holds(what: Assertion, previous: number | undefined, next: number | undefined): boolean {
  switch (what) {
    case 'text-start':
      return previous === undefined
    case 'text-end':
      return next === undefined
    case 'line-start':
      return previous === undefined || previous === 0x0a
    case 'line-end':
      return next === undefined || next === 0x0a
    case 'word':
      return isWord(previous) !== isWord(next)
    case 'not-word':
      return isWord(previous) === isWord(next)
  }
}
