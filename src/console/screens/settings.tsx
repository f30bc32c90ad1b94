import { useEffect, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { pageOf } from '../graph/environment-graph.ts'
import { settingsTexts as texts } from '../later-texts.ts'
import { Dialog } from '../parts/dialog.tsx'
import { EnvironmentTags } from '../parts/environment-tags.tsx'
import { Failure, Shown } from '../parts/states.tsx'
import { perform } from '../perform.ts'
import { texts as common } from '../texts.ts'
import { type Loaded, useLoaded } from '../use-loaded.ts'
import type { TabProps } from './tab.ts'

interface Settings {
  readonly 'deletion-protected': boolean
}

/** The tags of an environment, its protection, and its removal. */
export function EnvironmentSettings({ name }: TabProps) {
  const settings = useLoaded(async () => (await perform<Settings>('get-environment-settings', name)).result, [name])
  return (
    <>
      <EnvironmentTags name={name} />
      <h2>{texts.removal}</h2>
      <Removal name={name} settings={settings} />
    </>
  )
}

function Removal({ name, settings }: { name: string; settings: Loaded<Settings> }) {
  const [error, setError] = useState<Error>()
  const [removing, setRemoving] = useState(false)
  // What was ticked holds until the settings come back, whatever is drawn meanwhile.
  const [ticked, setTicked] = useState<boolean>()
  useEffect(() => {
    if (!settings.loading) setTicked(undefined)
  }, [settings.loading])
  const protect = (on: boolean) => {
    setError(undefined)
    setTicked(on)
    perform('change-environment-settings', name, { 'deletion-protected': on }).then(settings.reload, (problem) => {
      setError(problem)
      settings.reload()
    })
  }
  return (
    <Shown of={settings}>
      {({ 'deletion-protected': isProtected }) => (
        <>
          <label>
            <input
              type="checkbox"
              checked={ticked ?? isProtected}
              aria-busy={ticked !== undefined}
              onClick={(event) => ticked !== undefined && event.preventDefault()}
              onChange={({ currentTarget }) => protect(currentTarget.checked)}
            />
            {texts.protect}
          </label>
          {error && <Failure error={error} />}
          <p class="muted" id="removal-hint">
            {isProtected ? texts.isProtected : texts.removalHint}
          </p>
          <button
            type="button"
            class="danger"
            disabled={isProtected}
            aria-describedby="removal-hint"
            onClick={() => setRemoving(true)}
          >
            {texts.remove}
          </button>
          {removing && <RemoveDialog name={name} close={() => setRemoving(false)} />}
        </>
      )}
    </Shown>
  )
}

/** Things that end with an environment. */
interface Dying {
  readonly importers: readonly string[]
  readonly schedules: number
  readonly webhooks: number
}

async function loadDying(name: string): Promise<Dying> {
  const [referrers, schedules, webhooks] = await Promise.all([
    perform<readonly { project: string; name: string }[]>('list-referrers', name, { allRevisions: false }),
    perform<readonly unknown[]>('list-schedules', name),
    perform<readonly unknown[]>('list-webhooks', name),
  ])
  const importers = new Set(referrers.result.map(({ project, name: own }) => `${project}/${own}`))
  return { importers: [...importers], schedules: schedules.result.length, webhooks: webhooks.result.length }
}

/** Says what dies with an environment and when, and asks for its name before it is removed. */
function RemoveDialog({ name, close }: { name: string; close: () => void }) {
  const { route } = useLocation()
  const dying = useLoaded(() => loadDying(name), [name])
  const [typed, setTyped] = useState('')
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const remove = () => {
    setBusy(true)
    perform('remove-environment', name, {})
      .then(() => route('/'), setError)
      .finally(() => setBusy(false))
  }
  return (
    <Dialog title={texts.confirm(name)} close={close}>
      <Shown of={dying}>
        {({ importers, schedules, webhooks }) => (
          <ul>
            <li>{texts.dies.opens}</li>
            {importers.length > 0 && (
              <li>
                {texts.dies.importers}{' '}
                {importers.map((each, at) => (
                  <span key={each}>
                    {at > 0 && ', '}
                    <a href={pageOf(each)}>{each}</a>
                  </span>
                ))}
              </li>
            )}
            {schedules > 0 && <li>{texts.dies.schedules}</li>}
            {webhooks > 0 && <li>{texts.dies.webhooks(webhooks)}</li>}
            <li>{texts.dies.credentials}</li>
            <li>{texts.dies.restore}</li>
          </ul>
        )}
      </Shown>
      <label>
        {texts.typeName(name)}
        <input
          value={typed}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </label>
      {error && <Failure error={error} />}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {common.common.cancel}
        </button>
        <button type="button" class="danger" aria-busy={busy} disabled={busy || typed !== name} onClick={remove}>
          {texts.remove}
        </button>
      </footer>
    </Dialog>
  )
}
