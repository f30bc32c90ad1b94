import { findPlaintextSecrets, listReferences, parseEnvironment } from '../language/index.ts'
import { type CheckReport, type Finding, layout } from '../store/index.ts'
import { decode } from '../syntax/index.ts'
import type { EnvironmentReference } from './reference.ts'
import { checkDefinition } from './save-definition.ts'
import { findShapeMistakes, mayHaveVariables } from './saved-text/index.ts'
import { overdueSchedules } from './schedules.ts'
import type { Workspace } from './workspace.ts'

export interface CheckRequest {
  /** Empty: the whole store. */
  readonly references: readonly EnvironmentReference[]
  /** Do what is safe about what is found, and check again. */
  readonly fix: boolean
  /** Whether seals are to be checked, which needs the keys. */
  readonly useKeys: boolean
}

export interface CheckedStore extends CheckReport {
  readonly fixed: readonly Finding[]
  /** Folder of what this machine keeps about the store. */
  readonly state: string
}

/**
 * Verifies a store, as far as the keys at hand allow. @throws EscError `not_found` for an
 * environment that is not there.
 */
export async function checkStore(workspace: Workspace, request: CheckRequest): Promise<CheckedStore> {
  const { store } = workspace
  const { references, fix, useKeys } = request
  const environments = references.map(({ name }) => (store.has(name) ? name : store.environment(name).name))
  const onProgress = (name: string, number: number, count: number) =>
    workspace.options.progress?.(`checking ${name} (${number} of ${count})`)
  const options = {
    useKeys,
    findPlaintext: findPlaintextSecrets,
    onProgress,
    ...(environments.length === 0 ? {} : { environments }),
  }
  const report = await store.check(options)
  const fixed = fix ? await store.fix(report.findings) : []
  const { findings, ...checked } = fixed.length === 0 ? report : await store.check(options)
  const names = environments.length === 0 ? listed(workspace) : environments
  const late = await overdueFindings(workspace, names)
  const broken = new Set(findings.filter(({ severity }) => severity === 'error').map((each) => each.environment))
  const variables: Finding[] = []
  for (const name of names) if (!broken.has(name)) variables.push(...(await variableFindings(workspace, name)))
  const missing = names.filter((name) => !broken.has(name)).flatMap((name) => missingReferences(workspace, name))
  const [ofEnvironments, ofStore] = [true, false].map((own) =>
    findings.filter(({ environment }) => (environment !== undefined) === own),
  ) as [Finding[], Finding[]]
  return {
    ...checked,
    findings: [...ofEnvironments, ...missing, ...late, ...variables, ...ofStore],
    fixed,
    state: store.state.folder,
  }
}

/** What keeps a store from being listed is a finding already. */
function listed({ store }: Workspace): readonly string[] {
  try {
    return store.list()
  } catch {
    return []
  }
}

/** What the newest definition imports or refers to and is not there: it does not open then. */
function missingReferences(workspace: Workspace, name: string): Finding[] {
  const { store } = workspace
  try {
    const { file, definition } = store.environment(name).current()
    const { environment } = parseEnvironment(file, definition)
    const named = environment === undefined ? [] : listReferences(environment)
    const others = new Set(named.map((each) => workspace.reference(each.name).name))
    return [...others].flatMap((other) => {
      if (store.has(other)) return []
      return {
        severity: 'error',
        kind: 'missing_environment',
        environment: name,
        file,
        problem: `environment '${name}' refers to environment '${other}', which is not there, and does not open`,
        remedy: `bring it back with "esc env restore ${other}" or from the git history, or take it out with "esc env edit ${name}"`,
        fixable: false,
      } as const
    })
  } catch {
    // What cannot be read has been reported; what is no name of an environment refers to none.
    return []
  }
}

async function overdueFindings(workspace: Workspace, environments: readonly string[]): Promise<Finding[]> {
  return (await overdueSchedules(workspace, environments)).map(({ environment, due }) => ({
    severity: 'warning',
    kind: 'overdue_rotation',
    environment,
    file: layout.settings(layout.environment(workspace.store.folder, environment)),
    problem: `the rotation that was due ${due.toISOString().replace('.000Z', 'Z')} has not run: no revision shows it`,
    remedy: 'run "esc scheduler tick", and see to it that a scheduler runs ("esc scheduler install")',
    fixable: false,
  }))
}

/**
 * Variables and files of the newest definition that programs would not get. Nobody is
 * asked, and nothing is opened.
 */
async function variableFindings(workspace: Workspace, name: string): Promise<Finding[]> {
  try {
    const { file, definition } = workspace.store.environment(name).current()
    if (!mayHaveVariables(definition)) return []
    const unasked = { ...workspace, options: { ...workspace.options, askTrust: undefined, notify: () => {} } }
    const { environment } = await checkDefinition(unasked, name, definition, { onlyToLook: true })
    const { node } = decode(name, definition)
    return findShapeMistakes(name, node, environment?.properties).map(({ problem, remedy, kind }) => ({
      severity: kind === 'certain' ? 'warning' : 'note',
      kind: 'variables',
      environment: name,
      file,
      problem: `${problem}, in environment '${name}'`,
      remedy: `${remedy}${remedy.endsWith('?') ? ' Edit it' : '; edit it'} with "esc env edit ${name}"`,
      fixable: false,
    }))
  } catch {
    // What cannot be read has been reported, or is for those who may read it.
    return []
  }
}
