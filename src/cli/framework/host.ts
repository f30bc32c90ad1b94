import type { SessionHost } from '../../operations/index.ts'
import type { Io } from '../terminal/index.ts'
import type { RunningCommand } from './running-command.ts'

/**
 * The surroundings of one command: its terminal, and what else it must not find for itself. A
 * program that embeds the commands, or a test, may hand in a registry of providers and a
 * source of randomness of its own.
 */
export interface Host extends Io, Pick<SessionHost, 'provider' | 'random' | 'postWebhook' | 'build'> {
  /** The command that runs. */
  readonly command?: RunningCommand
}
