import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { EscError } from '../../errors.ts'
import { rich, step } from '../../rich-text.ts'
import { stateLayout } from '../../store/index.ts'
import { type FolderChoice, folderChoice } from '../folders/folder-choice.ts'
import { changeFolderDecision } from '../folders/folder-decisions.ts'
import { operation, storeOperation } from '../session/operation.ts'
import type { Workspace } from '../session/workspace.ts'

/**
 * The environment that is meant here when none is named: what was selected for the folder on this
 * machine, else the one of its `.esc.yaml`, else what was selected for the store. `undefined` when
 * there is none, or the selected one is gone.
 *
 * @throws EscError `not_found` when the `.esc.yaml` names one that is not there.
 */
export function selectedEnvironment(workspace: Workspace): string | undefined {
  return ofFolder(workspace) ?? selectedInStore(workspace)
}

function ofFolder(workspace: Workspace): string | undefined {
  const choice = choiceFor(workspace)
  const { store, reference } = workspace
  if (choice === undefined) return undefined
  if (choice.selected !== undefined && store.has(choice.selected)) return choice.selected
  if (choice.environment === undefined) return undefined
  const { name } = reference(choice.environment)
  if (store.has(name)) return name
  throw new EscError('not_found', `${choice.file} names the environment ${choice.environment}, which is not there`, {
    hint: rich`${step('look what there is', { do: 'list-environments' })}, and correct the file`,
  })
}

/** The choice of the folder, where it is about this store and names an environment. */
function choiceFor({ host, store, chosen }: Workspace): FolderChoice | undefined {
  const choice = folderChoice(host)
  if (choice?.environment === undefined) return undefined
  const isThis = choice.store === undefined ? chosen === 'login' : isSameFolder(choice.store, store.folder)
  return isThis ? choice : undefined
}

function isSameFolder(one: string, other: string): boolean {
  return one === other || (existsSync(one) && existsSync(other) && realpathSync(one) === realpathSync(other))
}

function selectedInStore({ store }: Workspace): string | undefined {
  try {
    const name = readFileSync(stateLayout.selected(store.state.folder), 'utf8').trim()
    return name !== '' && store.has(name) ? name : undefined
  } catch {
    return undefined
  }
}

/** Selects an environment on this machine. Throws EscError `not_found`. */
export const selectEnvironment = operation({
  name: 'select-environment',
  level: 'read',
  audit: 'environment-read',
  async run(work): Promise<void> {
    const { store, subject, host } = work
    const { name } = store.environment(subject.name)
    const choice = choiceFor(work)
    if (choice !== undefined) return changeFolderDecision(host.env, choice.file, { selected: name })
    const file = stateLayout.selected(store.state.folder)
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, `${name}\n`, { mode: 0o600 })
  },
})

/** Selects none any more: the environment of the folder's `.esc.yaml` is meant again. */
export const deselectEnvironment = storeOperation({
  name: 'deselect-environment',
  level: undefined,
  audit: 'environment-read',
  async run(work): Promise<void> {
    const { store, host } = work
    const choice = choiceFor(work)
    if (choice !== undefined) return changeFolderDecision(host.env, choice.file, { selected: undefined })
    rmSync(stateLayout.selected(store.state.folder), { force: true })
  },
})
