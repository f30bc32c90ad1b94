import { EscError, hintOf, textOfError } from '../errors.ts'
import { mapText, remediesIn, type Text } from '../rich-text.ts'
import { secretForms } from './secret-forms.ts'
import { variantsOf } from './secret-texts.ts'

const mask = '[secret]'
/**
 * Shorter secrets are hidden only where they stand alone: as parts of words they would make
 * every message unreadable.
 */
const leastInWords = 4
/** Deeper chains of causes are cut off. */
const mostCauses = 20

/**
 * Hides secrets in texts that leave the place where they are known. A secret of up to three
 * characters, such as a user `db`, is hidden where it stands alone, as in `user "db"`; a longer one
 * everywhere, also inside other words and in encoded forms.
 */
export class SecretMask {
  readonly #secrets = new Set<string>()
  /** Forms of longer secrets, longest first: one character per byte. */
  #forms: readonly string[] | undefined
  /** Forms of short secrets. */
  #alone: RegExp | undefined

  constructor(secrets: Iterable<string> = []) {
    this.add(secrets)
  }

  /** Further secrets to hide from now on. */
  add(secrets: Iterable<string>): void {
    for (const secret of secrets) {
      if (secret.trim() === '' || this.#secrets.has(secret)) continue
      this.#secrets.add(secret)
      this.#forms = undefined
    }
  }

  text(text: string): string {
    if (this.#secrets.size === 0) return text
    const forms = this.#prepare()
    const hidden = hideForms(text, forms)
    return this.#alone === undefined ? hidden : hidden.replace(this.#alone, mask)
  }

  /** The same for a text with remedies, whose data is masked too. */
  rich(text: Text): Text {
    const masked = mapText(text, (each) => this.text(each))
    const plain = this.text(String(text))
    // A secret may begin before a mark and end within it.
    return String(masked) === plain ? masked : plain
  }

  /**
   * The error itself where nothing in it is secret, else a copy without secrets:
   * message, hint, stack and causes.
   */
  error(error: unknown): unknown {
    return this.#secrets.size === 0 || !this.#isTold(error, 0) ? error : this.#copy(error, 0)
  }

  #isTold(error: unknown, depth: number): boolean {
    if (!(error instanceof Error)) return error !== undefined && this.text(String(error)) !== String(error)
    const own = Object.getOwnPropertyNames(error).map((name) => (error as unknown as Record<string, unknown>)[name])
    const texts = [error.message, ...own.flatMap((value) => (value instanceof Error ? [] : textOf(value)))]
    if (error instanceof EscError) texts.push(...[textOfError(error), hintOf(error)].flatMap(textsInRemedies))
    if (texts.some((text) => this.text(text) !== text)) return true
    const inner = [error.cause, ...(error instanceof AggregateError ? error.errors : [])]
    return depth < mostCauses && inner.some((each) => each !== undefined && this.#isTold(each, depth + 1))
  }

  #copy(error: unknown, depth: number): unknown {
    if (depth > mostCauses || error === undefined) return undefined
    if (!(error instanceof Error)) return this.text(String(error))
    const cause = error.cause === undefined ? {} : { cause: this.#copy(error.cause, depth + 1) }
    if (error instanceof EscError) {
      const { code, transient } = error
      const hint = hintOf(error)
      const shown = hint === undefined ? {} : { hint: this.rich(hint) }
      return new EscError(code, this.rich(textOfError(error)), { ...cause, ...shown, transient })
    }
    const message = this.text(error.message)
    const copy = new Error(message, cause)
    copy.name = error.name
    copy.stack = this.text(error.stack ?? message)
    return copy
  }

  #prepare(): readonly string[] {
    if (this.#forms !== undefined) return this.#forms
    const variants = [...this.#secrets].flatMap((secret) => [...variantsOf(secret)])
    const short = [...new Set(variants.filter((text) => [...text].length < leastInWords))]
    const long = variants.filter((text) => [...text].length >= leastInWords)
    this.#forms = [...secretForms(long)]
      .map((form) => Buffer.from(form).toString('latin1'))
      .sort((a, b) => b.length - a.length)
    const words = short.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).sort((a, b) => b.length - a.length)
    this.#alone =
      words.length === 0 ? undefined : new RegExp(`(?<![\\p{L}\\p{N}_])(?:${words.join('|')})(?![\\p{L}\\p{N}_])`, 'gu')
    return this.#forms
  }
}

/** Every byte that belongs to any form is hidden; what overlaps or touches becomes one mask. */
function hideForms(text: string, forms: readonly string[]): string {
  const bytes = Buffer.from(text).toString('latin1')
  const found: { start: number; end: number }[] = []
  for (const form of forms) {
    for (let at = bytes.indexOf(form); at !== -1; at = bytes.indexOf(form, at + 1)) {
      found.push({ start: at, end: at + form.length })
    }
  }
  if (found.length === 0) return text
  found.sort((a, b) => a.start - b.start)
  let shown = ''
  let end = 0
  for (const each of found) {
    if (each.start > end || shown === '') shown += bytes.slice(end, each.start) + mask
    end = Math.max(end, each.end)
  }
  return Buffer.from(shown + bytes.slice(end), 'latin1').toString()
}

function textOf(value: unknown): string[] {
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : []
}

function textsInRemedies(text: Text | undefined): string[] {
  return remediesIn(text).flatMap((remedy) => Object.values(remedy).flat().map(String))
}
