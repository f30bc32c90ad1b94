import { EscError } from '../../errors.ts'
import { type FileStatus, type FileSystem, makeFolders, replaceFile, statusOf } from '../../files/index.ts'
import { storeIdentity } from '../../machine/index.ts'
import { stateLayout } from './state-layout.ts'

/**
 * The place where this machine keeps what it knows: outside every store, so that nothing that comes
 * with a store can be taken for it.
 */
export interface StoreState {
  /**
   * The state folder of this machine: journals and locks of environments,
   * whichever store they are in.
   */
  readonly machine: string
  /** The place where the store really is. */
  readonly store: string
  /** The folder in `machine` that is this store's alone, named by where the store really is. */
  readonly folder: string
}

interface StateHost {
  readonly files: FileSystem
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The state folder of this machine. */
  readonly state: string
}

/**
 * The state of the store in a folder. It is made when there is none, where it can be written: a
 * store can be read all the same.
 * @throws EscError `forbidden` for one that is somebody else's.
 */
export function stateOf(host: StateHost, store: string): StoreState {
  const { files, state: machine } = host
  const real = files.realPath(store)
  const folder = stateLayout.store(machine, storeIdentity(real))
  const status = statusOf(files, folder)
  if (status === undefined) makeState(host, folder, real)
  else refuseForeign(status, folder)
  return { machine, store: real, folder }
}

/** Best effort: whoever must write there says why that is not possible. */
function makeState({ files, now }: StateHost, folder: string, store: string): void {
  try {
    makeFolders(files, folder, 0o700)
    const about = { version: 1, store, firstUsed: new Date(now()).toISOString() }
    replaceFile(files, stateLayout.about(folder), Buffer.from(`${JSON.stringify(about, undefined, 2)}\n`), {
      mode: 0o600,
      synced: false,
    })
  } catch {}
}

/**
 * Whoever owns the folder can put anything into it, and take anything away.
 * Root can do so everywhere.
 */
function refuseForeign({ kind, owner }: FileStatus, folder: string): void {
  const self = process.getuid?.()
  const known = owner === undefined || owner === 0 || owner === self || (self === 0 && owner === sudoUser())
  if (known && kind === 'folder') return
  const problem = kind === 'folder' ? `belongs to another user (${owner})` : 'is not a folder'
  throw new EscError('forbidden', `the state folder ${folder} ${problem}`, {
    hint: 'set ESC_STATE_HOME to a folder of your own, or change its owner if it is yours',
  })
}

/**
 * A failure to write in the state folder, as what could not be done because of
 * it. Others pass through.
 */
export function stateFault(error: unknown, { machine }: StoreState, problem: string): unknown {
  if (!(error instanceof EscError) || error.code !== 'io') return error
  return new EscError('io', `${problem}: ${error.message}`, {
    hint: `this machine keeps locks and journals in ${machine}: make it writable, or set ESC_STATE_HOME to a folder that is`,
    cause: error,
  })
}

function sudoUser(): number | undefined {
  const text = process.env.SUDO_UID
  return text === undefined ? undefined : Number(text)
}
