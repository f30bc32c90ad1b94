import { EscError } from '../../errors.ts'
import { findPlaintextSecrets } from '../../language/index.ts'
import { rich, step } from '../../rich-text.ts'
import { type CheckReport, type Finding, layout } from '../../store/index.ts'
import { decode } from '../../yaml/index.ts'
import { checkDefinition } from '../definitions/save-definition.ts'
import { findShapeMistakes, mayHaveVariables } from '../definitions/saved-text/index.ts'
import { graphOf } from '../environments/environment-graph.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { findOverdue } from '../schedules/schedules.ts'
import { storeOperation } from '../session/operation.ts'
import { visibleListing } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'

export interface CheckRequest {
  /** Empty: the whole store. */
  readonly references: readonly EnvironmentReference[]
  /** Do what is safe about what is found, and check again. */
  readonly fix: boolean
  /** True when seals are to be checked, which needs the keys. */
  readonly useKeys: boolean
}

export interface CheckedStore extends CheckReport {
  readonly fixed: readonly Finding[]
  /** Folder of what this machine keeps about the store. */
  readonly state: string
}

/**
 * Verifies a store, as far as the keys at hand allow. What is put right is not committed to git.
 * Throws EscError `not_found` for an environment that is not there.
 */
export const checkStore = storeOperation({
  name: 'check-store',
  level: undefined,
  audit: 'environment-read',
  input: (z) =>
    z.strictObject({
      references: z.array(z.environment()).default([]).describe('default: the whole store'),
      fix: z.boolean().default(false),
      useKeys: z.boolean().default(true).describe('check seals, which needs the keys'),
    }),
  run: checked,
})

async function checked(workspace: Workspace, { references, fix, useKeys }: CheckRequest): Promise<CheckedStore> {
  const { store } = workspace
  const environments = references.map(({ name }) => (store.has(name) ? name : store.environment(name).name))
  const onProgress = (name: string, number: number, count: number) =>
    workspace.host.progress?.(`checking ${name} (${number} of ${count})`)
  const options = {
    useKeys,
    findPlaintext: findPlaintextSecrets,
    onProgress,
    ...(environments.length === 0 ? {} : { environments }),
  }
  const report = await store.upkeep.check(options)
  const fixed = fix ? await store.upkeep.fix(report.findings) : []
  const { findings, ...checked } = fixed.length === 0 ? report : await store.upkeep.check(options)
  const names = environments.length === 0 ? store.listing().names : environments
  const late = await overdueFindings(workspace, names)
  const broken = new Set(findings.filter(({ severity }) => severity === 'error').map((each) => each.environment))
  const variables: Finding[] = []
  for (const name of names) if (!broken.has(name)) variables.push(...(await variableFindings(workspace, name)))
  const missing = missingReferences(
    workspace,
    names.filter((name) => !broken.has(name)),
  )
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

/**
 * Environments, and versions of them, that a newest definition names and that are not in the store:
 * what names them does not open.
 */
function missingReferences(workspace: Workspace, names: readonly string[]): Finding[] {
  const { store } = workspace
  const visible = new Set(visibleListing(workspace).names)
  const asked = names.filter((name) => visible.has(name))
  if (asked.length === 0) return []
  const { links } = graphOf(workspace, asked.map(workspace.reference))
  return asked.flatMap((from) => {
    const missing = links.flatMap((link) => (link.from === from ? (missingFrom(workspace, link.to) ?? []) : []))
    return [...new Set(missing)].map((to) => ({
      severity: 'error',
      kind: 'missing_environment',
      environment: from,
      file: store.environment(from).current().file,
      problem: `environment '${from}' refers to '${to}', which is not there, and does not open`,
      remedy: rich`bring it back from the git history, ${step('restore it', { do: 'restore-environment' })}, or ${step('take it out', { do: 'edit-definition', environment: from })}`,
      fixable: false,
    }))
  })
}

/**
 * The environment, or with `@` the version of one, that is not there. `undefined` when it is there,
 * also when it cannot be read: that is another finding, or is hidden.
 */
function missingFrom({ store, reference }: Workspace, id: string): string | undefined {
  try {
    const { name, version } = reference(id)
    if (!store.has(name)) return name
    store.environment(name).resolve(version)
    return undefined
  } catch (error) {
    return error instanceof EscError && error.code === 'not_found' ? id : undefined
  }
}

async function overdueFindings(workspace: Workspace, environments: readonly string[]): Promise<Finding[]> {
  return (await findOverdue(workspace, environments)).map(({ environment, due }) => ({
    severity: 'warning',
    kind: 'overdue_rotation',
    environment,
    file: layout.settings(layout.environment(workspace.store.folder, environment)),
    problem: `the rotation that was due ${due.toISOString().replace('.000Z', 'Z')} has not run: no revision shows it`,
    remedy: rich`${step('run what is due', { do: 'run-schedules' })}, and ${step('see to it that a scheduler runs', { do: 'install-scheduler' })}`,
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
    const unasked = { ...workspace, host: { ...workspace.host, askTrust: undefined, notify: () => {} } }
    const { environment } = await checkDefinition(unasked, name, definition, { onlyToLook: true })
    const { node } = decode(name, definition)
    return findShapeMistakes(name, node, environment?.properties).map(({ problem, remedy, kind }) => ({
      severity: kind === 'certain' ? 'warning' : 'note',
      kind: 'variables',
      environment: name,
      file,
      problem: `${problem}, in environment '${name}'`,
      remedy: rich`${remedy}${step(remedy.endsWith('?') ? ' Edit it' : '; edit it', { do: 'edit-definition', environment: name })}`,
      fixable: false,
    }))
  } catch {
    // What cannot be read has been reported, or is for those who may read it.
    return []
  }
}
