import { EscError, messageOf } from '../../errors.ts'
import { listProviders, listReferences, listRotators, parseEnvironment } from '../../language/index.ts'
import type { Revision } from '../../store/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { belowValues } from '../rotating/rotator-state.ts'
import { storeOperation } from '../session/operation.ts'
import { permit, visibleEnvironments } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'
import { cyclesOf } from './cycles.ts'

/**
 * The parts of environments: their imports, references, rotators and providers.
 * Names only, never a value.
 */
export interface EnvironmentGraph {
  /** Ids of the environments to begin at. */
  readonly roots: readonly string[]
  readonly environments: readonly GraphedEnvironment[]
  readonly links: readonly GraphLink[]
  /** Ids of environments that lead back to themselves, each cycle once. */
  readonly cycles: readonly (readonly string[])[]
}

export interface GraphedEnvironment {
  /** The name; of an earlier revision, with `@` and its number. */
  readonly id: string
  readonly name: string
  /** `undefined` when there is no such environment or version. */
  readonly revision: number | undefined
  /**
   * The reason why it cannot be read, or that its definition has errors. Undefined: it is as it
   * should be.
   */
  readonly problem: string | undefined
  readonly rotators: readonly { readonly path: string; readonly rotator: string | undefined }[]
  readonly providers: readonly { readonly path: string; readonly provider: string | undefined }[]
}

export interface GraphLink {
  readonly from: string
  readonly to: string
  /** `reference`: `${environments.project.name…}`. */
  readonly kind: 'import' | 'reference'
  /** As written: a number or tag; `latest` where none is. */
  readonly version: string
  /** False for `imports: [{other: {merge: false}}]`. Undefined: it is no import. */
  readonly merge: boolean | undefined
  /** Paths of the rotators whose inputs refer to it. */
  readonly forRotators: readonly string[]
  /** It is part of a cycle. */
  readonly cyclic: boolean
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * The graph of some environments and of all that they lead to; of none, of the whole store,
 * beginning at the environments that no other leads to. Needs no key. What is missing or broken
 * is in it, with the reason. Throws EscError `not_found` for an environment that was asked for and
 * is not there.
 */
export const environmentGraph = storeOperation({
  name: 'graph-environments',
  level: undefined,
  audit: 'environment-read',
  input: (z) => z.array(z.environment()),
  async run(work, references: readonly EnvironmentReference[]): Promise<EnvironmentGraph> {
    for (const { name } of references) await permit(work, name, 'read', 'environment-read')
    return graphOf(work, references)
  },
})

/** Makes the graph of `environmentGraph`, as a part of another operation. */
export function graphOf(workspace: Workspace, references: readonly EnvironmentReference[]): EnvironmentGraph {
  const { store } = workspace
  for (const { name, version } of references) store.environment(name).resolve(version)
  const whole = references.length === 0
  const asked = whole ? visibleEnvironments(workspace).map((name) => ({ name, version: undefined })) : references
  const environments = new Map<string, GraphedEnvironment>()
  const links: Mutable<Omit<GraphLink, 'cyclic'>>[] = []
  const place = (name: string, version: string | undefined): string => {
    const found = lookUp(workspace, name, version)
    const known = environments.has(found.id)
    if (known) return found.id
    environments.set(found.id, found.environment)
    pending.push(found)
    return found.id
  }
  const pending: Found[] = []
  const begun = asked.map(({ name, version }) => place(name, version))
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    for (const { to, ...link } of next.links) links.push({ from: next.id, to: place(to.name, to.version), ...link })
  }
  const cycles = cyclesOf([...environments.keys()], links)
  const cycleOf = new Map(cycles.flatMap((cycle) => cycle.map((id) => [id, cycle] as const)))
  return {
    roots: whole ? rootsOf([...environments.keys()], links, cycles) : [...new Set(begun)],
    environments: [...environments.values()],
    links: links.map((link) => ({ ...link, cyclic: cycleOf.get(link.from)?.includes(link.to) ?? false })),
    cycles,
  }
}

interface Found {
  readonly id: string
  readonly environment: GraphedEnvironment
  readonly links: readonly (Omit<GraphLink, 'from' | 'to' | 'cyclic'> & {
    readonly to: { readonly name: string; readonly version: string | undefined }
  })[]
}

function lookUp(workspace: Workspace, name: string, version: string | undefined): Found {
  const written = version === undefined || version === 'latest' ? name : `${name}@${version}`
  let revision: Revision
  let newest: number
  try {
    const environment = workspace.store.environment(name)
    newest = environment.current().number
    revision = environment.resolve(version)
  } catch (error) {
    const problem = error instanceof EscError && error.code === 'not_found' ? 'not found' : messageOf(error)
    const environment = { id: written, name, revision: undefined, problem, rotators: [], providers: [] }
    return { id: written, environment, links: [] }
  }
  const id = revision.number === newest ? name : `${name}@${revision.number}`
  const { environment: parsed, diagnostics } = parseEnvironment(revision.file, revision.definition)
  const broken = parsed === undefined || diagnostics.some(({ severity }) => severity === 'error')
  const rotators = (parsed === undefined ? [] : listRotators(parsed)).map(({ path, provider }) => ({ path, provider }))
  return {
    id,
    environment: {
      id,
      name,
      revision: revision.number,
      problem: broken ? 'the definition has errors' : undefined,
      rotators: rotators.map(({ path, provider }) => ({ path: belowValues(path), rotator: provider })),
      providers: (parsed === undefined ? [] : listProviders(parsed)).map(({ path, provider }) => ({
        path: belowValues(path),
        provider,
      })),
    },
    links: parsed === undefined ? [] : linksOf(workspace, parsed, rotators),
  }
}

type Parsed = NonNullable<ReturnType<typeof parseEnvironment>['environment']>

/** The environments a definition names, each once a way of naming it. */
function linksOf(workspace: Workspace, parsed: Parsed, rotators: readonly { readonly path: string }[]): Found['links'] {
  const links = new Map<string, Mutable<Found['links'][number]>>()
  const merged = new Map(
    (parsed.imports ?? []).flatMap(({ name, merge }) => (name ? [[name.path, merge] as const] : [])),
  )
  for (const { name: typed, kind: written, path } of listReferences(parsed)) {
    const kind = written === 'import' ? 'import' : 'reference'
    const to = namedBy(workspace, typed)
    const merge = kind === 'import' ? (merged.get(path) ?? true) : undefined
    const key = JSON.stringify([kind, to.name, to.version, merge])
    const link = links.get(key) ?? { to, kind, version: to.version ?? 'latest', merge, forRotators: [] }
    const rotator = rotators.find((each) => path.startsWith(each.path) && /^[.[]/.test(path.slice(each.path.length)))
    const forRotators = rotator === undefined ? [] : [belowValues(rotator.path)]
    links.set(key, { ...link, forRotators: [...new Set([...link.forRotators, ...forRotators])] })
  }
  return [...links.values()]
}

/**
 * Returns the environment that a text names; what is no name of one is kept as it is written: there
 * is none of that name.
 */
function namedBy(workspace: Workspace, typed: string): { readonly name: string; readonly version: string | undefined } {
  try {
    const { name, version } = workspace.reference(typed)
    return { name, version }
  } catch {
    return { name: typed, version: undefined }
  }
}

/** Environments that no other leads to; of cycles that nothing else leads to, the first of each. */
function rootsOf(
  ids: readonly string[],
  links: readonly { readonly from: string; readonly to: string }[],
  cycles: readonly (readonly string[])[],
): string[] {
  const cycleOf = new Map(cycles.flatMap((cycle) => cycle.map((id) => [id, cycle] as const)))
  const ledTo = new Set<string>()
  for (const { from, to } of links) {
    const cycle = cycleOf.get(to)
    if (cycle === undefined) ledTo.add(to)
    else if (!cycle.includes(from)) for (const id of cycle) ledTo.add(id)
  }
  return ids.filter((id) => !ledTo.has(id) && (cycleOf.get(id)?.[0] ?? id) === id)
}
