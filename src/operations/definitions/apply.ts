import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { EscError, messageOf } from '../../errors.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import { makeEnvironment } from '../environments/create-environment.ts'
import { withPresentStates } from '../revisions/rollback.ts'
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

/** What became of one environment. */
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
 * environments that are missing are made first, so that they may import each other. `plan`:
 * only say what would be done.
 */
export async function applyDefinitions(
  workspace: Workspace,
  wanted: readonly WantedDefinition[],
  { plan }: { readonly plan: boolean },
): Promise<Applied> {
  const { store } = workspace
  for (const { name } of wanted)
    await permit(workspace, name, 'write', plan ? 'environment-update-planned' : 'environment-updated')
  const missing = wanted.filter(({ name }) => !store.has(name))
  const texts = new Map(
    wanted.map(({ name, text }) => [name, store.has(name) ? keepStates(workspace, name, text) : text]),
  )
  const broken = await brokenOf(workspace, texts)
  if (plan || broken.length > 0) {
    const unchanged = await unchangedOf(workspace, texts)
    const environments: AppliedEnvironment[] = []
    for (const { name } of wanted) {
      const text = texts.get(name) as string
      const bad = broken.find((each) => each.name === name)
      const current = store.has(name) ? store.environment(name).current() : undefined
      const status = current === undefined ? 'created' : unchanged.has(name) ? 'unchanged' : 'updated'
      const isChange = plan && status !== 'unchanged'
      const diagnostics = isChange ? await changeWarnings({ name, text, before: current?.definition ?? '' }) : []
      environments.push(bad ?? { name, status, revision: current?.number, text, diagnostics })
    }
    return { saved: false, environments }
  }
  for (const { name } of missing) {
    await permit(workspace, name, 'write', 'environment-created')
    await makeEnvironment(workspace, name, { definition: '' })
  }
  const applied: AppliedEnvironment[] = []
  for (const { name } of wanted) {
    const made = missing.some((each) => each.name === name)
    applied.push(await applyOne(workspace, { name, made, texts }))
  }
  return { saved: true, environments: applied }
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

/** What would be refused. They are checked against each other, not against what they replace. */
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

async function applyOne(
  workspace: Workspace,
  { name, made, texts }: { readonly name: string; readonly made: boolean; readonly texts: ReadonlyMap<string, string> },
): Promise<AppliedEnvironment> {
  const text = texts.get(name) as string
  const environment = workspace.store.environment(name)
  const base = environment.current()
  try {
    const saved = await saveDefinition(workspace, environment, { text, base, change: 'apply', pending: texts })
    const { diagnostics } = saved
    if (saved.kind === 'refused') {
      return { name, status: 'failed', revision: base.number, text, diagnostics, error: 'the definition has errors' }
    }
    const status = made ? 'created' : saved.kind === 'saved' ? 'updated' : 'unchanged'
    return { name, status, revision: saved.revision, text, diagnostics }
  } catch (error) {
    // An environment that was made for this definition alone goes as it came.
    if (made) await workspace.store.takeBack(environment).catch(() => {})
    const revision = made ? undefined : base.number
    return { name, status: 'failed', revision, text, diagnostics: [], error: messageOf(error) }
  }
}
