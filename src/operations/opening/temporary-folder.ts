import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EscError, messageOf } from '../../errors.ts'
import { machineProcesses, type ProcessIdentity } from '../../store/index.ts'

/** Folders of plaintext: what an editor edits, and the `files` of a command under `run`. */
const PREFIXES = { edit: 'esc-edit-', run: 'esc-run-' } as const
/** The beginning of the names of folders with what an editor edits. */
export const EDITED_PREFIX = PREFIXES.edit
/** Says what is in a folder: of what is edited, the store and the name of the environment. */
export const ABOUT = 'about.json'
/** Says which process the folder belongs to. */
const OWNER = 'owner.json'
/**
 * A folder that says nothing comes from an earlier version, or from a process that was
 * killed at its very start.
 */
const UNOWNED_AGE_MS = 24 * 3_600_000

export interface TemporaryFolder {
  readonly path: string
  remove(): void
}

/**
 * Makes a folder for plaintext that only the user can read, and that `sweepTemporaryFolders`
 * removes if this process is killed.
 *
 * @param parent default: that of the operating system.
 * @param about facts for `ABOUT`. Default: there is no such file.
 * @throws EscError `io`.
 */
export function makeTemporaryFolder(
  use: keyof typeof PREFIXES,
  parent: string | undefined,
  about?: Readonly<Record<string, string>>,
): TemporaryFolder {
  let path: string | undefined
  try {
    path = mkdtempSync(join(parent || tmpdir(), PREFIXES[use]))
    // Before anything that is secret.
    writeFileSync(join(path, OWNER), JSON.stringify(machineProcesses.self()), { mode: 0o600, flag: 'wx' })
    if (about !== undefined) writeFileSync(join(path, ABOUT), JSON.stringify(about), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (path !== undefined) rmSync(path, { recursive: true, force: true })
    throw new EscError('io', `creating temporary files: ${messageOf(error)}`, {
      hint: 'set TMPDIR to a folder that can be written',
      cause: error,
    })
  }
  const made = path
  return { path: made, remove: () => rmSync(made, { recursive: true, force: true }) }
}

/**
 * Removes what killed processes have left, and returns the folders. What cannot be looked at
 * or removed is left alone.
 */
export function sweepTemporaryFolders(parent: string | undefined, now: Date): readonly string[] {
  const folder = parent || tmpdir()
  const swept: string[] = []
  for (const name of namesIn(folder)) {
    if (!Object.values(PREFIXES).some((prefix) => name.startsWith(prefix))) continue
    const path = join(folder, name)
    try {
      const status = lstatSync(path)
      // In a folder that all share, others may give names that look like ours.
      if (!status.isDirectory() || (process.getuid !== undefined && status.uid !== process.getuid())) continue
      if (!isAbandoned(path, now.getTime() - status.mtimeMs)) continue
      rmSync(path, { recursive: true, force: true })
      swept.push(path)
    } catch {
      // Somebody else was faster, or it is not ours to remove.
    }
  }
  return swept
}

function isAbandoned(path: string, ageMs: number): boolean {
  let owner: ProcessIdentity
  try {
    owner = JSON.parse(readFileSync(join(path, OWNER), 'utf8'))
    if (typeof owner.pid !== 'number') throw new TypeError('no process')
  } catch {
    return ageMs > UNOWNED_AGE_MS
  }
  return machineProcesses.isGone(owner)
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
