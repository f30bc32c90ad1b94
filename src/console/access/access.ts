import { accessTexts as texts } from '../later-texts.ts'

export interface Rule {
  /** The place where it is written: `esc.yaml:12`, perhaps with folders before it. */
  readonly place: string
  readonly environments: readonly string[]
  readonly principals: readonly string[]
  readonly level: string
}

interface Reason {
  readonly kind: 'rule' | 'default' | 'no-rules' | 'unlimited'
  readonly rule?: Rule
  /** The name in the rule that meant the principal. */
  readonly as?: string
}

interface Decision {
  readonly level: string
  readonly because: Reason
}

/** The access of one principal. */
export interface Held extends Decision {
  readonly principal: string
  readonly teams: readonly string[]
}

/** The rules of the store, and what the person who is signed in may do with it as a whole. */
export interface AccessList {
  readonly rules?: {
    readonly everybody: string
    readonly teams: Readonly<Record<string, readonly string[]>>
    readonly rules: readonly Rule[]
  }
  readonly who: { readonly name: string }
  readonly store: Decision
}

/** The access of all principals to one environment, and why they have it. */
export interface Explanation {
  readonly environment: string
  readonly rules: boolean
  readonly who: Held
  readonly others: readonly Held[]
  readonly everybody: string
  readonly key?: {
    readonly kind: 'recipients' | 'key-file' | 'passphrase' | 'service'
    readonly secretsProvider: string
    readonly file?: string
    readonly recipients?: readonly { readonly recipient: string; readonly of?: string }[]
    readonly key?: string
  }
  readonly unapplied?: { readonly added: readonly string[]; readonly removed: readonly string[] }
}

/** Things known to whoever could open an environment. Paths are below `values`. */
interface Exposed {
  readonly rotators: readonly { readonly path: string; readonly rotator: string }[]
  readonly secrets: readonly string[]
  readonly webhooks: readonly { readonly name: string; readonly displayName: string }[]
}

/** The steps when somebody leaves, and the secrets that stay known to them. */
export interface Leaving {
  readonly principal: string
  readonly recipients: readonly string[]
  readonly lists: readonly string[]
  readonly rules: boolean
  readonly rekey: readonly string[]
  readonly shared: readonly { readonly name: string; readonly secretsProvider: string }[]
  readonly owed: readonly string[]
  readonly known: readonly { readonly name: string; readonly exposed: Exposed }[]
}

/** The steps when somebody is let in. */
export interface Joining {
  readonly principal: string
  readonly lists: readonly string[]
  readonly lock: readonly string[]
  readonly already: readonly string[]
  readonly shared: readonly { readonly name: string; readonly secretsProvider: string }[]
  readonly others: readonly { readonly name: string; readonly recipients: readonly string[] }[]
}

/** The outcome for one environment. */
export interface Done {
  readonly name: string
  readonly status: string
  readonly error?: string
}

/** The grounds of a decision in a sentence. */
export function reasonOf({ because: { kind, rule, as = '' } }: Decision): string {
  if (kind === 'no-rules') return texts.because.noRules
  if (kind === 'unlimited') return texts.because.unlimited
  if (kind === 'default' || rule === undefined) return texts.because.default
  return texts.because.rule(fileOf(rule.place), as)
}

/** A place without the folders before it. */
export function fileOf(place: string): string {
  return place.split(/[\\/]/).at(-1) ?? place
}
