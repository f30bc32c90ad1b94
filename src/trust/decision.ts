import { join } from 'node:path'
import { EscError } from '../errors.ts'
import {
  type FileSystem,
  listIfPresent,
  machineFiles,
  makeFolders,
  readIfPresent,
  removeFile,
  replaceFile,
  statusOf,
  syncFolder,
} from '../files/index.ts'
import { storeIdentity } from '../machine/index.ts'
import { rich, step } from '../rich-text.ts'
import { type Power, powerKinds, sortedPowers } from './power.ts'

/** The place where this machine keeps what it was told about a store. */
export interface TrustContext {
  /** `stateFolder(env)`: outside every repository. */
  readonly stateFolder: string
  /** Absolute path of the store's folder, links resolved. */
  readonly store: string
  readonly files?: FileSystem
}

/** The powers that a person has allowed one store on this machine. */
export interface TrustDecision {
  readonly store: string
  /** ISO 8601. */
  readonly accepted: string
  readonly powers: readonly Power[]
}

function folderOf(stateFolder: string): string {
  return join(stateFolder, 'trust')
}

/** The file that holds the decision about a store. */
export function decisionFile({ stateFolder, store }: TrustContext): string {
  return join(folderOf(stateFolder), `${storeIdentity(store)}.json`)
}

/**
 * Returns the decision. Undefined: nothing was decided yet.
 * @throws EscError `untrusted` for a file that others could have written, or that is damaged.
 */
export function readDecision(context: TrustContext): TrustDecision | undefined {
  const decision = readFile(context.files ?? machineFiles, decisionFile(context))
  // The name of the file is made of the path, so another store in it is damage.
  return decision?.store === context.store ? decision : undefined
}

/** Replaces what was allowed, durably; mode 0600. */
export function writeDecision(context: TrustContext, decision: Omit<TrustDecision, 'store'>): void {
  const { files = machineFiles, stateFolder, store } = context
  makeFolders(files, folderOf(stateFolder), 0o700)
  const { accepted, powers } = decision
  const text = JSON.stringify({ version: 1, store, accepted, powers: sortedPowers(powers) }, undefined, 2)
  replaceFile(files, decisionFile(context), Buffer.from(`${text}\n`), { mode: 0o600 })
}

/** Forgets what was allowed. False: nothing was. */
export function removeDecision(context: TrustContext): boolean {
  const { files = machineFiles, stateFolder } = context
  const removed = removeFile(files, decisionFile(context))
  if (removed) syncFolder(files, folderOf(stateFolder))
  return removed
}

/** Everything that was decided on this machine, by the path of the store. */
export function listDecisions(stateFolder: string, files: FileSystem = machineFiles): readonly TrustDecision[] {
  const names = listIfPresent(files, folderOf(stateFolder)).filter((name) => /^[0-9a-f]{32}\.json$/.test(name))
  const decisions = names.flatMap((name) => readFile(files, join(folderOf(stateFolder), name)) ?? [])
  return decisions.sort((a, b) => (a.store < b.store ? -1 : 1))
}

function readFile(files: FileSystem, path: string): TrustDecision | undefined {
  const bytes = readIfPresent(files, path)
  if (bytes === undefined) return undefined
  const mode = statusOf(files, path)?.mode ?? 0
  if (process.platform !== 'win32' && (mode & 0o022) !== 0) {
    throw unusable(`can be written by others (mode 0${mode.toString(8)})`, path)
  }
  const decision = parse(Buffer.from(bytes).toString())
  if (decision === undefined) throw unusable('is damaged', path)
  return decision
}

function unusable(problem: string, path: string): EscError {
  return new EscError('untrusted', `${path}, which says what stores may do on this machine, ${problem}`, {
    hint: rich`delete the file, and ${step('allow the store anew', { do: 'trust-store' })}`,
  })
}

function parse(text: string): TrustDecision | undefined {
  try {
    const { version, store, accepted, powers } = JSON.parse(text) as Record<string, unknown>
    const sound = version === 1 && typeof store === 'string' && typeof accepted === 'string' && Array.isArray(powers)
    return sound && powers.every(isPower) ? { store, accepted, powers } : undefined
  } catch {
    return undefined
  }
}

function isPower(value: unknown): value is Power {
  const { kind, value: text } = (value ?? {}) as { readonly kind?: unknown; readonly value?: unknown }
  return typeof text === 'string' && powerKinds.some((each) => each === kind)
}
