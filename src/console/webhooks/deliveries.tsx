import '../list-style.ts'
import { useState } from 'preact/hooks'
import { webhookTexts as texts } from '../later-texts.ts'
import { Failure, Shown } from '../parts/states.tsx'
import { When } from '../parts/when.tsx'
import { perform } from '../perform.ts'
import { useLoaded } from '../use-loaded.ts'
import type { HookDelivery } from './hook.ts'

/** The deliveries of a webhook, newest first, each to be sent once more. */
export function Deliveries({ name, hook, turn }: { name: string; hook: string; turn: number }) {
  const sent = useLoaded(
    async () => (await perform<readonly HookDelivery[]>('list-webhook-deliveries', name, hook)).result,
    [name, hook, turn],
  )
  return (
    <Shown of={sent}>
      {(all) =>
        all.length === 0 ? (
          <p class="muted">{texts.noDeliveries}</p>
        ) : (
          <div class="wide">
            <table>
              <thead>
                <tr>
                  <th scope="col">{texts.state}</th>
                  <th scope="col">{texts.event}</th>
                  <th scope="col" class="less">
                    {texts.answer}
                  </th>
                  <th scope="col">
                    <span class="unseen">{texts.redeliver}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {all.map((each) => (
                  <Delivery key={each.id} name={name} hook={hook} delivery={each} changed={sent.reload} />
                ))}
              </tbody>
            </table>
          </div>
        )
      }
    </Shown>
  )
}

interface DeliveryProps {
  readonly name: string
  readonly hook: string
  readonly delivery: HookDelivery
  readonly changed: () => void
}

function Delivery({ name, hook, delivery, changed }: DeliveryProps) {
  const { id, kind, created, body, state, attempts, due } = delivery
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const redeliver = () => {
    setBusy(true)
    setError(undefined)
    perform('redeliver-webhook', name, { name: hook, id })
      .then(changed, setError)
      .finally(() => setBusy(false))
  }
  return (
    <tr>
      <td>
        <span class={`mark ${state === 'delivered' ? 'good' : state === 'failed' ? 'bad' : ''}`}>
          {texts.states[state]}
        </span>
        {state === 'pending' && due !== undefined && (
          <div class="detail">
            {texts.nextAttempt} <When at={new Date(due).toISOString()} />
          </div>
        )}
      </td>
      <td>
        {kind}
        <div class="detail">
          <When at={created} />
        </div>
        <details>
          <summary aria-label={texts.detailsOf(id)}>{texts.details}</summary>
          <div class="detail">{id}</div>
          {attempts.map(({ at, durationMs, responseCode, responseBody, error: reason }) => (
            <div key={at}>
              <When at={at} />, {durationMs} ms: {responseCode === 0 ? texts.noAnswer : responseCode}
              {reason !== undefined && <div class="detail">{reason}</div>}
              {responseBody !== undefined && responseBody !== '' && <pre class="quoted">{responseBody}</pre>}
            </div>
          ))}
          <pre class="quoted">{body}</pre>
        </details>
        {error && <Failure error={error} />}
      </td>
      <td class="less">{answerOf(delivery)}</td>
      <td class="actions">
        <button
          type="button"
          class="secondary"
          aria-busy={busy}
          disabled={busy}
          onClick={redeliver}
          aria-label={`${texts.redeliver} ${id}`}
        >
          {texts.redeliver}
        </button>
      </td>
    </tr>
  )
}

/** The last answer, and which attempt it was to. */
function answerOf({ attempts }: HookDelivery): string {
  const last = attempts.at(-1)
  if (last === undefined) return texts.notTried
  const { responseCode, error } = last
  const answer = responseCode === 0 ? (error ?? texts.noAnswer) : String(responseCode)
  return attempts.length === 1 ? answer : texts.attempts(answer, attempts.length)
}
