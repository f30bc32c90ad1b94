import type { Remedy } from './remedy.ts'

type Do<What extends Remedy['do']> = Extract<Remedy, { readonly do: What }>

/**
 * A thing that a user is told besides the result of an operation, as data without secrets. Each
 * face words it in its own way. `reason`, `why` and `changes` are in plain language.
 */
export type Notice =
  // keys
  | { readonly kind: 'key-made'; readonly file: string; readonly key: string }
  | { readonly kind: 'signing-key-made'; readonly file: string; readonly remedy: Do<'show-signing-keys'> }
  | {
      /** The list of age recipients is not the one that the data key is encrypted for. */
      readonly kind: 'recipients-edited'
      readonly environment: string
      readonly remedies: readonly [Do<'rewrap-key'>, Do<'change-secrets-provider'>]
    }
  /** Somebody who could open the environment has changed who can. */
  | { readonly kind: 'key-holders-changed'; readonly environment: string; readonly changes: readonly string[] }
  /** This operation is about to change who can. */
  | { readonly kind: 'key-holders-change'; readonly environment: string; readonly changes: readonly string[] }
  // definitions and revisions
  | {
      /** `environment.yaml` is not what commands read. */
      readonly kind: 'unsaved-edit'
      readonly environment: string
      readonly file: string
      readonly revision: number
      readonly remedy: Do<'save-definition'>
    }
  /** The text lacked the states of rotators; they were kept. */
  | { readonly kind: 'states-kept'; readonly environment: string; readonly paths: readonly string[] }
  /** Opened values were saved: those that were secret were encrypted, and calls kept. */
  | {
      readonly kind: 'values-handed-back'
      readonly environment: string
      readonly encrypted: readonly string[]
      readonly kept: readonly string[]
    }
  /** The new definition leaves rotated credentials out, which `revision` has. */
  | {
      readonly kind: 'credentials-left-out'
      readonly environment: string
      readonly revision: number
      readonly paths: readonly string[]
    }
  | {
      /** Secrets stand in other places than in `revision`; `of`: the path that each had there. */
      readonly kind: 'secrets-moved'
      readonly environment: string
      readonly revision: number
      readonly moved: readonly { readonly path: string; readonly of: string | undefined }[]
    }
  /** A revision was saved, but `environment.yaml` could not be replaced. */
  | {
      readonly kind: 'definition-not-replaced'
      readonly environment: string
      readonly revision: number
      readonly reason: string
    }
  /** A merge has given a revision that this machine has seen another number. */
  | {
      readonly kind: 'revisions-renumbered'
      readonly environment: string
      readonly from: number
      readonly to: number
    }
  /** Values that are not known are handed on as the text `[unknown]`. */
  | { readonly kind: 'unknown-passed-on'; readonly environment: string; readonly paths: readonly string[] }
  | { readonly kind: 'ambiguous-reference'; readonly typed: string; readonly resolved: string }
  // this machine
  | { readonly kind: 'foreign-journal-entry'; readonly file: string; readonly store: string | undefined }
  | { readonly kind: 'state-moved'; readonly from: string; readonly to: string }
  | {
      /** Journal entries of an earlier version are not used, because they may not be ours. */
      readonly kind: 'earlier-journal-left'
      readonly environment: string
      readonly folder: string
      readonly entries: number
      readonly why: string
      readonly remedy: Do<'check-store'>
    }
  | { readonly kind: 'audit-not-written'; readonly reason: string }
  | { readonly kind: 'webhooks-not-told'; readonly reason: string }
  | { readonly kind: 'deliveries-failed'; readonly reason: string }
