import '../list-style.ts'
import { useState } from 'preact/hooks'
import { webhookTexts as texts } from '../later-texts.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Empty, Failure, Shown } from '../parts/states.tsx'
import { perform } from '../perform.ts'
import { Action } from '../rights.tsx'
import { texts as common } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'
import { Deliveries } from '../webhooks/deliveries.tsx'
import type { Hook } from '../webhooks/hook.ts'
import { HookForm } from '../webhooks/hook-form.tsx'
import type { TabProps } from './tab.ts'

/** The webhooks of an environment, and what was sent to them. */
export function Webhooks({ name }: TabProps) {
  const loaded = useLoaded(async () => (await perform<readonly Hook[]>('list-webhooks', name)).result, [name])
  const [form, setForm] = useState<'closed' | 'new' | Hook>('closed')
  return (
    <>
      <div class="heading">
        <span class="muted">{texts.hint}</span>
        <Action does="create-webhook" onClick={() => setForm('new')}>
          {texts.create}
        </Action>
      </div>
      <Shown of={loaded}>
        {(all) =>
          all.length === 0 ? (
            <Empty text={texts.none} />
          ) : (
            all.map((hook) => (
              <HookBlock key={hook.name} name={name} hook={hook} edit={() => setForm(hook)} changed={loaded.reload} />
            ))
          )
        }
      </Shown>
      {form !== 'closed' && (
        <HookForm
          name={name}
          hook={form === 'new' ? undefined : form}
          close={() => setForm('closed')}
          saved={loaded.reload}
        />
      )}
    </>
  )
}

interface BlockProps {
  readonly name: string
  readonly hook: Hook
  readonly edit: () => void
  readonly changed: () => void
}

function HookBlock({ name, hook, edit, changed }: BlockProps) {
  const [turn, setTurn] = useState(0)
  const [open, setOpen] = useState(false)
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const [removing, setRemoving] = useState(false)
  const ping = () => {
    setBusy(true)
    setError(undefined)
    perform('ping-webhook', name, hook.name)
      .then(() => {
        setOpen(true)
        setTurn((before) => before + 1)
      }, setError)
      .finally(() => setBusy(false))
  }
  const button = (does: string, text: string, onClick: () => void, isBusy = false) => (
    <Action does={does} class="secondary" onClick={onClick} busy={isBusy} aria-label={`${text} ${hook.displayName}`}>
      {text}
    </Action>
  )
  return (
    <article aria-label={hook.displayName}>
      <div class="heading">
        <div class="hook">
          <strong>{hook.displayName}</strong> <small class="muted">{`${hook.name}, ${hook.format}`}</small>
          {!hook.active && <span class="mark bad">{texts.inactive}</span>}
          {hook.hasSecret && <span class="mark">{texts.signed}</span>}
          <div>
            <code>{hook.url}</code>
          </div>
          <div class="detail">{eventsOf(hook)}</div>
          {hook.headerNames.length > 0 && <div class="detail">{texts.headers(hook.headerNames.join(', '))}</div>}
        </div>
        <div class="buttons">
          {button('ping-webhook', texts.ping, ping, busy)}
          {button('edit-webhook', texts.edit, edit)}
          {button('remove-webhook', texts.remove, () => setRemoving(true))}
        </div>
      </div>
      {error && <Failure error={error} />}
      <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary aria-label={texts.deliveriesOf(hook.displayName)}>{texts.deliveries}</summary>
        {open && <Deliveries name={name} hook={hook.name} turn={turn} />}
      </details>
      {removing && <RemoveHook name={name} hook={hook} close={() => setRemoving(false)} removed={changed} />}
    </article>
  )
}

function eventsOf({ events, groups }: Hook): string {
  return events.length + groups.length === 0 ? texts.allEvents : [...groups, ...events].join(', ')
}

interface RemoveProps {
  readonly name: string
  readonly hook: Hook
  readonly close: () => void
  readonly removed: () => void
}

function RemoveHook({ name, hook, close, removed }: RemoveProps) {
  const [error, setError] = useState<Error>()
  const remove = () => void perform('remove-webhook', name, hook.name).then(removed, setError)
  return (
    <Dialog title={texts.confirm(hook.displayName)} close={close}>
      <p>{texts.dies}</p>
      {error && <Failure error={error} />}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {common.common.cancel}
        </button>
        <button type="button" class="danger" onClick={remove}>
          {texts.remove}
        </button>
      </footer>
    </Dialog>
  )
}
