import '../list-style.ts'
import { useState } from 'preact/hooks'
import { auditTexts as texts } from '../later-texts.ts'
import { perform } from '../perform.ts'
import { Failure } from './states.tsx'

interface Head {
  readonly log: string
  readonly sequence: number
  readonly digest: string
}

interface Verified {
  readonly lines: number
  readonly heads: readonly Head[]
  readonly findings: readonly {
    readonly kind: string
    readonly severity: 'error' | 'note'
    readonly place: string
    readonly problem: string
  }[]
}

/** Verifies that the audit log is as it was written, and says what was found. */
export function Verification() {
  const [verified, setVerified] = useState<Verified>()
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    setError(undefined)
    setBusy(true)
    verify(String(form.get('expected') ?? ''))
      .then(setVerified, (problem: Error) => {
        setVerified(undefined)
        setError(problem)
      })
      .finally(() => setBusy(false))
  }
  return (
    <section class="verification" aria-labelledby="verification">
      <h2 id="verification">{texts.verification}</h2>
      <p class="muted">{texts.verificationHint}</p>
      <form onSubmit={submit}>
        <label>
          {texts.expected}
          <textarea name="expected" rows={1} placeholder="log:sequence:digest" spellcheck={false} />
        </label>
        <button type="submit" aria-busy={busy} disabled={busy}>
          {texts.verify}
        </button>
      </form>
      {error && <Failure error={error} />}
      <div role="status">{verified && <Result {...verified} />}</div>
    </section>
  )
}

async function verify(text: string): Promise<Verified> {
  const expected = text.split(/\s+/).filter(Boolean).map(readHead)
  return (await perform<Verified>('verify-audit-log', undefined, { expected })).result
}

function readHead(text: string): Head {
  const [, log, sequence, digest] = /^([A-Za-z0-9_-]+):([0-9]{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (log === undefined || digest === undefined) throw new Error(texts.noHead(text))
  return { log, sequence: Number(sequence), digest }
}

function Result({ lines, heads, findings }: Verified) {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  return (
    <div class={`outcome ${errors > 0 ? 'bad' : ''}`}>
      <p>{errors > 0 ? texts.wrong(lines, errors) : texts.sound(lines)}</p>
      {findings.length > 0 && (
        <ul>
          {findings.map(({ kind, severity, place, problem }) => (
            <li key={`${place} ${kind}`}>
              <span class={`mark ${severity === 'error' ? 'bad' : ''}`}>{kind}</span>
              {problem}
              <div class="detail">{place}</div>
            </li>
          ))}
        </ul>
      )}
      <p>{texts.heads}</p>
      <ul>
        {heads.map(({ log, sequence, digest }) => (
          <li key={log}>
            <code>{`${log}:${sequence}:${digest}`}</code>
          </li>
        ))}
      </ul>
    </div>
  )
}
