import { hash } from 'node:crypto'
import type { AuditEvent } from './events.ts'

/**
 * `allowed`: it is about to be done; of what is more than reading, `done` or `failed` follows,
 * unless the process was killed.
 */
export type AuditResult = 'allowed' | 'done' | 'failed' | 'denied'

/** Names, numbers and codes only; never a secret or a value. */
export type AuditDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** The place where something was done from. */
export interface AuditOrigin {
  readonly host: string
  readonly process: number
  /** The words of the command, without arguments: `env open`. Undefined: another program. */
  readonly command?: string
  /** True when somebody sat at a terminal. */
  readonly terminal?: boolean
  /** The CI system and its run: `github-actions 12345`. */
  readonly ci?: string
  /** The name of the token that a server was shown. Never the token. */
  readonly token?: string
  /** The address of whoever called a server, or has logged in by ssh. */
  readonly address?: string
}

/** Something that was done, or tried. */
export interface AuditEntry extends AuditOrigin {
  /** RFC 3339, UTC. */
  readonly time: string
  readonly event: AuditEvent
  readonly result: AuditResult
  /** `project/name`; `*`: the store as a whole. */
  readonly environment: string
  readonly user: string
  /** The way in which the user is known: `ESC_PRINCIPAL`, `login`, `git`, `system`. */
  readonly userFrom: string
  readonly details?: AuditDetails
}

/** An entry in its place in a log. */
export interface AuditLine extends AuditEntry {
  /** 1, 2, 3 … through all files of one log. */
  readonly sequence: number
  /** Digest of the line before; empty for the first. */
  readonly previous: string
}

/** Place first, so that a line can be found by eye. Without a line break. */
export function formatLine(
  entry: AuditEntry,
  { sequence, previous }: Pick<AuditLine, 'sequence' | 'previous'>,
): string {
  const { time, event, result, environment, user, userFrom, ...rest } = entry
  return JSON.stringify({ sequence, time, event, result, environment, user, userFrom, ...rest, previous })
}

/** `undefined` for what is no line of a log, such as one that a crash cut short. */
export function parseLine(text: string): AuditLine | undefined {
  try {
    const line = JSON.parse(text) as AuditLine
    const sound =
      Number.isSafeInteger(line.sequence) &&
      [line.time, line.event, line.result, line.environment, line.user, line.previous].every(
        (each) => typeof each === 'string',
      )
    return sound ? line : undefined
  } catch {
    return undefined
  }
}

/** SHA-256 of a line without its break, in hexadecimal: 64 digits. */
export function digestOfLine(text: string): string {
  return hash('sha256', text, 'hex')
}
