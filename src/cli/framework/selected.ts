import { EscError } from '../../errors.ts'
import { selectedEnvironment, type Workspace } from '../../operations/index.ts'
import { type CommandClass, countMistake, type Input } from './command.ts'
import type { Flags } from './flags.ts'
import type { Host } from './host.ts'
import { openLook } from './session.ts'

/**
 * The input of a command line that names no environment, as if `--env` had given the one that
 * `esc select` remembers. A first word that can be an environment is one: `app/dev` always, `dev`
 * when there is such an environment. `@3` is a version of the selected one.
 *
 * @throws EscError `usage` where the command needs an environment and none is selected.
 */
export function withSelected(Command: CommandClass, input: Input<Flags>, io: Host): Input<Flags> {
  const { positionals } = input
  const [first] = positionals
  const mistake = countMistake(Command, input)
  const workspace = look(io, input.flags)
  const named = first !== undefined && workspace !== undefined && isEnvironment(workspace, first)
  const selected = workspace === undefined || named ? undefined : selectedEnvironment(workspace)
  if (selected !== undefined) {
    const isVersion = first !== undefined && isVersionAlone(first)
    const flags = { ...input.flags, env: isVersion ? selected + first : selected }
    return { ...input, flags, positionals: isVersion ? positionals.slice(1) : positionals } as Input<Flags>
  }
  if (mistake !== undefined || (first === undefined && workspace !== undefined)) throw unnamed(Command, mistake, named)
  return input
}

/** `@3`, `:stable`. */
function isVersionAlone(word: string): boolean {
  return /^[@:][^/]+$/.test(word)
}

/** Returns `undefined` when no store can be used. The command reports that itself. */
function look(io: Host, flags: { readonly store?: string }): Workspace | undefined {
  try {
    return openLook(Object.create(io, { err: { value: () => {} } }) as Host, flags).workspace
  } catch {
    return undefined
  }
}

function isEnvironment({ store, reference }: Workspace, word: string): boolean {
  try {
    return store.has(reference(word).name)
  } catch {
    return false
  }
}

function unnamed(Command: CommandClass, mistake: string | undefined, named: boolean): EscError {
  const name = `esc ${Command.id.replaceAll(':', ' ')}`
  const help = `"${name} --help" shows its arguments and flags`
  return new EscError('usage', mistake ?? 'no environment name specified', {
    hint: named ? help : `name the environment, or choose one with "esc select"; ${help}`,
  })
}
