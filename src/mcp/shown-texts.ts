import { secretForms } from '../masking/index.ts'
import { HiddenPatterns, Redactor } from '../masking/redactor/index.ts'
import { Secret } from '../secret.ts'

/** Shorter ones would hide parts of ordinary words. */
const LEAST_LENGTH = 4

/**
 * A text that is shown as it is: a name, a path, a definition with placeholders, a value that is no
 * secret, an output that was redacted.
 */
export class PublicText {
  readonly text: string | number

  constructor(text: string | number) {
    this.text = text
  }
}

/**
 * Hides the secrets of all environments that this process has opened in what leaves it, as `run`
 * hides them. It is the last guard: what is a secret is left out before.
 */
export class ShownTexts {
  readonly #secrets = new Set<string>()
  #patterns: HiddenPatterns | undefined

  /** Further secrets to hide from now on. */
  hide(secrets: Iterable<string>): void {
    for (const secret of secrets) if (secret.trim().length >= LEAST_LENGTH) this.#secrets.add(secret)
    this.#patterns = undefined
  }

  get secrets(): ReadonlySet<string> {
    return this.#secrets
  }

  text(text: string): string {
    this.#patterns ??= new HiddenPatterns(() => secretForms([...this.#secrets]))
    const redactor = new Redactor(this.#patterns)
    return Buffer.concat([redactor.push(Buffer.from(text)), redactor.end()]).toString()
  }

  /** The same data, with every text in it masked. Keys and numbers stay. */
  data(value: unknown): unknown {
    if (value instanceof PublicText) return value.text
    if (value instanceof Secret) return '[secret]'
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((each) => this.data(each))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.data(member)]))
  }
}
