import type { TextDocument } from 'vscode-languageserver-textdocument'
import type { Analysis, DocumentLocation } from '../operations/index.ts'

/** Makes the analysis of a text. */
export type Analyze = (text: string, signal: AbortSignal) => Promise<Analysis>

/** A document that is open in an editor, saved or not, and what is known of it. */
export class OpenDocument {
  readonly uri: string
  /** The environment that it defines. Undefined: it is in no store. */
  readonly place: DocumentLocation | undefined
  /** The last analysis that could be evaluated: while somebody types, the text often cannot. */
  known: Analysis | undefined
  readonly #analyze: Analyze
  #document: TextDocument
  #running: { readonly promise: Promise<Analysis>; readonly abort: AbortController } | undefined

  constructor(document: TextDocument, place: DocumentLocation | undefined, analyze: Analyze) {
    this.uri = document.uri
    this.place = place
    this.#document = document
    this.#analyze = analyze
  }

  /** The text as it is now, with its positions. */
  get document(): TextDocument {
    return this.#document
  }

  /** Takes another text, and ends the analysis of the one before. */
  change(document: TextDocument): void {
    this.#document = document
    this.forget()
  }

  /** The store may have changed: the next analysis begins anew. */
  forget(): void {
    this.#running?.abort.abort()
    this.#running = undefined
  }

  /** The analysis of the text as it is now, made once. Rejects when another text came meanwhile. */
  analysis(): Promise<Analysis> {
    this.#running ??= this.#begin()
    return this.#running.promise
  }

  #begin() {
    const abort = new AbortController()
    const promise = this.#analyze(this.#document.getText(), abort.signal).then((analysis) => {
      if (abort.signal.aborted) throw new Superseded()
      if (analysis.environment !== undefined) this.known = analysis
      return analysis
    })
    // Whoever asks hears of it.
    promise.catch(() => {})
    return { promise, abort }
  }
}

/** The analysis was of a text that is not there any more. */
export class Superseded extends Error {}
