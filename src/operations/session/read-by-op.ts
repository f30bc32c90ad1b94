import { dirname } from 'node:path'
import { childEnvironment, type Variables } from '../../child-environment.ts'
import { EscError } from '../../errors.ts'
import { quoted } from '../../http/index.ts'
import { printedBy } from './printed-by.ts'

const timeoutMs = 60_000

interface Reading {
  /** The token of a service account. */
  readonly token: string
  /** The beginning of messages. */
  readonly doing: string
  readonly env: Variables
  readonly signal: AbortSignal
}

/**
 * Returns what a reference to 1Password stands for. `op` gets the token alone: a session or a
 * server of the user's own would let a definition read what is theirs. It runs in the folder of
 * Node, so that no program of a store is taken for it.
 *
 * @throws EscError `provider_failed`.
 */
export async function readByOp(ref: string, { token, doing, env, signal }: Reading): Promise<string> {
  const others = Object.fromEntries(Object.entries(env).filter(([name]) => !/^OP_/i.test(name)))
  const variables = childEnvironment(others, { add: { OP_SERVICE_ACCOUNT_TOKEN: token } })
  const fault = (problem: string, said: string) => {
    const reason = quoted(said.replace(/^\[ERROR\] [\d/]+ [\d:]+ /, ''), [token])
    const what = reason === '' ? `failed: op ${problem}` : `failed: ${reason}`
    return new EscError('provider_failed', `${doing} ${what}`, { hint: hintFor(problem) })
  }
  const words = ['op', 'read', '--no-newline', '--', ref]
  return printedBy(words, { cwd: dirname(process.execPath), env: variables, signal, timeoutMs, fault })
}

function hintFor(problem: string): string {
  return problem === 'is not installed'
    ? 'install the command-line program of 1Password (op, version 2)'
    : 'check the reference, the token, and whether the service account may read the vault'
}
