import {
  type Caller,
  type EnvironmentReference,
  type LocateMode,
  locateEnvironment,
  type Session,
  type SessionHost,
  type SessionRequest,
  startSession,
  sweepTemporaryFolders,
} from '../../operations/index.ts'
import { isInteractive, secretPrompt } from '../terminal/index.ts'
import type { Host } from './host.ts'
import { noticeText } from './notice-text.ts'

/** The flags that say which store is used, and how. */
interface SessionFlags {
  readonly store?: string
  /** The time that logins last, in seconds. */
  readonly lifetime?: number
}

/** Returns the parts of a session by which operations reach the person at the terminal. */
export function sessionRequest(io: Host, flags: SessionFlags): SessionRequest {
  return {
    store: flags.store,
    caller: { origin: { command: io.command?.words, terminal: isInteractive(io) } },
    host: sessionHost(io),
    policy: { commit: io.command?.commit, lifetimeSeconds: flags.lifetime },
  }
}

function sessionHost(io: Host): SessionHost {
  return {
    cwd: io.cwd,
    env: io.env,
    prompt: secretPrompt(io),
    askTrust: trustQuestion(io),
    notify: (notice) => io.err(`${noticeText(notice)}\n`),
    hide: (definition) => io.hide?.(definition),
    now: io.now,
    progress: (text) => io.busy?.say(text),
    provider: io.provider,
    random: io.random,
    postWebhook: io.postWebhook,
    build: io.build,
    onCommit: (outcome) => io.command?.noteCommit(outcome),
    deliver: deliverer(io),
  }
}

/** As for secrets, standard output may be captured. Undefined: nobody is there. */
function trustQuestion(io: Host): SessionHost['askTrust'] {
  if (!io.stderrIsTerminal || !io.stdinIsTerminal || io.env.TERM === 'dumb') return undefined
  return async (review) => (await import('./trust-question.ts')).askTrust(review, io)
}

/** `changed`: what of the host is another than usual. `caller`: another than the person here. */
export function openSession(
  io: Host,
  flags: SessionFlags,
  changed: Partial<SessionHost> = {},
  caller?: Caller,
): Session {
  const request = sessionRequest(io, flags)
  return startSession({ ...request, caller: caller ?? request.caller, host: { ...request.host, ...changed } })
}

/** Opens a session that looks, and has nothing sent to webhooks: one look of many. */
export function openLook(io: Host, flags: { readonly store?: string }): Session {
  return openSession(io, flags, { deliver: undefined })
}

/**
 * Opens the store anew each time, for what runs long and with nobody there: no questions. Who opens
 * it sends deliveries, and says what became of commits.
 */
export function openUnattended(io: Host, flags: { readonly store?: string }): () => Session {
  const unattended = { prompt: undefined, askTrust: undefined, deliver: undefined, onCommit: undefined }
  return () => openSession(io, flags, unattended)
}

/** Has webhooks told by a process of its own, which nobody waits for. */
function deliverer(io: Host): SessionHost['deliver'] {
  const { startInBackground } = io
  if (startInBackground === undefined || io.env.ESC_NO_BACKGROUND) return undefined
  return (store) => startInBackground(['env', 'webhook', 'deliver', '--store', store, '--wait', `${waitMinutes}m`])
}

/** Minutes that the process waits for deliveries. Later ones are sent after the next command. */
const waitMinutes = 2

/** The environment a command is about, and the positionals after it. */
export interface Target {
  readonly session: Session
  readonly reference: EnvironmentReference
  readonly rest: readonly string[]
}

/** The environment comes from `--env`, else from the first positional. */
export function openTarget(
  io: Host,
  flags: SessionFlags & { readonly env?: string },
  positionals: readonly string[],
  mode: LocateMode = 'existing',
): Target {
  const [typed, rest] = flags.env === undefined ? [positionals[0], positionals.slice(1)] : [flags.env, positionals]
  return { ...locateEnvironment(sessionRequest(io, flags), typed ?? '', mode), rest }
}

/** Removes the plaintext that killed commands have left, and says so. */
export function sweepPlaintext(io: Host): void {
  for (const folder of sweepTemporaryFolders(io.env.TMPDIR, io.now()))
    io.err(`warning: removed plaintext that a killed esc had left in ${folder}\n`)
}

/** Returns the place where files that hold values are written. */
export function temporaryPlace(io: Host) {
  return { folder: io.env.TMPDIR || undefined, random: io.random }
}
