import { childEnvironment } from '../../child-environment.ts'
import { findProgram } from '../../operations/index.ts'
import type { Io } from './io.ts'
import { prose } from './prose.ts'
import { shellWords } from './shell-words.ts'

/** Shows a text through the pager, as `page` does, or writes it where there is none. */
export async function pageOrWrite(io: Io, text: string, command: string | undefined): Promise<void> {
  if (!(io.sharesStreams && (await page(io, text, command)))) io.out(text)
}

/**
 * Shows a text through the pager: `command`, else $PAGER, else `less -R -F`. Returns false when
 * there is no such program; the caller then writes the text itself.
 */
export async function page(io: Io, text: string, command: string | undefined): Promise<boolean> {
  const [name, ...args] = shellWords(command || io.env.PAGER || 'less -R -F')
  const program = name === undefined ? undefined : findProgram(name, io.env.PATH, io.cwd)
  if (program === undefined) return false
  io.busy?.end()
  const { spawn } = await import('node:child_process')
  return new Promise((done) => {
    const child = spawn(program, args, { stdio: ['pipe', 'inherit', 'inherit'], env: childEnvironment(io.env) })
    child.on('error', () => done(false))
    child.on('close', () => done(true))
    // The reader may quit before everything is written.
    child.stdin.on('error', () => {})
    child.stdin.end(prose(text))
  })
}
