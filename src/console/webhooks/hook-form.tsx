import { useState } from 'preact/hooks'
import { webhookTexts as texts } from '../later-texts.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Failure } from '../parts/states.tsx'
import { perform } from '../perform.ts'
import { texts as common } from '../texts.ts'
import { events, formats, type Hook } from './hook.ts'

interface Props {
  readonly name: string
  /** The webhook to change; `undefined`: a new one. */
  readonly hook: Hook | undefined
  readonly close: () => void
  readonly saved: () => void
}

/** Makes a webhook, or changes one. Secrets are typed anew or stay as they are: none is shown. */
export function HookForm({ name, hook, close, saved }: Props) {
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const [all, setAll] = useState(hook === undefined || hook.events.length + hook.groups.length === 0)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    setBusy(true)
    setError(undefined)
    save(name, hook, form)
      .then(() => {
        saved()
        close()
      }, setError)
      .finally(() => setBusy(false))
  }
  const title = hook === undefined ? texts.create : texts.editOf(hook.displayName)
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={submit}>
        <label>
          {texts.name}
          <input
            name="displayName"
            required
            maxLength={200}
            autocomplete="off"
            defaultValue={hook?.displayName ?? ''}
          />
        </label>
        <label>
          {texts.url}
          <input
            name="url"
            required={hook === undefined}
            autocomplete="off"
            placeholder={hook === undefined ? 'https://' : texts.keeps(hook.url)}
          />
        </label>
        <label>
          {texts.format}
          <select name="format">
            {formats.map((format) => (
              <option key={format} value={format} selected={format === (hook?.format ?? 'raw')}>
                {format}
              </option>
            ))}
          </select>
        </label>
        <fieldset>
          <label>
            <input
              type="checkbox"
              name="all"
              checked={all}
              onChange={({ currentTarget }) => setAll(currentTarget.checked)}
            />
            {texts.allEvents}
          </label>
          {!all &&
            events.map((each) => (
              <label key={each}>
                <input
                  type="checkbox"
                  name="event"
                  value={each}
                  defaultChecked={hook === undefined || hook.groups.length > 0 || hook.events.includes(each)}
                />
                {each}
              </label>
            ))}
        </fieldset>
        <label>
          {texts.secret}
          <input name="secret" type="password" autocomplete="off" aria-describedby="secret-hint" />
        </label>
        <small id="secret-hint">{hook?.hasSecret ? texts.secretKept : texts.secretHint}</small>
        {hook?.hasSecret && (
          <label>
            <input type="checkbox" name="withoutSecret" />
            {texts.withoutSecret}
          </label>
        )}
        <label>
          {texts.authorization}
          <input name="authorization" type="password" autocomplete="off" aria-describedby="authorization-hint" />
        </label>
        <small id="authorization-hint">{texts.authorizationHint}</small>
        <label>
          <input type="checkbox" name="active" defaultChecked={hook?.active ?? true} />
          {texts.active}
        </label>
        {error && <Failure error={error} />}
        <footer>
          <button type="button" class="secondary" onClick={close}>
            {common.common.cancel}
          </button>
          <button type="submit" aria-busy={busy} disabled={busy}>
            {hook === undefined ? texts.create : texts.save}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

function save(name: string, hook: Hook | undefined, form: FormData): Promise<unknown> {
  const text = (field: string) => String(form.get(field) ?? '').trim()
  const chosen = form.has('all') ? [] : form.getAll('event').map(String)
  if (!form.has('all') && chosen.length === 0) return Promise.reject(new Error(texts.noEvent))
  const authorization = text('authorization')
  const fields = {
    displayName: text('displayName'),
    ...(text('url') !== '' && { url: text('url') }),
    format: text('format'),
    active: form.has('active'),
    ...(text('secret') !== '' && { secret: text('secret') }),
    ...(authorization !== '' && { headers: { Authorization: authorization } }),
  }
  if (hook === undefined) return perform('create-webhook', name, { ...fields, events: chosen })
  const edit = {
    ...fields,
    ...(form.has('withoutSecret') && text('secret') === '' && { secret: null }),
    events: { kind: 'replace', values: chosen },
    groups: { kind: 'replace', values: [] },
  }
  return perform('edit-webhook', name, { name: hook.name, edit })
}
