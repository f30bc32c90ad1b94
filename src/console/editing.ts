import { perform } from './perform.ts'

/** A part of a text: offsets in UTF-16 code units, `end` not included. */
export interface TextPart {
  readonly start: number
  readonly end: number
}

/** A mistake or warning at its place. */
export interface PlacedDiagnostic {
  readonly severity: 'error' | 'warning'
  readonly part: TextPart
  /** The place in another environment that it is about. */
  readonly place?: string
  readonly summary: string
  readonly hint?: string
}

/** A value that a definition comes to. Of a secret nothing but that it is one. */
export interface EditedValue {
  readonly path: string
  readonly shown?: string
  readonly secret?: true
  readonly unknown?: true
  readonly from: string
}

/** The findings of the server in a text. */
export interface CheckedEdit {
  readonly diagnostics: readonly PlacedDiagnostic[]
  /** The values it comes to. Undefined: the text could not be evaluated. */
  readonly values?: { readonly listed: readonly EditedValue[]; readonly more: number }
}

/** The things that can be written at a place. */
export interface Offers {
  readonly part: TextPart
  readonly offers: readonly {
    readonly kind: 'field' | 'value-name' | 'builtin' | 'input' | 'environment' | 'constant'
    readonly label: string
    readonly newText: string
    readonly detail?: string
    readonly description?: string
    readonly rank: number
  }[]
}

/** Facts about a place. No secret is in them. */
export interface PlaceFacts {
  readonly part: TextPart
  readonly title: string
  readonly type?: string
  readonly value?: string
  readonly about: readonly string[]
  /** The places where it is defined, then those of what it overrides. */
  readonly definedAt: readonly string[]
}

/** A place that something is defined at. Lines and columns count from 1. */
export interface DefinitionTarget {
  readonly environment: string
  readonly line?: number
  readonly column?: number
}

/** A change of a text that is being edited. */
export interface TextEdit extends TextPart {
  readonly newText: string
}

/** A value that an edit changes. `undefined`: it is not there. */
export interface ShownChange {
  readonly path: string
  readonly before?: string
  readonly after?: string
}

/** A merge of an edit with a revision that was saved first. */
export interface ProposedMerge {
  readonly text: string
  readonly conflicts: readonly { readonly path: string; readonly ours?: string; readonly theirs?: string }[]
  readonly taken: readonly string[]
}

export type Side = 'ours' | 'theirs'

/** Asks the server about a text that is being edited. Each throws ApiError. */
export class EditedDefinition {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  check(text: string, signal: AbortSignal): Promise<CheckedEdit> {
    return this.#ask('check-edit', { text }, signal)
  }

  offers(text: string, offset: number, known: string | undefined): Promise<Offers | null> {
    return this.#ask('offer-completions', { text, offset, known })
  }

  facts(text: string, offset: number): Promise<PlaceFacts | null> {
    return this.#ask('describe-place', { text, offset })
  }

  definitions(text: string, offset: number): Promise<readonly DefinitionTarget[]> {
    return this.#ask('find-definitions', { text, offset })
  }

  encrypt(text: string, offset: number): Promise<{ readonly edits: readonly TextEdit[]; readonly encrypted: boolean }> {
    return this.#ask('encrypt-in-edit', { text, offset })
  }

  changes(text: string, base: number): Promise<readonly ShownChange[] | null> {
    return this.#ask('summarize-edit', { text, base })
  }

  merge(sides: {
    readonly text: string
    readonly base: number
    readonly theirs: number
    readonly chosen: readonly { readonly path: string; readonly side: Side }[]
  }): Promise<ProposedMerge | null> {
    return this.#ask('propose-merge', sides)
  }

  async #ask<Result>(operation: string, input: object, signal?: AbortSignal): Promise<Result> {
    return (await perform<Result>(operation, this.name, input, signal)).result
  }
}
