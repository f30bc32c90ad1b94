import { spawn } from 'node:child_process'
import { type Ended, ended, Program } from './program.ts'

/** Runs the built program to its end, in a folder and with variables that a test chooses. `undefined` takes a variable away. */
export function runProgram(
  words: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<Ended> {
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ESC_PASSPHRASE: ___, ...inherited } = process.env
  const child = spawn(process.execPath, [Program.path, ...words], {
    cwd,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return ended(child)
}
