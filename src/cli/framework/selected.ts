import { EscError } from '../../errors.ts'
import { findSelection, type SessionRequest } from '../../operations/index.ts'
import { type CommandClass, countMistake, type Input } from './command.ts'
import type { Flags } from './flags.ts'
import type { Host } from './host.ts'
import { sessionRequest } from './session.ts'

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
  // The command itself reports what is wrong with the store, and notices.
  const usual = sessionRequest(io, input.flags)
  const request = { ...usual, host: { ...usual.host, notify() {}, deliver: undefined } }
  if (Command.usesSelected === 'only') return withOnlySelected(Command, input, request)
  const found = findSelection(request, first)
  const { named = false, selected } = found ?? {}
  if (selected !== undefined) {
    const isVersion = first !== undefined && isVersionAlone(first)
    const flags = { ...input.flags, env: isVersion ? selected + first : selected }
    return { ...input, flags, positionals: isVersion ? positionals.slice(1) : positionals } as Input<Flags>
  }
  if (mistake !== undefined || (first === undefined && found !== undefined)) throw unnamed(Command, mistake, named)
  return input
}

/** The same for a command none of whose words is an environment. */
function withOnlySelected(Command: CommandClass, input: Input<Flags>, request: SessionRequest): Input<Flags> {
  const found = findSelection(request, undefined)
  if (found === undefined) return input
  if (found.selected !== undefined) return { ...input, flags: { ...input.flags, env: found.selected } } as Input<Flags>
  throw new EscError('usage', 'no environment is selected', {
    hint: `choose one with "esc select", or name it: "esc ${Command.id.replaceAll(':', ' ')} --env ENV"`,
  })
}

/** `@3`, `:stable`. */
function isVersionAlone(word: string): boolean {
  return /^[@:][^/]+$/.test(word)
}

function unnamed(Command: CommandClass, mistake: string | undefined, named: boolean): EscError {
  const name = `esc ${Command.id.replaceAll(':', ' ')}`
  const help = `"${name} --help" shows its arguments and flags`
  return new EscError('usage', mistake ?? 'no environment name specified', {
    hint: named ? help : `name the environment, or choose one with "esc select"; ${help}`,
  })
}
