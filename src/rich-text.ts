import type { InputName, Remedy } from './remedy.ts'

/** Words of a text that say what to do, and the same as data. */
export interface Step {
  readonly words: string
  readonly remedy: Remedy
}

/** Name of an input within a text. */
export interface NamedInput {
  readonly input: InputName
}

export type Part = string | Step | NamedInput

/** A text for people: plain, or with marks in it. */
export type Text = string | RichText

const brand = Symbol.for('esc.rich-text')

/**
 * A text in plain language in which the words that tell of a remedy, and the names of inputs, are
 * marked. A face words them in its own way. As a string it is the plain text.
 */
export class RichText {
  readonly parts: readonly Part[]

  /** A plugin may have a copy of this class of its own. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }

  get [brand](): true {
    return true
  }

  constructor(parts: readonly Part[]) {
    this.parts = parts
  }

  /** The remedies that it tells of, in the order of the words. */
  get remedies(): readonly Remedy[] {
    return this.parts.flatMap((part) => (typeof part === 'object' && 'remedy' in part ? [part.remedy] : []))
  }

  toString(): string {
    return this.parts.map(plainPart).join('')
  }

  toJSON(): string {
    return this.toString()
  }

  /** The same with each of its texts changed, those in its remedies too. */
  mapTexts(change: (text: string) => string): RichText {
    return new RichText(
      this.parts.map((part) => {
        if (typeof part === 'string') return change(part)
        return 'remedy' in part ? { words: change(part.words), remedy: mapRemedy(part.remedy, change) } : part
      }),
    )
  }

  /** The same with other remedies. */
  mapRemedies(change: (remedy: Remedy) => Remedy): RichText {
    return new RichText(
      this.parts.map((part) =>
        typeof part === 'object' && 'remedy' in part ? { ...part, remedy: change(part.remedy) } : part,
      ),
    )
  }
}

function plainPart(part: Part): string {
  if (typeof part === 'string') return part
  return 'remedy' in part ? part.words : `"${part.input}"`
}

/** A remedy with each of its texts changed but its kind, which is ours. */
export function mapRemedy(remedy: Remedy, change: (text: string) => string): Remedy {
  const entries = Object.entries(remedy).map(([key, value]) => {
    if (key === 'do') return [key, value]
    const texts = Array.isArray(value) ? value.map(change) : typeof value === 'string' ? change(value) : value
    return [key, texts]
  })
  return Object.fromEntries(entries) as Remedy
}

/** A template of texts, steps and names of inputs: rich`quote it, or ${step('…', remedy)}`. */
export function rich(strings: TemplateStringsArray, ...values: (Text | number | Step | NamedInput)[]): RichText {
  const parts: Part[] = []
  const add = (part: Part): void => {
    const last = parts.at(-1)
    if (typeof part !== 'string' || typeof last !== 'string') parts.push(part)
    else parts[parts.length - 1] = last + part
  }
  strings.forEach((text, index) => {
    if (text !== '') add(text)
    const value = values[index]
    if (value === undefined) return
    if (value instanceof RichText) for (const part of value.parts) add(part)
    else add(typeof value === 'number' ? String(value) : value)
  })
  return new RichText(parts)
}

/** Words that say what to do, for `rich`. */
export function step(words: string, remedy: Remedy): Step {
  return { words, remedy }
}

/** The advice to do the same again with an input, for `rich`: `or give ${again('string')}`. */
export function again(input: InputName): Step {
  return { words: `"${input}"`, remedy: { do: 'repeat', with: input } }
}

/** The name of an input, for `rich`. */
export function input(name: InputName): NamedInput {
  return { input: name }
}

/** Texts one after the other. `undefined`: all are missing. */
export function joined(texts: readonly (Text | undefined)[], separator: string): Text | undefined {
  const given = texts.filter((text) => text !== undefined && text !== '') as Text[]
  if (given.length < 2) return given[0]
  return given.reduce((before, text) => rich`${before}${separator}${text}`)
}

/** A text with each of its texts changed. */
export function mapText(text: Text, change: (text: string) => string): Text {
  return typeof text === 'string' ? change(text) : text.mapTexts(change)
}

/** The remedies that a text tells of. */
export function remediesIn(text: Text | undefined): readonly Remedy[] {
  return text === undefined || typeof text === 'string' ? [] : text.remedies
}

/** The parts of a text as JSON data, to be kept. */
export function textParts(text: Text): readonly Part[] {
  return typeof text === 'string' ? [text] : text.parts
}

/**
 * The text of parts that were kept. Anybody may have written them: `undefined` for what is no text,
 * and what has not the form of a remedy is only its words.
 */
export function textOfParts(kept: unknown): Text | undefined {
  if (!Array.isArray(kept)) return undefined
  const parts = kept.map(partOf)
  return parts.every((part) => part !== undefined) ? new RichText(parts) : undefined
}

function partOf(kept: unknown): Part | undefined {
  if (typeof kept === 'string') return kept
  if (typeof kept !== 'object' || kept === null) return undefined
  const { words, remedy, input } = kept as { words?: unknown; remedy?: unknown; input?: unknown }
  if (typeof input === 'string') return { input: input as InputName }
  if (typeof words !== 'string') return undefined
  return isRemedy(remedy) ? { words, remedy } : words
}

/** True for data that has the form of a remedy: texts, and lists of texts. */
function isRemedy(kept: unknown): kept is Remedy {
  if (typeof kept !== 'object' || kept === null || typeof (kept as { do?: unknown }).do !== 'string') return false
  return Object.values(kept).every((value) =>
    Array.isArray(value)
      ? value.every((each) => typeof each === 'string')
      : ['string', 'number'].includes(typeof value),
  )
}
