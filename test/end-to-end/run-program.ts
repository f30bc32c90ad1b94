import { spawn } from 'node:child_process'
import { type Ended, ended, Program } from './program.ts'

/**
 * Runs the built program to its end, in a folder and with variables that a test chooses.
 * `undefined` takes a variable away.
 */
export function runProgram(
  words: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<Ended> {
  const child = spawn(process.execPath, [Program.path, ...words], {
    cwd,
    env: inherited(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return ended(child)
}

/** The variables of this process, and those of a test. */
export function inherited(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ESC_PASSPHRASE: ___, ...others } = process.env
  return { ...others, ...env }
}
