import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { pageOf } from '../graph/environment-graph.ts'
import { accessTexts as texts } from '../later-texts.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Failure } from '../parts/states.tsx'
import { perform } from '../perform.ts'
import { texts as common } from '../texts.ts'
import { type Done, fileOf, type Joining, type Leaving } from './access.ts'

interface PersonProps {
  readonly close: () => void
  readonly changed: () => void
}

/** Takes somebody who leaves out of lists, keys and rules; says before what it does. */
export function LeaveDialog({ close, changed }: PersonProps) {
  return (
    <PersonDialog<Leaving>
      title={texts.leave}
      act={texts.leaveNow}
      preview="preview-principal-removal"
      operation="remove-principal"
      inputOf={(text) => ({
        principal: text('principal'),
        recipients: text('recipients')
          .split(/[\s,]+/)
          .filter(Boolean),
      })}
      fields={
        <>
          <Field name="principal" label={texts.principal} required />
          <Field name="recipients" label={texts.theirRecipients} />
        </>
      }
      plan={(plan) => <LeavingPlan {...plan} />}
      close={close}
      changed={changed}
    />
  )
}

/** Lets somebody in: encrypts the keys of what the rules let them open for them too. */
export function JoinDialog({ close, changed }: PersonProps) {
  return (
    <PersonDialog<Joining>
      title={texts.join}
      act={texts.joinNow}
      preview="preview-principal"
      operation="add-principal"
      inputOf={(text) => ({ principal: text('principal'), recipient: text('recipient') })}
      fields={
        <>
          <Field name="principal" label={texts.principal} required />
          <Field name="recipient" label={texts.recipient} required />
          <small>{texts.joinHint}</small>
        </>
      }
      plan={(plan) => <JoiningPlan {...plan} />}
      close={close}
      changed={changed}
    />
  )
}

interface PersonDialogProps<Plan> extends PersonProps {
  readonly title: string
  readonly act: string
  readonly preview: string
  readonly operation: string
  readonly inputOf: (text: (field: string) => string) => unknown
  readonly fields: ComponentChildren
  readonly plan: (plan: Plan) => ComponentChildren
}

/** First who, then what will be done, then what came of it. */
function PersonDialog<Plan>({ title, act, preview, operation, inputOf, ...more }: PersonDialogProps<Plan>) {
  const { fields, plan: planOf, close, changed } = more
  const [planned, setPlanned] = useState<{ readonly input: unknown; readonly plan: Plan }>()
  const [done, setDone] = useState<readonly Done[]>()
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const tried = (work: Promise<void>) => {
    setBusy(true)
    setError(undefined)
    work.catch(setError).finally(() => setBusy(false))
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const input = inputOf((field) => String(form.get(field) ?? '').trim())
    tried(perform<Plan>(preview, undefined, input).then(({ result: plan }) => setPlanned({ input, plan })))
  }
  const go = () =>
    tried(
      perform<{ readonly environments: readonly Done[] }>(operation, undefined, planned?.input).then(({ result }) => {
        setDone(result.environments)
        changed()
      }),
    )
  return (
    <Dialog title={title} close={close}>
      {done === undefined && planned === undefined && (
        <form onSubmit={submit} id="person">
          {fields}
        </form>
      )}
      {done === undefined && planned !== undefined && planOf(planned.plan)}
      {done !== undefined && <Outcomes done={done} />}
      {error && <Failure error={error} />}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {done === undefined ? common.common.cancel : common.common.close}
        </button>
        {done === undefined && planned === undefined && (
          <button type="submit" form="person" aria-busy={busy} disabled={busy}>
            {texts.next}
          </button>
        )}
        {done === undefined && planned !== undefined && (
          <button type="button" class="danger" aria-busy={busy} disabled={busy} onClick={go}>
            {act}
          </button>
        )}
      </footer>
    </Dialog>
  )
}

function Field({ name, label, required = false }: { name: string; label: string; required?: boolean }) {
  return (
    <label>
      {label}
      <input name={name} required={required} autocomplete="off" spellcheck={false} />
    </label>
  )
}

function Outcomes({ done }: { done: readonly Done[] }) {
  if (done.length === 0) return <p role="status">{texts.doneWithoutKeys}</p>
  return (
    <ul role="status">
      {done.map(({ name, status, error }) => (
        <li key={name}>
          <a href={pageOf(name)}>{name}</a> <span class={`mark ${status === 'failed' ? 'bad' : 'good'}`}>{status}</span>
          {error !== undefined && <div class="detail">{error}</div>}
        </li>
      ))}
    </ul>
  )
}

function LeavingPlan({ principal, recipients, lists, rules, rekey, shared, owed, known }: Leaving) {
  return (
    <>
      <p>{texts.leaving(principal)}</p>
      <ul>
        <Item
          when={recipients.length}
          text={texts.plan.recipients(recipients.join(', '), lists.map(fileOf).join(', '))}
        />
        <Item when={rekey.length} text={texts.plan.rekey(rekey.join(', '))} />
        <Item when={rules ? 1 : 0} text={texts.plan.rules} />
        <Item when={owed.length} text={texts.plan.owed(owed.join(', '))} />
        {shared.map(({ name, secretsProvider }) => (
          <Item key={name} when={1} text={texts.plan.shared(name, secretsProvider)} />
        ))}
      </ul>
      <h3>{texts.known}</h3>
      <Known known={known} />
    </>
  )
}

/** The secrets that stay known: new keys do not make one unknown. */
function Known({ known }: { known: Leaving['known'] }) {
  const some = known.filter(
    ({ exposed: { rotators, secrets, webhooks } }) => rotators.length + secrets.length + webhooks.length > 0,
  )
  if (some.length === 0) return <p class="muted">{texts.nothingKnown}</p>
  return (
    <>
      <p class="muted">{texts.knownHint}</p>
      <ul>
        {some.map(({ name, exposed: { rotators, secrets, webhooks } }) => (
          <li key={name}>
            <a href={pageOf(name, rotators.length > 0 ? 'rotated' : 'editor')}>{name}</a>
            <Detail label={texts.knownAs.rotators} items={rotators.map(({ path }) => path)} />
            <Detail label={texts.knownAs.secrets} items={secrets} />
            <Detail label={texts.knownAs.webhooks} items={webhooks.map(({ displayName }) => displayName)} />
          </li>
        ))}
      </ul>
    </>
  )
}

function Detail({ label, items }: { label: string; items: readonly string[] }) {
  return items.length === 0 ? null : <div class="detail">{`${label}: ${items.join(', ')}`}</div>
}

function JoiningPlan({ principal, lists, lock, already, shared, others }: Joining) {
  return (
    <>
      <p>{texts.joining(principal)}</p>
      <ul>
        <Item when={lists.length} text={texts.plan.listed(lists.map(fileOf).join(', '))} />
        <Item when={lock.length} text={texts.plan.lock(lock.join(', '))} />
        <Item when={already.length} text={texts.plan.already(already.join(', '))} />
        {shared.map(({ name, secretsProvider }) => (
          <Item key={name} when={1} text={texts.plan.sharedKey(name, secretsProvider)} />
        ))}
        {others.map(({ name, recipients }) => (
          <Item key={name} when={1} text={texts.plan.others(name, recipients.join(', '))} />
        ))}
      </ul>
    </>
  )
}

function Item({ when, text }: { when: number; text: string }) {
  return when === 0 ? null : <li>{text}</li>
}
