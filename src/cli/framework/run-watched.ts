import { EscError, messageOf } from '../../errors.ts'
import type { Notice } from '../../notice.ts'
import {
  nextVersion,
  type OpenedEnvironment,
  openEnvironment,
  reopenSession,
  type SessionHost,
} from '../../operations/index.ts'
import { catchSignals, type PreparedProgram, runAgain, worded } from '../terminal/index.ts'
import type { Host } from './host.ts'
import { noticeText } from './notice-text.ts'
import { notStarted, showDiagnostics } from './run-problems.ts'
import type { Target } from './session.ts'

/** Makes ready what runs in an environment; its secrets are added to those given. */
export type Prepare = (opened: OpenedEnvironment, secrets: Set<string>) => Promise<PreparedProgram>

/** `esc run --watch`: runs a command in an environment, and again in each newer version of it. */
export async function watchAndRun({ session, reference }: Target, io: Host, prepare: Prepare): Promise<number> {
  const { host } = session
  // The store is opened anew for each look; what the user has been asked is not asked again.
  const answers = host.prompt && rememberAnswers(host.prompt)
  let { notify } = host
  const reopen = () => reopenSession(session, { prompt: answers?.prompt, notify: (notice: Notice) => notify(notice) })
  let { result: opened } = await reopen().perform(openEnvironment, reference)
  showDiagnostics(opened, reference.typed, io)
  answers?.asksNoMore()
  // What was secret in an earlier version is secret still.
  const secrets = new Set<string>()
  const signals = catchSignals(io)
  try {
    return await runAgain(
      {
        first: await prepare(opened, secrets),
        async next(signal, say) {
          notify = (notice) => say(noticeText(notice))
          for (;;) {
            const version = await nextVersion(opened, {
              reference,
              reopen,
              problem: (text) => say(worded(text)),
              signal,
            })
            if (version === undefined) return undefined
            opened = version.opened
            try {
              return { ...(await prepare(opened, secrets)), reason: version.change }
            } catch (error) {
              say(`${version.change}, which cannot be used: ${messageOf(error)}`)
            }
          }
        },
        signals,
      },
      io,
    )
  } catch (error) {
    throw notStarted(error)
  } finally {
    signals.release()
  }
}

type Ask = NonNullable<SessionHost['prompt']>

function rememberAnswers(ask: Ask) {
  const answers = new Map<string, string>()
  let asking = true
  const prompt: Ask = async (question, options) => {
    const known = answers.get(question)
    if (known !== undefined) return known
    if (!asking) throw new EscError('key_unavailable', `${question}: nobody can be asked while the command runs`)
    const answer = await ask(question, options)
    answers.set(question, answer)
    return answer
  }
  return {
    prompt,
    asksNoMore() {
      asking = false
    },
  }
}
