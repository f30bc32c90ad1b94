import { homedir } from 'node:os'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { childEnvironment, isKeyVariable } from '../../child-environment.ts'
import { EscError, messageOf } from '../../errors.ts'
import { type FileSystem, machineFiles } from '../../files/index.ts'
import type { Plain, PlainObject } from '../../plain.ts'
import type { MachineAccess } from '../../providers/index.ts'
import { secret } from '../../secret.ts'
import type { PowerKind } from '../../trust/index.ts'
import { requirePowers } from '../trust/require-powers.ts'
import { keyContext, type Workspace } from './workspace.ts'

/** More than any value of an environment needs. */
const mostBytes = 4 << 20

/**
 * Gives what providers read from this machine, each once it was allowed (`docs/trust.md`): with
 * what they are given, a store could send it wherever its definitions say. Files in the store are
 * its own.
 */
export function machineAccess(workspace: Workspace, signal: AbortSignal): MachineAccess {
  const { env } = workspace.host
  const allowed = (kind: PowerKind, value: string) => requirePowers(workspace, [{ kind, value }])
  return {
    async variable(name) {
      if (isKeyVariable(name)) {
        throw new EscError('invalid_input', `the variable ${name} holds a key to environments, and is for esc alone`)
      }
      await allowed('readVariable', name)
      return env[name]
    },
    async file(path) {
      const place = placeOf(workspace, path)
      if (!place.inStore) await allowed('readFile', path)
      return read(place, path)
    },
    async sops(path) {
      // Its keys are the user's, and not the store's: what they open may be of somewhere else.
      await allowed('sopsFile', path)
      const text = Buffer.from(read(placeOf(workspace, path), path)).toString()
      const { readSops } = await import('../definitions/import/sops.ts')
      const { entries } = await readSops(text, workspace.host, { environment: '', source: path })
      return plainEntries(entries)
    },
    async command(words, options) {
      await allowed('command', JSON.stringify(words))
      const { printedBy } = await import('./printed-by.ts')
      return printedBy(words, { ...options, cwd: workspace.store.folder, env: childEnvironment(env), signal })
    },
    async onePassword(ref, { token, doing }) {
      const { readByOp } = await import('./read-by-op.ts')
      return readByOp(ref, { token, doing, env, signal })
    },
    async cluster(source) {
      await allowed('cluster', source)
      const { clusterAccess } = await import('./cluster-access.ts')
      const readText = (path: string) => Buffer.from(read(placeOf(workspace, path), path)).toString()
      return clusterAccess(source, { env, signal, read: readText })
    },
    async pulumiSecrets(stack, manager) {
      await allowed('stack', stack)
      const { stackSecrets } = await import('../definitions/import/pulumi-secrets.ts')
      return stackSecrets(manager, workspace.host)
    },
    allowStack: (stack) => allowed('stack', stack),
    async storageToken(store, doing) {
      const { storageToken } = await import('../../keys/index.ts')
      try {
        return await storageToken(store, keyContext(workspace.host), { doing, hidden: [] })
      } catch (error) {
        if (!(error instanceof EscError)) throw error
        // It is a call of a provider that fails, and no key of an environment.
        throw new EscError('provider_failed', error.message, { hint: error.hint })
      }
    },
  }
}

interface Place {
  readonly file: string
  readonly inStore: boolean
  readonly files: FileSystem
}

/** A relative path is one from the folder of the store on. */
function placeOf({ host, original, store }: Workspace, path: string): Place {
  const { folder, files } = (original ?? { store }).store
  const home = host.env.HOME || homedir()
  const file = path.startsWith('~/') ? join(home, path.slice(2)) : resolve(folder, path)
  const inStore = !isAbsolute(path) && !path.startsWith('~') && relative(folder, file).split(sep)[0] !== '..'
  return { file, inStore, files: inStore ? files : machineFiles }
}

/** @throws EscError `invalid_input`. Nothing of the content is quoted. */
function read({ file, files }: Place, path: string): Uint8Array {
  const refuse = (problem: string, cause?: unknown) =>
    new EscError('invalid_input', `the file ${JSON.stringify(path)} ${problem}`, {
      hint: 'check the path: one that is not absolute is taken from the folder of the store on',
      cause,
    })
  try {
    const status = files.stat(file)
    if (status === undefined) throw refuse('does not exist')
    // Opening a pipe would wait, and a device may have no end.
    if (status.kind !== 'file') throw refuse('is not a regular file')
    if (status.size > mostBytes) throw refuse(`has more than ${mostBytes} bytes`)
    return files.readFile(file)
  } catch (error) {
    if (error instanceof EscError) throw error
    throw refuse(`cannot be read: ${messageOf(error)}`, error)
  }
}

type Foreign = Awaited<ReturnType<typeof import('../definitions/import/sops.ts').readSops>>['entries'][number]

function plainEntries(entries: readonly Foreign[]): PlainObject {
  return Object.fromEntries(entries.map(({ key, value }) => [key, plainValue(value)]))
}

function plainValue(value: Foreign['value']): Plain {
  switch (value.kind) {
    case 'list':
      return value.items.map(plainValue)
    case 'object':
      return plainEntries(value.entries)
    case 'scalar': {
      const plain = value.value !== null && typeof value.value === 'object' ? Number(value.value.text) : value.value
      return value.secret ? secret(plain) : plain
    }
  }
}
