import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { EscError, messageOf } from '../../errors.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import { createEnvironment } from '../environments/create-environment.ts'
import { withPresentStates } from '../revisions/rollback.ts'
import type { Permitted } from '../session/audit-trail.ts'
import { storeOperation, type Work } from '../session/operation.ts'
import { permit } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'
import { checkDefinition, encryptFor, saveDefinition } from './save-definition.ts'
import { changeWarnings } from './saved-text/index.ts'

/** A definition that an environment is to have. */
export interface WantedDefinition {
  /** `project/environment`. */
  readonly name: string
  readonly text: string
}

export interface ApplyRequest {
  readonly wanted: readonly WantedDefinition[]
  /** Only say what would be done. */
  readonly plan: boolean
}

/** The outcome for one environment. */
export interface AppliedEnvironment {
  readonly name: string
  readonly status: 'created' | 'updated' | 'unchanged' | 'failed'
  /** The newest revision now; undefined: there is no such environment. */
  readonly revision: number | undefined
  readonly text: string
  readonly diagnostics: readonly Diagnostic[]
  readonly error?: string
}

/** `saved`: false when nothing was written: it was only planned, or a definition has errors. */
export interface Applied {
  readonly saved: boolean
  readonly environments: readonly AppliedEnvironment[]
}

/**
 * The definitions in a folder: `<project>/<environment>.yaml`, or, where the folder is a store,
 * `<project>/<environment>/environment.yaml`.
 * @throws EscError `invalid_input` when there are none.
 */
export function readDefinitions(folder: string): WantedDefinition[] {
  const found: WantedDefinition[] = []
  for (const project of foldersIn(folder)) {
    for (const entry of readdirSync(join(folder, project)).sort()) {
      const path = join(folder, project, entry)
      const own = join(path, 'environment.yaml')
      const name = entry.replace(/\.ya?ml$/, '')
      if (statSync(path).isDirectory()) {
        if (isFile(own)) found.push({ name: `${project}/${entry}`, text: readFileSync(own, 'utf8') })
      } else if (name !== entry) found.push({ name: `${project}/${name}`, text: readFileSync(path, 'utf8') })
    }
  }
  if (found.length > 0) return found
  throw new EscError('invalid_input', `there are no definitions in ${folder}`, {
    hint: 'a definition of app/dev is the file app/dev.yaml in that folder',
  })
}

function foldersIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'))
  return names.filter((name) => statSync(join(folder, name)).isDirectory()).sort()
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

/**
 * Gives environments the definitions they are to have, making those there are not. Rotators
 * keep the credentials they have. All definitions are checked before any is saved; the
 * environments that are missing are made first, so that they may import each other.
 */
export const applyDefinitions = storeOperation({
  name: 'apply-definitions',
  level: undefined,
  audit: ({ plan }: ApplyRequest) => (plan ? 'environment-update-planned' : 'environment-updated'),
  changes: true,
  input: (z) =>
    z.strictObject({
      wanted: z.array(z.strictObject({ name: z.string(), text: z.string() })),
      plan: z.boolean().default(false),
    }),
  run: apply,
})

async function apply(work: Work<undefined>, { wanted, plan }: ApplyRequest): Promise<Applied> {
  const { store } = work
  const permitted = new Map<string, Permitted>()
  const event = plan ? 'environment-update-planned' : 'environment-updated'
  for (const { name } of wanted) permitted.set(name, await permit(work, name, 'write', event))
  const missing = wanted.filter(({ name }) => !store.has(name))
  const texts = new Map(wanted.map(({ name, text }) => [name, store.has(name) ? keepStates(work, name, text) : text]))
  const broken = await brokenOf(work, texts)
  if (plan) return { saved: false, environments: await planned(work, { wanted, texts, broken, warn: true }) }
  if (broken.length > 0) {
    for (const each of permitted.values()) each.failed('invalid_definition')
    return { saved: false, environments: await planned(work, { wanted, texts, broken, warn: false }) }
  }
  for (const { name } of missing) {
    await work.perform(createEnvironment, work.reference(name), { definition: '' })
  }
  const environments: AppliedEnvironment[] = []
  for (const { name } of wanted) {
    const made = missing.some((each) => each.name === name)
    const { applied, failure } = await applyOne(work, { name, made, texts })
    if (failure === undefined) permitted.get(name)?.done()
    else permitted.get(name)?.failed(failure)
    environments.push(applied)
  }
  return { saved: true, environments }
}

interface Planned {
  readonly wanted: readonly WantedDefinition[]
  readonly texts: ReadonlyMap<string, string>
  readonly broken: readonly AppliedEnvironment[]
  /** Say what each change would be warned of. */
  readonly warn: boolean
}

/** Plans what would become of each environment. */
async function planned(workspace: Workspace, { wanted, texts, broken, warn }: Planned): Promise<AppliedEnvironment[]> {
  const { store } = workspace
  const unchanged = await unchangedOf(workspace, texts)
  const environments: AppliedEnvironment[] = []
  for (const { name } of wanted) {
    const text = texts.get(name) as string
    const bad = broken.find((each) => each.name === name)
    const current = store.has(name) ? store.environment(name).current() : undefined
    const status = current === undefined ? 'created' : unchanged.has(name) ? 'unchanged' : 'updated'
    const isChange = warn && status !== 'unchanged'
    const diagnostics = isChange ? await changeWarnings({ name, text, before: current?.definition ?? '' }) : []
    environments.push(bad ?? { name, status, revision: current?.number, text, diagnostics })
  }
  return environments
}

function keepStates(workspace: Workspace, name: string, text: string): string {
  const environment = workspace.store.environment(name)
  return withPresentStates(environment, text, environment.current()).text
}

/**
 * Those that say already what they are to say. Secrets count by what they hold,
 * where there is a key to tell.
 */
async function unchangedOf(workspace: Workspace, texts: ReadonlyMap<string, string>): Promise<Set<string>> {
  const unchanged = new Set<string>()
  for (const [name, text] of texts) {
    if (!workspace.store.has(name)) continue
    const environment = workspace.store.environment(name)
    const newest = environment.current()
    const hasKey = environment.settings.wrappedDataKey !== undefined
    if (hasKey) await environment.verify(newest).catch(ignoreMissingKey)
    const sealed = hasKey ? await encryptFor(environment, text, newest).catch(() => text) : text
    if (sealed === newest.definition) unchanged.add(name)
  }
  return unchanged
}

function ignoreMissingKey(error: unknown): void {
  if (!(error instanceof EscError && error.code === 'key_unavailable')) throw error
}

/**
 * Returns the definitions that would be refused. They are checked against each other, not against
 * what they replace.
 */
async function brokenOf(workspace: Workspace, texts: ReadonlyMap<string, string>): Promise<AppliedEnvironment[]> {
  const broken: AppliedEnvironment[] = []
  for (const [name, text] of texts) {
    const { diagnostics } = await checkDefinition(workspace, name, text, { pending: texts })
    if (!diagnostics.some(({ severity }) => severity === 'error')) continue
    const revision = workspace.store.has(name) ? workspace.store.environment(name).current().number : undefined
    broken.push({ name, status: 'failed', revision, text, diagnostics, error: 'the definition has errors' })
  }
  return broken
}

/** `failure`: what was thrown, or the code of an error. `undefined`: nothing failed. */
async function applyOne(
  work: Work<undefined>,
  { name, made, texts }: { readonly name: string; readonly made: boolean; readonly texts: ReadonlyMap<string, string> },
): Promise<{ readonly applied: AppliedEnvironment; readonly failure?: unknown }> {
  const text = texts.get(name) as string
  const environment = work.store.environment(name)
  const base = environment.current()
  try {
    const saved = await saveDefinition(work, environment, { text, base, change: 'apply', pending: texts })
    const { diagnostics } = saved
    if (saved.kind === 'refused') {
      const error = 'the definition has errors'
      const applied = { name, status: 'failed', revision: base.number, text, diagnostics, error } as const
      return { applied, failure: 'invalid_definition' }
    }
    const status = made ? 'created' : saved.kind === 'saved' ? 'updated' : 'unchanged'
    return { applied: { name, status, revision: saved.revision, text, diagnostics } }
  } catch (failure) {
    // An environment that was made for this definition alone goes as it came.
    if (made) await work.store.additions.takeBack(environment).catch(() => {})
    const revision = made ? undefined : base.number
    const error = messageOf(failure)
    return { applied: { name, status: 'failed', revision, text, diagnostics: [], error }, failure }
  }
}
