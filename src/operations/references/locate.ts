import { EscError } from '../../errors.ts'
import { storeOfFolder } from '../folders/folder-choice.ts'
import { RemoteSession } from '../servers/remote-session.ts'
import { namesServer } from '../servers/server-in-words.ts'
import { readKnownStores } from '../session/known-stores.ts'
import { openWorkspace, openWorkspaceAt } from '../session/open-workspace.ts'
import { Session } from '../session/session.ts'
import type { SessionParts, SessionRequest } from '../session/session-parts.ts'
import { serverMeant } from '../session/start-session.ts'
import type { Workspace } from '../session/workspace.ts'
import type { EnvironmentReference } from './reference.ts'
import { selectedEnvironment } from './selection.ts'

/**
 * `new`: the environment is about to be made. `project`: two parts are always
 * project and environment.
 */
export type LocateMode = 'existing' | 'new' | 'project'

/** An environment as a user named it, and a session on the store it is in. */
export interface LocatedEnvironment {
  readonly session: Session
  readonly reference: EnvironmentReference
}

interface Located {
  readonly workspace: Workspace
  readonly reference: EnvironmentReference
}

/**
 * Finds the store and environment that a reference on the command line means. Three parts may name
 * any store the user has logged in to by its label. Two parts are project and environment; where
 * there is no such project but a store with that label, they are read as label and environment,
 * with a warning. References inside definitions never leave their store.
 *
 * @throws EscError `usage` for two parts that could mean either.
 */
export function locateEnvironment(
  request: SessionRequest,
  typed: string,
  mode: LocateMode = 'existing',
): LocatedEnvironment {
  const { remote, here } = serverMeant(request)
  if (remote !== undefined) {
    const named = typed === '' && mode === 'existing' ? (remote.selected ?? '') : typed
    return { session: remote, reference: remote.reference(named) }
  }
  const { workspace, reference } = locate(openWorkspace(request, { here }), typed, mode)
  return { session: new Session(workspace), reference }
}

/**
 * Tells whether a word names an environment of the store, and otherwise which one was selected.
 * `undefined` when no store can be used.
 *
 * @throws EscError `untrusted`, `invalid_input` or `not_found` for a `.esc.yaml` that cannot be
 *   followed.
 */
export function findSelection(
  request: SessionRequest,
  word: string | undefined,
): { readonly named: boolean; readonly selected: string | undefined } | undefined {
  const place = usablePlace(request)
  if (place === undefined) return undefined
  // Which environments a server has is not known here: a word with a project before it is one.
  const named = word !== undefined && (place instanceof RemoteSession ? word.includes('/') : isEnvironment(place, word))
  if (named) return { named, selected: undefined }
  return { named, selected: place instanceof RemoteSession ? place.selected : selectedEnvironment(place) }
}

function usablePlace(request: SessionRequest): RemoteSession | Workspace | undefined {
  const { store, host } = request
  // Of a `.esc.yaml` nobody else would tell, where a command goes on without an environment.
  if (store === undefined && !host.env.ESC_STORE && !host.env.ESC_SERVER_URL) storeOfFolder(host)
  try {
    const { remote, here } = serverMeant(request)
    return remote ?? openWorkspace(request, { here })
  } catch {
    return undefined
  }
}

function isEnvironment({ store, reference }: Workspace, word: string): boolean {
  try {
    return store.has(reference(word).name)
  } catch {
    return false
  }
}

function locate(own: Workspace, typed: string, mode: LocateMode): Located {
  if (typed === '' && mode === 'existing') {
    const selected = selectedEnvironment(own)
    if (selected !== undefined) return { workspace: own, reference: own.reference(selected) }
  }
  const words = typed.split('/')
  const [first = '', second = ''] = words
  if (words.length === 3 && first !== own.store.organization) {
    const workspace = labelled(own, first) ?? own
    return { workspace, reference: workspace.reference(typed) }
  }
  const asProject = { workspace: own, reference: own.reference(typed) }
  if (words.length !== 2 || mode === 'project') return asProject
  return mode === 'new' ? locateNew(asProject, first, second) : locateExisting(asProject, first, second)
}

/**
 * Returns the place where the second version of a comparison is: `@3` is another one of the base,
 * anything else an environment of its own; default: the newest of the base.
 */
export function locateComparison(
  request: SessionRequest,
  base: LocatedEnvironment,
  typed: string | undefined,
): { readonly from: LocatedEnvironment; readonly to: LocatedEnvironment } {
  const { session, reference } = base
  const from = { session, reference: { ...reference, version: reference.version ?? 'latest' } }
  if (typed === undefined) return { from, to: { session, reference: { ...reference, version: 'latest' } } }
  if (!/^[@:]/.test(typed)) return { from, to: locateEnvironment(request, typed) }
  const other = session.reference(typed, reference)
  return { from, to: { session, reference: other } }
}

function locateExisting(asProject: Located, label: string, environment: string): Located {
  const own = asProject.workspace
  const exists = own.store.has(asProject.reference.name)
  // The stores of others count only for those who work with several: nobody else pays for looking.
  const isOwn = own.store.configuration.mayBeLabelled(label) && label === own.store.organization
  if (exists && !isOwn && own.chosen !== 'login') return asProject
  const other = isOwn ? own : labelled(own, label)
  if (other === undefined) return asProject
  const reference = other.reference(`${other.store.organization}/default/${environment}`)
  if (!other.store.has(reference.name)) return asProject
  if (!exists) return warned(asProject, { workspace: other, reference })
  throw new EscError(
    'usage',
    `ambiguous path provided\n\nEnvironments found at both '${own.store.organization}/${asProject.reference.name}' and '${label}/${reference.name}'.\n` +
      'Please specify the full path as <org-name>/<project-name>/<env-name>',
  )
}

/** A new environment: there is nothing to look up but the names of stores and projects. */
function locateNew(asProject: Located, label: string, environment: string): Located {
  const own = asProject.workspace
  const same = (name: string) => name.toLowerCase() === label.toLowerCase()
  const other = same(own.store.organization) ? own : labelled(own, label)
  if (other === undefined) return asProject
  if (own.store.list().some((name) => same(name.split('/')[0] as string))) return warned(asProject, asProject)
  const reference = other.reference(`${other.store.organization}/default/${environment}`)
  return warned(asProject, { workspace: other, reference })
}

function warned({ workspace, reference: { typed } }: Located, located: Located): Located {
  const { name } = located.reference
  const label = name.startsWith('default/') ? `${located.workspace.store.organization}/` : ''
  workspace.host.notify({ kind: 'ambiguous-reference', typed, resolved: label + name })
  return located
}

/** The store with this label among those the user has logged in to. */
function labelled(workspace: Workspace, label: string): Workspace | undefined {
  return knownWorkspaces(workspace).find(({ store }) => store.organization.toLowerCase() === label.toLowerCase())
}

/** Every store the user has logged in to, as far as they are still there: the current one first. */
export function knownWorkspaces(parts: SessionParts): Workspace[] {
  const { current, folders } = readKnownStores(parts.host.env)
  const ordered = [...new Set([...(current === undefined ? [] : [current]), ...folders])]
  return ordered.flatMap((folder) => {
    if (namesServer(folder)) return []
    try {
      return [openWorkspaceAt(folder, parts, 'login')]
    } catch {
      return []
    }
  })
}
