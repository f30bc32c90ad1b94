import { EscError, messageOf } from '../../errors.ts'
import { EscApi } from '../../remote/index.ts'
import { rich, step, type Text } from '../../rich-text.ts'
import { nearest } from '../../suggestion.ts'
import { storeOperation, type Work } from '../session/operation.ts'
import { permit, refuseForbidden } from '../session/permit.ts'
import { adoptEnvironment, type ImportedEnvironment, type PlannedImport, planImport } from './import-environment.ts'

/** A server whose environments are wanted. */
export interface SourceServer {
  /** The URL of the server, as `serverUrl` returns it. */
  readonly url: string
  readonly token: string
  readonly userAgent: string
  /** Default: that of the user. */
  readonly organization: string | undefined
}

export interface ImportEnvironmentsRequest {
  readonly source: SourceServer
  /** `project/name`, or with the organization before it. `undefined`: all. */
  readonly environments: readonly string[] | undefined
  /** True when old revisions are wanted too. */
  readonly history: boolean
  /** Only says what would be done. */
  readonly dryRun: boolean
}

/** The outcome for one environment. */
export type ImportOutcome =
  | ({ readonly kind: 'imported' | 'planned' } & ImportedEnvironment)
  /** An earlier import has brought it. */
  | { readonly kind: 'already-imported'; readonly name: string; readonly source: string }
  | { readonly kind: 'failed'; readonly name: string; readonly source: string; readonly error: EscError }
  /** Something before it has failed, or it was interrupted. */
  | { readonly kind: 'not-started'; readonly name: string; readonly source: string }

export interface ImportReport {
  readonly url: string
  readonly organization: string
  readonly environments: readonly ImportOutcome[]
  /** Environments that imported ones import, and that this store does not have. */
  readonly missing: readonly string[]
}

/**
 * Takes over environments of a server that speaks the ESC API. Each comes whole or not at all, its
 * secrets encrypted before anything is written. Where something fails half-way, what is done stays,
 * and the same again does the rest.
 *
 * @throws EscError `already_exists`, naming every environment of this store that is in the way, and
 *   other refusals before anything is written.
 */
export const importEnvironments = storeOperation({
  name: 'import-environments',
  level: undefined,
  audit: 'environment-created',
  changes: true,
  run: importAll,
  outcome: ({ environments }: ImportReport) =>
    environments.every(({ kind }) => kind !== 'failed' && kind !== 'not-started') ? {} : { failed: 'io' },
})

async function importAll(
  work: Work<undefined>,
  { source, environments: wanted, history, dryRun }: ImportEnvironmentsRequest,
): Promise<ImportReport> {
  const { env, progress } = work.host
  const api = new EscApi({
    url: source.url,
    token: source.token,
    userAgent: source.userAgent,
    env,
    signal: work.signal,
  })
  const named = wanted?.map(parsedName)
  const organization = source.organization ?? (await organizationOf(api))
  progress?.(`listing the environments of ${organization}`)
  const listed = (await api.environments(organization)).map(({ project, name }) => `${project}/${name}`)
  const names = named === undefined ? [...new Set(listed)].sort() : chosen(named, organization, listed)
  const prefix = `${source.url}/${organization}/`
  const isImported = refuseTaken(work, names, prefix)
  const outcomes: ImportOutcome[] = []
  let stopped = false
  for (const [index, name] of names.entries()) {
    const about = { name, source: `${prefix}${name}` }
    if (isImported(name)) outcomes.push({ kind: 'already-imported', ...about })
    else if (stopped || work.signal.aborted) outcomes.push({ kind: 'not-started', ...about })
    else {
      const place = `${name} (${index + 1} of ${names.length})`
      const one = { ...about, history, place, remote: environmentOf(api, organization, name) }
      const outcome = await attempt(work, one, dryRun)
      stopped = outcome.kind === 'failed' && endsAll(outcome.error)
      outcomes.push(outcome)
    }
  }
  return { url: source.url, organization, environments: outcomes, missing: missingImports(work, outcomes) }
}

function missingImports({ store, reference }: Work<undefined>, outcomes: readonly ImportOutcome[]): readonly string[] {
  const imports = outcomes.flatMap((each) => (each.kind === 'imported' ? each.imports : []))
  const isThere = (name: string) => {
    try {
      return store.has(reference(name).name)
    } catch {
      return false
    }
  }
  return [...new Set(imports)].filter((name) => !isThere(name)).sort()
}

async function attempt(work: Work<undefined>, one: PlannedImport, dryRun: boolean): Promise<ImportOutcome> {
  const { name, source } = one
  try {
    if (dryRun) return { kind: 'planned', ...(await planImport(work, one)) }
    const permitted = await permit(work, name, 'write', 'environment-created', () => ({ source }))
    try {
      const imported = await adoptEnvironment(work, one)
      permitted.done({ revision: imported.revisions, change: 'import' })
      return { kind: 'imported', ...imported }
    } catch (error) {
      permitted.failed(error)
      throw error
    }
  } catch (error) {
    if (!(error instanceof EscError)) throw error
    return { kind: 'failed', name, source, error }
  }
}

/** True when the next environment would fare no better. */
function endsAll(error: EscError): boolean {
  return error.transient || ['forbidden', 'interrupted', 'io', 'key_unavailable'].includes(error.code)
}

function environmentOf(api: EscApi, organization: string, name: string) {
  const [project, own] = name.split('/') as [string, string]
  return api.environment(organization, project, own)
}

async function organizationOf(api: EscApi): Promise<string> {
  const chosen = await api.defaultOrganization()
  if (chosen !== undefined) return chosen
  const organizations = (await api.user()).organizations.map(({ githubLogin }) => githubLogin)
  if (organizations.length === 1 && organizations[0] !== undefined) return organizations[0]
  throw new EscError('usage', `the token is of no organization by default, and ${api.endpoint.url} has several`, {
    hint: `name one: ${organizations.join(', ') || 'the token is of none'}`,
  })
}

/** An environment there as a user names it. */
interface WantedName {
  readonly typed: string
  readonly organization: string | undefined
  readonly name: string
}

function parsedName(typed: string): WantedName {
  const parts = typed.split('/')
  if (parts.length > 3 || parts.some((part) => part === '')) {
    throw new EscError('usage', `'${typed}' is not the name of an environment`, {
      hint: 'write project/name, such as app/dev',
    })
  }
  const name = parts.length === 1 ? `default/${typed}` : parts.slice(-2).join('/')
  return { typed, organization: parts.length === 3 ? parts[0] : undefined, name }
}

/** The names that are meant, in the order of the words. */
function chosen(wanted: readonly WantedName[], organization: string, listed: readonly string[]): readonly string[] {
  const other = wanted.find((each) => each.organization !== undefined && each.organization !== organization)
  if (other !== undefined) {
    throw new EscError(
      'usage',
      `'${other.typed}' is of the organization '${other.organization}', and '${organization}' is imported`,
      {
        hint: 'import from one organization at a time',
      },
    )
  }
  const names = wanted.map(({ name }) => name)
  const missing = names.filter((name) => !listed.includes(name))
  if (missing.length > 0) {
    const similar = nearest(missing[0] as string, listed)
    throw new EscError(
      'not_found',
      `there is no environment ${quoted(missing)} in '${organization}' that the token can see`,
      {
        hint: similar === undefined ? `there are ${listed.length} environments` : `did you mean '${similar}'?`,
      },
    )
  }
  return [...new Set(names)]
}

/**
 * Refuses names that are taken here, all at once and before anything is written. Returns whether an
 * environment was brought here by an earlier import.
 */
function refuseTaken(work: Work<undefined>, names: readonly string[], prefix: string): (name: string) => boolean {
  const { store } = work
  const imported = new Set<string>()
  const refused: { readonly name: string; readonly reason: string }[] = []
  const lower = new Map<string, string>()
  for (const name of names) {
    refuseForbidden(work, name, 'write', 'environment-created')
    const twin = lower.get(name.toLowerCase())
    if (twin !== undefined) refused.push({ name, reason: `differs from '${twin}' only in case` })
    lower.set(name.toLowerCase(), name)
    try {
      if (store.has(name) && sourceOf(work, name) === `${prefix}${name}`) imported.add(name)
      else store.additions.refuseName(name)
    } catch (error) {
      if (!(error instanceof EscError)) throw error
      refused.push({ name, reason: error.message })
    }
  }
  const [first] = refused
  if (first === undefined) return (name) => imported.has(name)
  const hint: Text = rich`${step('look at what is there', { do: 'list-environments' })}, and name the environments to import without ${quoted(refused.map(({ name }) => name))}; or remove these first`
  const others = refused.length === 1 ? '' : `, and ${refused.length - 1} more cannot be imported either`
  throw new EscError('already_exists', `nothing was imported: ${first.reason}${others}`, { hint })
}

/** The place that an environment of this store was imported from. */
function sourceOf({ store }: Work<undefined>, name: string): string | undefined {
  try {
    const first = store.environment(name).revision(1)
    return first.change === 'import' ? first.details.source : undefined
  } catch (error) {
    throw new EscError('already_exists', `environment '${name}' exists already: ${messageOf(error)}`, { cause: error })
  }
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
