import type { RunGit } from '../../git/index.ts'
import type { Text } from '../../rich-text.ts'
import type { CipherPair, Reencrypt } from '../revisions/reencryption.ts'
import type { Stamp } from '../revisions/versions.ts'
import type { ThreeTexts } from './merge-definitions.ts'
import type { Sides } from './side.ts'

/** A side of a merge as people see it: `ours` is what they have made in this clone. */
export type Whose = 'ours' | 'theirs'

export interface RenumberOptions extends Stamp {
  /** `ours` keeps its numbers, and `theirs` is put after it. */
  readonly sides: Sides
  /**
   * The side of the two that comes from elsewhere, so that its key may be
   * unknown here. Default: theirs.
   */
  readonly incoming?: Whose
  /** The names that people know the sides by. Default: as `sides` does. */
  readonly whose?: { readonly kept: Whose; readonly moved: Whose }
  readonly runGit: RunGit
  /** For when both sides made the data key: moves the secrets of theirs under ours. */
  readonly reencrypt: Reencrypt
  /**
   * Is asked before the definitions are merged: makes both say the same where no person could
   * choose, as between two ciphertexts.
   */
  readonly reconcile?: (texts: TextsToReconcile) => ReconciledTexts
  /**
   * Has the last word on a merged definition: encrypts what a person typed in clear, and
   * refuses what is no definition.
   */
  readonly complete?: (definition: string, ciphers: CipherPair) => string | Promise<string>
}

/** The definitions of both sides, under the same key, and when each was last rotated. */
export interface TextsToReconcile extends ThreeTexts {
  readonly rotated: { readonly ours: Date; readonly theirs: Date }
}

export interface ReconciledTexts {
  readonly ours: string
  readonly theirs: string
  /** Makes a text that a person has written say the same. */
  readonly apply: (text: string) => string
}

export interface Renumbered {
  /** The newest revision, which holds what both sides did. */
  readonly revision: number
  /** The side whose revisions have a new number, if any. */
  readonly side: Whose
  /** Revisions that have a new number. */
  readonly renumbered: readonly { readonly from: number; readonly to: number }[]
  /**
   * The way in which the definition was merged. `one-side`: only one had changed it, or both alike.
   */
  readonly definition: 'one-side' | 'lines' | 'keys' | 'hand'
  /** The places at which one side had to be preferred. */
  readonly notes: readonly Text[]
}
