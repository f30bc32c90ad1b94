import { listReferences, parseEnvironment } from '../../language/index.ts'
import type { Environment, Revision } from '../../store/index.ts'
import { operation } from '../session/operation.ts'
import { visibleEnvironments } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'

/** An environment that names another one in its definition. */
export interface Referrer {
  /** The version it names: a number or tag; `latest` where it names none. */
  readonly version: string
  readonly project: string
  readonly name: string
  /** The revision of it that does so. */
  readonly revision: number
}

export interface ReferrerOptions {
  /** Earlier revisions too. Default: only the newest of each environment. */
  readonly allRevisions: boolean
}

/**
 * The environments of the store that import an environment or refer to it inline: `latest` first,
 * then numbers, then tags; within each by name.
 */
export const listReferrers = operation({
  name: 'list-referrers',
  level: 'read',
  audit: 'environment-read',
  input: (z) =>
    z.strictObject({
      allRevisions: z.boolean().default(false).describe('also what earlier revisions referred to'),
    }),
  run: async (work, options: ReferrerOptions) => referrersTo(work, work.subject.name, options),
})

/** Finds what `listReferrers` lists, as a part of another operation. */
export function referrersTo(workspace: Workspace, subject: string, { allRevisions }: ReferrerOptions): Referrer[] {
  const { store } = workspace
  const { name: wanted } = store.environment(subject)
  const found: Referrer[] = []
  for (const name of visibleEnvironments(workspace)) {
    const [project = '', own = ''] = name.split('/')
    for (const revision of revisionsOf(store.environment(name), allRevisions)) {
      for (const version of versionsNamed(workspace, wanted, revision)) {
        found.push({ version, project, name: own, revision: revision.number })
      }
    }
  }
  return found.sort(
    (a, b) => rank(a.version) - rank(b.version) || compareVersions(a.version, b.version) || compareNames(a, b),
  )
}

function revisionsOf(environment: Environment, all: boolean): Iterable<Revision> {
  return all ? environment.history() : [environment.current()]
}

/** The versions of an environment that a revision of another names, each once. */
function versionsNamed(workspace: Workspace, wanted: string, { definition, file }: Revision): Set<string> {
  const { environment } = parseEnvironment(file, definition)
  const versions = new Set<string>()
  for (const { name } of environment === undefined ? [] : listReferences(environment)) {
    try {
      const reference = workspace.reference(name)
      if (reference.name === wanted) versions.add(reference.version ?? 'latest')
    } catch {
      // What is no name of an environment refers to none.
    }
  }
  return versions
}

function rank(version: string): number {
  if (version === 'latest') return 0
  return /^[0-9]+$/.test(version) ? 1 : 2
}

function compareVersions(a: string, b: string): number {
  return rank(a) === 1 ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0
}

function compareNames(a: Referrer, b: Referrer): number {
  const [left, right] = [`${a.project}/${a.name}`, `${b.project}/${b.name}`]
  return left < right ? -1 : left > right ? 1 : a.revision - b.revision
}
