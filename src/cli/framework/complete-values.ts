import {
  environmentTags,
  listEnvironments,
  listSchedules,
  listTokens,
  type NameWithin,
  namesWithin,
  type Session,
} from '../../operations/index.ts'
import type { CommandClass } from './command.ts'
import { SHELLS } from './completion-script.ts'
import type { Flag } from './flags.ts'
import type { Host } from './host.ts'
import { openUnattended } from './session.ts'

/** Files belong here, and shells know those best. */
export const anyFile = Symbol('files')

/** The candidates for a word, which need not begin as it does. */
export type Found = readonly NameWithin[] | typeof anyFile

/** The command line as far as values depend on it. */
export interface Typed {
  readonly io: Host
  /** The store that it names. */
  readonly store: string | undefined
  /** The environment that it names, perhaps with a version. */
  readonly environment: string | undefined
  /** The words after the environment. */
  readonly others: readonly string[]
  /** The beginning of the word. */
  readonly current: string
}

/** Returns what an argument of a command may be. Throws what the store throws. */
export async function candidatesFor(argument: string, { id }: CommandClass, typed: Typed): Promise<Found> {
  switch (argument) {
    case 'environment':
    case 'environments':
    case 'source':
    case 'destination':
      return environmentOrVersion(typed)
    case 'other':
      return typed.current.startsWith('@') ? versionsAlone(typed) : environmentOrVersion(typed)
    case 'version':
      return typed.current.startsWith('@') ? versionsAlone(typed) : within(typed, 'versions')
    case 'paths':
      return id.startsWith('env:rotate') ? leftOf(await within(typed, 'rotators'), typed) : []
    case 'name':
      return id.startsWith('env:tag') ? tags(typed) : []
    case 'schedule-id':
      return schedules(typed)
    case 'token':
      return tokens(typed)
    case 'shell':
      return plain(id === 'hook' ? ['bash', 'zsh', 'fish'] : SHELLS)
    case 'file':
    case 'folder':
    case 'command':
      return anyFile
    case 'path':
      return id === 'scan' ? anyFile : []
    default:
      return []
  }
}

/** Returns what the value of a flag may be. */
export async function candidatesForFlag(name: string, flag: Flag<unknown>, typed: Typed): Promise<Found> {
  if (flag.options !== undefined) return plain(flag.options)
  if (flag.type === 'boolean') return plain(['true', 'false'])
  switch (flag.helpValue) {
    case 'environment':
      return environmentOrVersion(typed)
    case 'version':
      return name === 'replace-with' ? within(typed, 'versions') : []
    case 'file':
    case 'folder':
    case 'command':
      return anyFile
    default:
      return []
  }
}

function plain(names: readonly string[]): NameWithin[] {
  return names.map((name) => ({ name, about: '' }))
}

/** A session for looking. Undefined: a server keeps the store, and is not asked while one types. */
function lookAt({ io, store }: Typed): Session | undefined {
  const session = openUnattended(io, { store })()
  return session.server === undefined ? session : undefined
}

/** `app/dev@` gets its versions, anything else the environments there are. */
async function environmentOrVersion(typed: Typed): Promise<NameWithin[]> {
  const at = typed.current.indexOf('@')
  if (at === -1) return environments(typed)
  const environment = typed.current.slice(0, at)
  const versions = await within({ ...typed, environment }, 'versions')
  return versions.map(({ name, about }) => ({ name: `${environment}@${name}`, about }))
}

async function environments(typed: Typed): Promise<NameWithin[]> {
  const session = lookAt(typed)
  return session === undefined
    ? []
    : plain((await session.perform(listEnvironments, undefined, {})).result.environments)
}

async function versionsAlone(typed: Typed): Promise<NameWithin[]> {
  return (await within(typed, 'versions')).map(({ name, about }) => ({ name: `@${name}`, about }))
}

async function within(typed: Typed, kind: 'versions' | 'rotators'): Promise<readonly NameWithin[]> {
  return inEnvironment(typed, async (session, reference) => {
    return (await session.perform(namesWithin, reference, kind)).result
  })
}

/** Without those that the command line has already. */
function leftOf(names: readonly NameWithin[], { others }: Typed): NameWithin[] {
  return names.filter(({ name }) => !others.includes(name))
}

function tags(typed: Typed): Promise<NameWithin[]> {
  return inEnvironment(typed, async (session, reference) => {
    return plain((await session.perform(environmentTags, reference)).result.map(({ name }) => name))
  })
}

function schedules(typed: Typed): Promise<NameWithin[]> {
  return inEnvironment(typed, async (session, reference) => {
    const { result } = await session.perform(listSchedules, reference)
    return result.map(({ schedule, timing }) => ({ name: schedule.id, about: timing }))
  })
}

async function tokens(typed: Typed): Promise<NameWithin[]> {
  const session = lookAt(typed)
  if (session === undefined) return []
  const { result } = await session.perform(listTokens, undefined)
  return result.map(({ id, name }) => ({ name: id, about: name }))
}

/**
 * Looks into the environment of the command line. One that the user may not see, or that is not
 * there, is not asked for: typing is nothing that the audit log should hold.
 */
async function inEnvironment(
  typed: Typed,
  look: (session: Session, reference: ReturnType<Session['reference']>) => Promise<readonly NameWithin[]>,
): Promise<NameWithin[]> {
  const session = lookAt(typed)
  if (session === undefined || typed.environment === undefined) return []
  const reference = session.reference(typed.environment.replace(/@.*$/s, ''))
  const { environments } = (await session.perform(listEnvironments, undefined, {})).result
  return environments.includes(reference.name) ? [...(await look(session, reference))] : []
}
