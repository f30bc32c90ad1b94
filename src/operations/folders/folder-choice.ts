import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { EscError } from '../../errors.ts'
import { rich, step } from '../../rich-text.ts'
import { layout } from '../../store/index.ts'
import { namesServer } from '../servers/server-in-words.ts'
import type { SessionHost } from '../session/session-parts.ts'
import { choiceDigest, readFolderDecision } from './folder-decisions.ts'
import { findFolderFile } from './folder-file.ts'

/** The store and the environment that commands mean in a folder, unless others are named. */
export interface FolderChoice {
  /** Path of the `.esc.yaml` that says so. */
  readonly file: string
  /** Folder of a store or URL of a server. `undefined`: there is none above the file. */
  readonly store: string | undefined
  /** True when the file names the store. */
  readonly namesStore: boolean
  /** The environment of the file. */
  readonly environment: string | undefined
  /** The environment that was selected on this machine in place of that one. */
  readonly selected: string | undefined
}

type Place = Pick<SessionHost, 'cwd' | 'env'>

/**
 * Returns what the nearest `.esc.yaml` chooses. `undefined`: there is none, or a store is nearer.
 *
 * A file may choose freely in its own work tree. Elsewhere it could hand secrets of one store to
 * the programs of another project, so a person has to allow that once.
 *
 * @throws EscError `invalid_input` for a malformed file; `untrusted` for a choice that nobody has
 *   allowed.
 */
export function folderChoice(place: Place): FolderChoice | undefined {
  const choice = lookAtFolder(place)
  if (choice === undefined || choice.allowed) return choice
  const what = [choice.store, choice.environment && `environment ${choice.environment}`].filter(Boolean).join(', ')
  throw new EscError('untrusted', `${choice.file} chooses what is outside its own work tree: ${what}`, {
    hint: rich`if it is meant, ${step('allow it', { do: 'trust-folder' })}, or name the store and the environment`,
  })
}

/** The choice of the folder, where it names a store. @throws EscError as `folderChoice`. */
export function storeOfFolder(place: Place): FolderChoice | undefined {
  return lookAtFolder(place)?.namesStore === true ? folderChoice(place) : undefined
}

/** The choice of the folder, where it names an environment of the server. */
export function choiceForServer(place: Place, url: string): FolderChoice | undefined {
  const choice = folderChoice(place)
  return choice?.environment !== undefined && choice.store?.replace(/\/+$/, '') === url ? choice : undefined
}

/** Returns what the nearest `.esc.yaml` chooses, and whether it may. */
export function lookAtFolder({ cwd, env }: Place): (FolderChoice & { readonly allowed: boolean }) | undefined {
  const found = findFolderFile(cwd)
  if (found === undefined) return undefined
  const { file, store: named, environment } = found
  const folder = dirname(file)
  const store = named === undefined ? storeAbove(folder) : namesServer(named) ? named : (storeIn(named) ?? named)
  const nearer = storeBelow(folder, resolve(cwd))
  if (nearer !== undefined && nearer !== store) return undefined
  const decision = readFolderDecision(env, file)
  const allowed =
    isOwn(folder, store) ||
    (store !== undefined && store === env.ESC_SERVER_URL) ||
    decision?.allowed === choiceDigest({ store, environment })
  return { file, store, namesStore: named !== undefined, environment, selected: decision?.selected, allowed }
}

/** The store that is in a folder, or in `environments/` of it. */
function storeIn(folder: string): string | undefined {
  return [folder, join(folder, 'environments')].find((each) => existsSync(layout.configuration(each)))
}

function storeAbove(folder: string): string | undefined {
  const parent = dirname(folder)
  return storeIn(folder) ?? (parent === folder ? undefined : storeAbove(parent))
}

/** The store that is nearer to `from` than `folder`, which is above it. */
function storeBelow(folder: string, from: string): string | undefined {
  return from === folder ? undefined : (storeIn(from) ?? storeBelow(folder, dirname(from)))
}

/** True when the store is in the git work tree of the folder, or where there is none, below it. */
function isOwn(folder: string, store: string | undefined): boolean {
  if (store === undefined || namesServer(store) || !existsSync(store)) return false
  const inside = `${realpathSync(workTree(folder))}${sep}`.replace(/\/{2,}$/, sep)
  return `${realpathSync(store)}${sep}`.startsWith(inside)
}

function workTree(folder: string): string {
  for (let each = folder; ; each = dirname(each)) {
    if (existsSync(join(each, '.git'))) return each
    if (dirname(each) === each) return folder
  }
}
