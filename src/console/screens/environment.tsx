import type { FunctionComponent } from 'preact'
import { lazy, useLocation } from 'preact-iso'
import { texts } from '../texts.ts'
import { AccessTab } from './access.tsx'
import { Audit } from './audit.tsx'
import { Links } from './links.tsx'
import { Revisions } from './revisions.tsx'
import { Rotated } from './rotated.tsx'
import type { TabProps } from './tab.ts'
import { Values } from './values.tsx'
import { Webhooks } from './webhooks.tsx'

// The editor is larger than all the rest.
const Editor = lazy(async () => (await import('./editor.tsx')).Editor)

const tabs: readonly {
  readonly id: string
  readonly title: string
  readonly component: FunctionComponent<TabProps>
}[] = [
  { id: 'editor', title: texts.environment.tabs.editor, component: Editor },
  { id: 'values', title: texts.environment.tabs.values, component: Values },
  { id: 'rotated', title: texts.environment.tabs.rotated, component: Rotated },
  { id: 'revisions', title: texts.environment.tabs.revisions, component: Revisions },
  { id: 'links', title: texts.environment.tabs.links, component: Links },
  { id: 'webhooks', title: texts.environment.tabs.webhooks, component: Webhooks },
  { id: 'access', title: texts.environment.tabs.access, component: AccessTab },
  { id: 'audit', title: texts.environment.tabs.audit, component: Audit },
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
        {Open && <Open key={name} name={name} />}
      </section>
    </>
  )
}
