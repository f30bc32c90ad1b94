import { existsSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { EscError } from '../../errors.ts'
import type { Session } from '../session/session.ts'
import type { SessionHost } from '../session/session-parts.ts'
import { type FolderChoice, lookAtFolder } from './folder-choice.ts'
import { changeFolderDecision, choiceDigest } from './folder-decisions.ts'
import { folderFileName } from './folder-file.ts'

type Place = Pick<SessionHost, 'cwd' | 'env'>

/** The choice of a folder, and whether it counts on this machine. */
export type FolderReview = FolderChoice & { readonly allowed: boolean }

/** The choice of the nearest `.esc.yaml`. @throws EscError `not_found`: there is none. */
function reviewFolder(place: Place): FolderReview {
  const choice = lookAtFolder(place)
  if (choice !== undefined) return choice
  throw new EscError('not_found', `no ${folderFileName} chooses anything in ${resolve(place.cwd)}`, {
    hint: 'go to the folder of one, or below it: where a store is nearer than the file, the store counts',
  })
}

/** Lets the nearest `.esc.yaml` choose what it chooses now. Another choice needs this again. */
export async function allowFolder(place: Place): Promise<FolderReview> {
  const choice = reviewFolder(place)
  await changeFolderDecision(place.env, choice.file, { allowed: choiceDigest(choice) })
  return { ...choice, allowed: true }
}

/** Takes back what `allowFolder` has allowed. */
export async function forbidFolder(place: Place): Promise<FolderReview> {
  const { file } = reviewFolder(place)
  await changeFolderDecision(place.env, file, { allowed: undefined })
  return reviewFolder(place)
}

/**
 * Writes the `.esc.yaml` of the current folder: the environment, and the store of the session
 * unless it is the one that the folder is in. Returns the path of the file.
 *
 * @throws EscError `already_exists` for a folder that has one, unless `replace`.
 */
export async function writeFolderFile(
  session: Session,
  place: Place,
  { environment, replace }: { readonly environment: string; readonly replace: boolean },
): Promise<string> {
  const file = join(resolve(place.cwd), folderFileName)
  if (existsSync(file) && !replace) {
    throw new EscError('already_exists', `${file} already exists`, { hint: 'edit it, or remove it first' })
  }
  const store = storeWord(session, place)
  const lines = [...(store === undefined ? [] : [`store: ${yamlText(store)}`]), `environment: ${yamlText(environment)}`]
  writeFileSync(file, `${lines.join('\n')}\n`)
  await changeFolderDecision(place.env, file, { selected: undefined })
  const choice = lookAtFolder(place)
  if (choice?.allowed === false) await allowFolder(place)
  return file
}

/** The store as the file names it. `undefined`: the file is in it. */
function storeWord(session: Session, { cwd }: Place): string | undefined {
  if (session.server !== undefined) return session.server
  if (session.chosen === 'found') return undefined
  const path = relative(resolve(cwd), session.folder)
  return path.startsWith('.') ? path : `./${path}`
}

/** Every JSON text is a YAML text. */
function yamlText(text: string): string {
  return /^[a-z./][\w./:-]*$/i.test(text) && !text.endsWith(':') ? text : JSON.stringify(text)
}
