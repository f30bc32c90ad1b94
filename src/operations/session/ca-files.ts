import { homedir } from 'node:os'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { EscError, messageOf } from '../../errors.ts'
import type { Store } from '../../store/index.ts'
import { requirePowers } from '../trust/require-powers.ts'
import type { Workspace } from './workspace.ts'

/** The most bytes of a file of certificates. All public authorities together have about 250 kB. */
const mostBytes = 4 << 20

/**
 * Reads files with certificates of authorities for rotators, as definitions name them:
 *
 * - a relative path is one in the folder of the store, where no link is followed;
 * - any other file of the machine is read only when `allow: {caFiles}` in `esc.yaml` names it and
 *   this machine allows that.
 *
 * @throws EscError `invalid_input` for a file that cannot be read, `untrusted` for one that the
 *   store may not have read. Nothing of a file's content is quoted.
 */
export function caFileReader(workspace: Workspace): (path: string) => Promise<string> {
  const { store } = workspace.original ?? workspace
  return async (path) => {
    if (isOfMachine(path)) {
      await requirePowers(workspace, [{ kind: 'caFile', value: path }])
      const home = workspace.host.env.HOME || homedir()
      return read(store, path.startsWith('~/') ? join(home, path.slice(2)) : path, path)
    }
    const file = resolve(store.folder, path)
    if (relative(store.folder, file).split(sep)[0] === '..') {
      throw new EscError('invalid_input', `the file of certificates ${shown(path)} is outside the store`, {
        hint: 'put it into the store, or write its absolute path and allow it in `allow: {caFiles}` of esc.yaml',
      })
    }
    return read(store, file, path)
  }
}

function isOfMachine(path: string): boolean {
  return isAbsolute(path) || path.startsWith('~/')
}

/** Reads a file of certificates. `store.files` follows no link inside the store. */
function read({ files }: Store, file: string, path: string): string {
  const refuse = (problem: string, cause?: unknown) =>
    new EscError('invalid_input', `the file of certificates ${shown(path)} ${problem}`, {
      hint: 'check the path, or write the certificates as `ca`',
      cause,
    })
  let text: string
  try {
    const status = files.stat(file)
    if (status === undefined) throw refuse('does not exist')
    if (status.kind === 'folder') throw refuse('is a folder')
    // Opening a pipe would wait, and a device may have no end.
    if (status.kind !== 'file') throw refuse('is a link, pipe, socket or device')
    if (status.size > mostBytes) throw refuse(`has more than ${mostBytes} bytes`)
    text = files.readText(file)
  } catch (error) {
    if (error instanceof EscError) throw error
    throw refuse(`cannot be read: ${messageOf(error)}`, error)
  }
  return text
}

function shown(path: string): string {
  return JSON.stringify(path)
}
