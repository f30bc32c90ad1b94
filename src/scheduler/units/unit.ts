import { posixQuote } from '../../operations/index.ts'

/** The data of the printed unit. */
export interface UnitContext {
  /** Words that start this program, with absolute paths. */
  readonly program: readonly string[]
  /** The store's folder, absolute. */
  readonly store: string
  /**
   * The state folder of this machine: where an interrupted rotation is kept,
   * and who holds which lock.
   */
  readonly state: string
  /** The same below the top of its git repository; empty: it is the top, or there is none. */
  readonly storeInRepository: string
  /** Name of the user who has asked. */
  readonly user: string
  /** The image that has `esc` and `git` in it. */
  readonly image: string
}

/** Tells how a process that nobody sits at gets the key, as comment lines. */
export const keyComment = [
  'Nobody is there to be asked for a key. What the store is encrypted with decides what is needed:',
  '  default      ESC_KEY: the line of its key in the file default.key of your configuration folder',
  '  passphrase   ESC_PASSPHRASE_FILE: a file that holds the passphrase',
  '  age          SOPS_AGE_KEY_FILE: a file that holds the identity',
  '  a cloud key  nothing here: the machine or its service account must be allowed to decrypt with it',
]

export function commented(lines: readonly string[]): string {
  return lines.map((line) => `# ${line}`.trimEnd()).join('\n')
}

/** A word of a shell's command line, in quotes only where it needs them. */
export function unitWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : posixQuote(text)
}
