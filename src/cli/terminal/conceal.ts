import { concealedText, formsToConceal } from './concealed-text.ts'

/**
 * Takes texts that may be secrets out of messages for people: every error, warning and
 * diagnostic goes through it.
 */
export class Concealment {
  readonly #texts: () => readonly string[]
  readonly #definitions: string[] = []
  /** The texts to look for, the longest first; undefined until the first message. */
  #forms: readonly string[] | undefined

  /** `texts` is asked for when the first message comes. */
  constructor(texts: () => readonly string[]) {
    this.#texts = texts
  }

  /** Takes note of a definition that is about to be saved: its secrets are still in the clear. */
  addDefinition(text: string): void {
    if (this.#definitions.includes(text)) return
    this.#definitions.push(text)
    this.#forms = undefined
  }

  /**
   * The message with `[secret]` in the place of every such text, also of one that is
   * quoted or escaped in it.
   */
  apply(message: string): string {
    this.#forms ??= formsToConceal(this.#texts(), this.#definitions)
    return concealedText(message, this.#forms)
  }
}
