import { useState } from 'preact/hooks'
import { environmentPath, getJson, sendJson } from '../api.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Empty, Failure, Shown } from '../parts/states.tsx'
import { When } from '../parts/when.tsx'
import { useSignedIn } from '../session.ts'
import { texts } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'
import type { TabProps } from './tab.ts'

interface Hook {
  readonly name: string
  readonly displayName: string
  readonly payloadUrl: string
  readonly format: string
  readonly active: boolean
}

interface HookDelivery {
  readonly id: string
  readonly kind: string
  readonly timestamp: number
  readonly duration: number
  readonly responseCode: number
  readonly responseBody: string
}

const formats = ['raw', 'slack', 'ms_teams', 'github', 'gitlab', 'pulumi_deployments'] as const

/** The webhooks of an environment, and what was sent to them. */
export function Webhooks({ name }: TabProps) {
  const { organization } = useSignedIn()
  const hooks = `${environmentPath(organization, name)}/hooks`
  const loaded = useLoaded((signal) => getJson<readonly Hook[]>(hooks, signal), [hooks])
  const [creating, setCreating] = useState(false)
  return (
    <>
      <div class="heading">
        <span />
        <button type="button" onClick={() => setCreating(true)}>
          {texts.webhooks.create}
        </button>
      </div>
      <Shown of={loaded}>
        {(all) =>
          all.length === 0 ? (
            <Empty text={texts.webhooks.none} />
          ) : (
            all.map((hook) => <HookBlock key={hook.name} hook={hook} hooks={hooks} changed={loaded.reload} />)
          )
        }
      </Shown>
      {creating && <NewHook name={name} hooks={hooks} close={() => setCreating(false)} saved={loaded.reload} />}
    </>
  )
}

function HookBlock({ hook, hooks, changed }: { hook: Hook; hooks: string; changed: () => void }) {
  const path = `${hooks}/${encodeURIComponent(hook.name)}`
  const [turn, setTurn] = useState(0)
  const [error, setError] = useState<Error>()
  const [removing, setRemoving] = useState(false)
  const sent = useLoaded((signal) => getJson<readonly HookDelivery[]>(`${path}/deliveries`, signal), [path, turn])
  const ping = () => void sendJson('POST', `${path}/ping`).then(() => setTurn(turn + 1), setError)
  return (
    <article>
      <div class="heading">
        <div>
          <strong>{hook.displayName}</strong> <small class="muted">{`${hook.name}, ${hook.format}`}</small>
          <div>
            <code>{hook.payloadUrl}</code>
          </div>
        </div>
        <div class="buttons">
          <button type="button" class="secondary" onClick={ping} aria-label={`${texts.webhooks.ping} ${hook.name}`}>
            {texts.webhooks.ping}
          </button>
          <button
            type="button"
            class="secondary"
            onClick={() => setRemoving(true)}
            aria-label={`${texts.webhooks.remove} ${hook.name}`}
          >
            {texts.webhooks.remove}
          </button>
        </div>
      </div>
      {error && <Failure error={error} />}
      <details>
        <summary>{texts.webhooks.deliveries}</summary>
        <Shown of={sent}>
          {(deliveries) =>
            deliveries.length === 0 ? (
              <p class="muted">{texts.webhooks.noDeliveries}</p>
            ) : (
              <ul class="plan">
                {deliveries.map(({ id, kind, timestamp, duration, responseCode, responseBody }) => (
                  <li key={id}>
                    <span class={`mark ${responseCode >= 200 && responseCode < 300 ? 'good' : 'bad'}`}>
                      {responseCode || '–'}
                    </span>{' '}
                    {kind}, <When at={new Date(timestamp * 1000).toISOString()} />, {duration} ms
                    {responseCode === 0 && <div class="detail">{responseBody}</div>}
                  </li>
                ))}
              </ul>
            )
          }
        </Shown>
      </details>
      {removing && (
        <Dialog title={texts.webhooks.confirm(hook.displayName)} close={() => setRemoving(false)}>
          <p>{texts.webhooks.removed}</p>
          <footer>
            <button type="button" class="secondary" onClick={() => setRemoving(false)}>
              {texts.common.cancel}
            </button>
            <button type="button" class="danger" onClick={() => void sendJson('DELETE', path).then(changed, setError)}>
              {texts.webhooks.remove}
            </button>
          </footer>
        </Dialog>
      )}
    </article>
  )
}

function NewHook({ name, hooks, close, saved }: { name: string; hooks: string; close: () => void; saved: () => void }) {
  const { organization } = useSignedIn()
  const [error, setError] = useState<Error>()
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const [project, environment] = name.split('/')
    const secret = String(form.get('secret') ?? '')
    sendJson('POST', hooks, {
      active: true,
      displayName: String(form.get('displayName')),
      organizationName: organization,
      projectName: project,
      envName: environment,
      payloadUrl: String(form.get('url')),
      format: String(form.get('format')),
      ...(secret !== '' && { secret }),
    }).then(() => {
      saved()
      close()
    }, setError)
  }
  return (
    <Dialog title={texts.webhooks.create} close={close}>
      <form onSubmit={submit}>
        <label>
          {texts.webhooks.name}
          <input name="displayName" required autocomplete="off" />
        </label>
        <label>
          {texts.webhooks.url}
          <input name="url" type="url" required autocomplete="off" placeholder="https://" />
        </label>
        <label>
          {texts.webhooks.format}
          <select name="format">
            {formats.map((format) => (
              <option key={format}>{format}</option>
            ))}
          </select>
        </label>
        <label>
          {texts.webhooks.secret}
          <input name="secret" type="password" autocomplete="off" aria-describedby="secret-hint" />
        </label>
        <small id="secret-hint">{texts.webhooks.secretHint}</small>
        {error && <Failure error={error} />}
        <footer>
          <button type="button" class="secondary" onClick={close}>
            {texts.common.cancel}
          </button>
          <button type="submit">{texts.webhooks.create}</button>
        </footer>
      </form>
    </Dialog>
  )
}
