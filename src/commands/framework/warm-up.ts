import type { Io } from '../../terminal/index.ts'
import { main } from './main.ts'

/**
 * Plays the commands people wait for, in a scratch store, so that the code cache holds the functions they need. Used by the
 * build; fails when a command fails.
 */
export async function warmUp(root: string, scratch: string): Promise<void> {
  await play(['version'])

  async function play(argv: readonly string[]): Promise<void> {
    const errors: string[] = []
    const code = await main(argv, root, scratchIo(scratch, errors))
    if (code !== 0) throw new Error(`esc ${argv.join(' ')} exited with ${code}: ${errors.join('')}`)
  }
}

function scratchIo(folder: string, errors: string[]): Io {
  return {
    env: { HOME: folder, ESC_CONFIG_HOME: folder, PATH: process.env.PATH, ESC_AUTHOR: 'build <build>' },
    cwd: folder,
    stdinIsTerminal: false,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    columns: undefined,
    sharesStreams: false,
    out: () => {},
    err: (text) => errors.push(String(text)),
    readStdin: async () => new Uint8Array(),
    readLine: async () => undefined,
    now: () => new Date(),
    onInterrupt: () => () => {},
    exit: (code) => process.exit(code),
  }
}
