import { join } from 'node:path'
import { createFile, type FileSystem, machineFiles, makeFolders, readTextIfPresent } from '../files/index.ts'

/** The store that an identity key of this machine belongs to. */
export interface IdentityBinding {
  /** Absolute path of the store's folder, links resolved. */
  readonly store: string
  /** The organization that its tokens name. */
  readonly organization: string
}

/**
 * An identity key, by the RFC 7638 thumbprint of its public half, and where what
 * is known about it is kept.
 */
export interface IdentityContext {
  readonly stateFolder: string
  readonly thumbprint: string
  readonly files?: FileSystem
}

function pathOf({ stateFolder, thumbprint }: IdentityContext, kind: 'new' | 'json'): string {
  return join(stateFolder, 'trust', 'identity', `${thumbprint}.${kind}`)
}

/**
 * Remembers that a key was made on this machine, so that nobody can know it yet: the first store
 * that uses it may have it.
 */
export function recordNewIdentity(context: IdentityContext): void {
  create(context, 'new', '')
}

/** True when the key was made on this machine since this is recorded. */
export function isNewIdentity(context: IdentityContext): boolean {
  return readTextIfPresent(context.files ?? machineFiles, pathOf(context, 'new')) !== undefined
}

/** The store that the key belongs to. Undefined: none yet. */
export function readBinding(context: IdentityContext): IdentityBinding | undefined {
  const text = readTextIfPresent(context.files ?? machineFiles, pathOf(context, 'json'))
  if (text === undefined) return undefined
  try {
    const { store, organization } = JSON.parse(text) as Partial<IdentityBinding>
    if (typeof store === 'string' && typeof organization === 'string') return { store, organization }
  } catch {}
  // It belongs to somebody; nobody gets it without a question.
  return { store: '', organization: '' }
}

/**
 * Gives the key to a store, once and for all. Returns the store that has it: another
 * process may have been first.
 */
export function bindIdentity(context: IdentityContext, binding: IdentityBinding): IdentityBinding {
  create(context, 'json', `${JSON.stringify(binding)}\n`)
  return readBinding(context) as IdentityBinding
}

function create(context: IdentityContext, kind: 'new' | 'json', text: string): void {
  const { files = machineFiles, stateFolder } = context
  makeFolders(files, join(stateFolder, 'trust', 'identity'), 0o700)
  createFile(files, pathOf(context, kind), Buffer.from(text), { mode: 0o600 })
}
