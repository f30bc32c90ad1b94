import type { FunctionComponent } from 'preact'
import { useEffect } from 'preact/hooks'
import { lazy, useLocation } from 'preact-iso'
import '../environment-style.ts'
import { Allowed, Rights } from '../rights.tsx'
import { texts } from '../texts.ts'
import { AccessTab } from './access.tsx'
import { Audit } from './audit.tsx'
import { Links } from './links.tsx'
import { EnvironmentSettings } from './settings.tsx'
import type { TabProps } from './tab.ts'
import { Values } from './values.tsx'
import { Webhooks } from './webhooks.tsx'

// The editor is larger than all the rest.
const Editor = lazy(async () => (await import('./editor.tsx')).Editor)
const Revisions = lazy(async () => (await import('./revisions/revisions.tsx')).Revisions)
const Rotated = lazy(async () => (await import('./rotated/rotated.tsx')).Rotated)

const tabs: readonly {
  readonly id: string
  readonly title: string
  readonly component: FunctionComponent<TabProps>
  /** The operation that shows the tab: whoever may not perform it sees why. */
  readonly shows: string
}[] = [
  { id: 'editor', title: texts.environment.tabs.editor, component: Editor, shows: 'get-definition' },
  { id: 'values', title: texts.environment.tabs.values, component: Values, shows: 'get-environment' },
  { id: 'rotated', title: texts.environment.tabs.rotated, component: Rotated, shows: 'list-schedules' },
  { id: 'revisions', title: texts.environment.tabs.revisions, component: Revisions, shows: 'list-revisions' },
  { id: 'links', title: texts.environment.tabs.links, component: Links, shows: 'list-referrers' },
  { id: 'webhooks', title: texts.environment.tabs.webhooks, component: Webhooks, shows: 'list-webhooks' },
  { id: 'access', title: texts.environment.tabs.access, component: AccessTab, shows: 'explain-access' },
  { id: 'audit', title: texts.environment.tabs.audit, component: Audit, shows: 'list-environment-audit-lines' },
  {
    id: 'settings',
    title: texts.environment.tabs.settings,
    component: EnvironmentSettings,
    shows: 'get-environment-settings',
  },
]

/** One environment: its tabs, and the one that is open. */
export function Environment({
  project = '',
  environment = '',
  tab = 'values',
}: {
  project?: string
  environment?: string
  tab?: string
}) {
  const { route } = useLocation()
  const name = `${project}/${environment}`
  const open = tabs.find(({ id }) => id === tab) ?? tabs[0]
  const go = (by: number) => {
    const next = tabs[(tabs.findIndex(({ id }) => id === open?.id) + by + tabs.length) % tabs.length]
    if (next === undefined) return
    route(`/environments/${name}/${next.id}`)
    document.getElementById(`tab-${next.id}`)?.focus()
  }
  const Open = open?.component
  // On a narrow screen the tabs are wider than the page.
  useEffect(() => {
    document.getElementById(`tab-${open?.id}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [open?.id])
  return (
    <>
      <h1 class="name">
        <span>{project}/</span>
        {environment}
      </h1>
      <div
        role="tablist"
        aria-label={name}
        onKeyDown={({ key }) => (key === 'ArrowRight' ? go(1) : key === 'ArrowLeft' ? go(-1) : undefined)}
      >
        {tabs.map(({ id, title }) => (
          <a
            key={id}
            id={`tab-${id}`}
            role="tab"
            href={`/environments/${name}/${id}`}
            aria-selected={id === open?.id}
            tabIndex={id === open?.id ? 0 : -1}
          >
            {title}
          </a>
        ))}
      </div>
      <section role="tabpanel" aria-labelledby={`tab-${open?.id}`}>
        <Rights environment={name}>
          <Allowed operation={open?.shows ?? ''}>{Open && <Open key={name} name={name} />}</Allowed>
        </Rights>
      </section>
    </>
  )
}
