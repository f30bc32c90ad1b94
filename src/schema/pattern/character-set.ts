import { spend } from '../../budget.ts'

const last = 0x10ffff

/** A set of characters as ranges of code points, with a test for members that ranges cannot list (Unicode classes). */
export class CharacterSet {
  readonly #ranges: [number, number][] = []
  readonly #tests: ((character: string) => boolean)[] = []

  add(low: number, high: number): this {
    this.#ranges.push([low, high])
    return this
  }

  addTest(test: (character: string) => boolean): this {
    this.#tests.push(test)
    return this
  }

  addAll(other: CharacterSet): this {
    this.#ranges.push(...other.#ranges)
    this.#tests.push(...other.#tests)
    return this
  }

  has(code: number): boolean {
    if (this.#ranges.length > 8) spend(this.#ranges.length >>> 3)
    for (const [low, high] of this.#ranges) if (code >= low && code <= high) return true
    if (this.#tests.length === 0) return false
    const character = String.fromCodePoint(code)
    return this.#tests.some((test) => {
      spend(4)
      return test(character)
    })
  }

  negated(): CharacterSet {
    return new CharacterSet().addTest((character) => !this.has(character.codePointAt(0)!))
  }

  /** The set with every member in its other cases too. */
  ignoringCase(): CharacterSet {
    return new CharacterSet().addTest((character) =>
      [character, character.toLowerCase(), character.toUpperCase()].some((form) => {
        const code = form.codePointAt(0)!
        return form.length === (code > 0xffff ? 2 : 1) && this.has(code)
      }),
    )
  }
}

export const anyCharacter = new CharacterSet().add(0, last)
export const lineCharacter = new CharacterSet().add(0, 9).add(11, last)

function ranges(text: string): CharacterSet {
  const set = new CharacterSet()
  for (let i = 0; i < text.length; i += 2) set.add(text.charCodeAt(i), text.charCodeAt(i + 1))
  return set
}

const word = ranges('09AZ__az')
const perl: Readonly<Record<string, CharacterSet>> = { d: ranges('09'), s: ranges('\t\n\f\r  '), w: word }

/** `\d`, `\s`, `\w` and their opposites, which know ASCII only. */
export function perlClass(letter: string): CharacterSet {
  const set = perl[letter.toLowerCase()]!
  return letter === letter.toLowerCase() ? set : set.negated()
}

const posix: Readonly<Record<string, string>> = {
  alnum: '09AZaz',
  alpha: 'AZaz',
  ascii: '\0\x7f',
  blank: '\t\t  ',
  cntrl: '\0\x1f\x7f\x7f',
  digit: '09',
  graph: '!~',
  lower: 'az',
  print: ' ~',
  punct: '!/:@[`{~',
  space: '\t\r  ',
  upper: 'AZ',
  word: '09AZaz__',
  xdigit: '09AFaf',
}

export function posixClass(name: string): CharacterSet | undefined {
  return Object.hasOwn(posix, name) ? ranges(posix[name]!) : undefined
}

/** A general category such as `L` or `Lu`, or a script such as `Greek`. */
export function unicodeClass(name: string): CharacterSet | undefined {
  // Making an expression of a property takes about as long as 100 other steps.
  spend(100)
  if (name === 'Any') return anyCharacter
  if (!/^\w+$/.test(name)) return undefined
  for (const property of [`General_Category=${name}`, `Script=${name}`]) {
    try {
      const expression = new RegExp(`^\\p{${property}}$`, 'u')
      return new CharacterSet().addTest((character) => expression.test(character))
    } catch {
      // Not this kind of property.
    }
  }
  return undefined
}

/** Whether a word boundary lies between a member and a non-member. */
export function isWord(code: number | undefined): boolean {
  return code !== undefined && word.has(code)
}
