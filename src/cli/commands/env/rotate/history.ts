import {
  type CredentialLife,
  credentialHistory,
  type RotationEvent,
  rotationHistory,
} from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { boolean } from '../../../framework/flags.ts'
import { formatTime } from '../../../framework/revision-text.ts'
import { openTarget } from '../../../framework/session.ts'
import { PAGER_FLAG } from '../../../framework/shared-flags.ts'
import { tableFor } from '../../../terminal/index.ts'

const flags = {
  credentials: boolean({ description: 'show the life of each credential; needs the key' }),
  utc: boolean({ description: 'show times in UTC' }),
  ...PAGER_FLAG,
  ...OUTPUT_FLAG,
}

/** Characters of the reason of a failure in a table. */
const longestReason = 60

interface Result {
  readonly events: readonly RotationEvent[]
  /** Present with `--credentials`. */
  readonly lives?: readonly CredentialLife[]
}

export default class EnvRotateHistory extends EscCommand<Result, typeof flags> {
  static override id = 'env:rotate:history'
  static override paged = true
  static override summary = 'Show past rotations of an environment.'
  static override description =
    `Shows every rotation, newest first: when, by whom, which paths, and the new revision. Failed rotations are shown with the reason. No key is
needed: the history holds no secrets.

With --credentials, shows the life of each credential: its user name or key id, and the revisions that created, superseded and
deleted it. That needs the key, to tell which credential is which. No secret is printed.`
  static override examples = [
    { description: 'Show the rotations of an environment', command: 'esc env rotate history rotators/ci' },
    { description: 'Show the life of each credential', command: 'esc env rotate history rotators/ci --credentials' },
    { description: 'The same for a script', command: 'esc env rotate history rotators/ci --output json' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = { environment: { description: 'the environment', required: true } }
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<Result> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    if (!this.flags.credentials) return { events: (await session.perform(rotationHistory, reference)).result }
    return { events: [], lives: (await session.perform(credentialHistory, reference)).result }
  }

  text({ events, lives }: Result): string {
    return lives === undefined ? this.#runs(events) : this.#credentials(lives)
  }

  #runs(events: readonly RotationEvent[]): string {
    const rows = events.map(({ completed, status, rotations, userID, preRotationRevision, postRotationRevision }) => [
      formatTime(new Date(completed), this.flags.utc),
      status,
      `${preRotationRevision} → ${postRotationRevision ?? '-'}`,
      userID,
      rotations
        .map(({ environmentPath, status, errorMessage }) =>
          status === 'failed'
            ? `${environmentPath} (failed${errorMessage ? `: ${this.#reason(errorMessage)}` : ''})`
            : environmentPath,
        )
        .join(', '),
    ])
    return tableFor(this.io, ['completed', 'status', 'revision', 'by', 'paths'], rows)
  }

  /** Its beginning at a terminal: the whole is in the JSON, and where the text is piped. */
  #reason(message: string): string {
    const line = message.split('\n', 1)[0] as string
    if (!this.io.stdoutIsTerminal || (line === message && line.length <= longestReason)) return message
    return `${line.slice(0, longestReason - 1).trimEnd()}…`
  }

  #credentials(lives: readonly CredentialLife[]): string {
    const moment = (each: CredentialLife['ended']) =>
      each === undefined ? '-' : `${formatTime(each.at, this.flags.utc)}, revision ${each.revision}`
    const rows = lives.map(({ path, rotator, ids, status, made, superseded, ended }) => [
      path,
      `${rotator}${Object.entries(ids)
        .map(([name, value]) => `, ${name} ${value}`)
        .join('')}`,
      status,
      moment(made),
      moment(superseded),
      moment(ended),
    ])
    return tableFor(this.io, ['path', 'credential', 'status', 'made', 'superseded', 'deleted'], rows)
  }

  override json({ events, lives }: Result): unknown {
    return lives === undefined ? { events } : { credentials: lives.map(lifeJson) }
  }
}

function lifeJson({ made, superseded, ended, ...life }: CredentialLife) {
  const moment = ({ at, revision }: CredentialLife['made']) => ({ revision, at: at.toISOString() })
  return {
    ...life,
    made: moment(made),
    superseded: superseded === undefined ? null : moment(superseded),
    deleted: ended === undefined ? null : moment(ended),
  }
}
