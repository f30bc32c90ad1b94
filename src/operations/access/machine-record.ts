import { Buffer } from 'node:buffer'
import { dirname } from 'node:path'
import { EscError } from '../../errors.ts'
import {
  type FileSystem,
  machineFiles,
  makeFolders,
  readTextIfPresent,
  removeFile,
  replaceFile,
} from '../../files/index.ts'

/**
 * Reads what this machine has written down about work that is to be finished, as JSON. `undefined`
 * when there is nothing.
 *
 * @throws EscError `store_damaged` for a file that is no JSON: taking it for nothing would forget
 *   the work.
 */
export function readRecord(file: string, files: FileSystem = machineFiles): unknown {
  const text = readTextIfPresent(files, file)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new EscError('store_damaged', `${file} is not JSON, so what was begun cannot be told`, {
      hint: 'restore the file; or remove it, and rotate by hand what somebody who has left may know',
      cause: error,
    })
  }
}

/** Writes a record durably: killed at any instant, there is the former record or the new one. */
export function writeRecord(file: string, record: unknown, files: FileSystem = machineFiles): void {
  makeFolders(files, dirname(file), 0o700)
  replaceFile(files, file, Buffer.from(JSON.stringify(record)), { mode: 0o600 })
}

/** Removes a record: its work is done. */
export function removeRecord(file: string, files: FileSystem = machineFiles): void {
  removeFile(files, file)
}
