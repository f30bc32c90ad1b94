import { posixQuote } from '../../opening/posix-quote.ts'

/** The identity that a vendor is to trust. */
export interface StoreIdentity {
  readonly issuer: string
  readonly audience: string
  readonly subject: string
  /** The subject ends with `*`: every environment of the store. */
  readonly isPattern: boolean
}

/** The form of a set-up. */
export interface SetupRequest extends StoreIdentity {
  /** The name of the role, application or pool. */
  readonly name: string
  /** The powers of the login, in the vendor's words. */
  readonly policy: string | undefined
  readonly project: string | undefined
}

/** A word of a command; `variable`: what an earlier command has printed stands there. */
export type Word = string | readonly (string | { readonly variable: string })[]

/** One command of a vendor's command-line tool. */
export interface SetupStep {
  /** The purpose, as a heading. */
  readonly title: string
  readonly command: readonly Word[]
  /** Keeps what it prints for the steps after it. */
  readonly captures?: string
  /** Text for its standard input. */
  readonly input?: string
  /** Matches its error when there is nothing left to do, as an earlier run has done it. */
  readonly doneAlready?: RegExp
}

/** The words of a command. `valueFor`: what a variable holds. */
export function filledWords(words: readonly Word[], valueFor: (variable: string) => string): string[] {
  return words.map((word) =>
    typeof word === 'string'
      ? word
      : word.map((part) => (typeof part === 'string' ? part : valueFor(part.variable))).join(''),
  )
}

/** The command for a POSIX shell. */
export function shellCommand({ command, captures, input }: SetupStep): string {
  const words = command.map((word) => (typeof word === 'string' ? quote(word) : word.map(shellPart).join('')))
  const line = `${input === undefined ? '' : `printf %s ${quote(input)} | `}${words.join(' ')}`
  return captures === undefined ? line : `${captures}=$(${line})`
}

function shellPart(part: string | { readonly variable: string }): string {
  return typeof part === 'string' ? quote(part) : `"$${part.variable}"`
}

function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : posixQuote(text)
}
