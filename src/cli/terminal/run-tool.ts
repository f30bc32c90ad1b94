import { childEnvironment } from '../../child-environment.ts'
import type { Io } from './io.ts'

/** The outcome of a program that was run for what it prints. */
export interface ToolResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

/**
 * Runs a program without a shell, and waits for it. It is ended when we are.
 * @param input its standard input. Default: it is at its end at once.
 */
export async function runTool(io: Io, program: string, args: readonly string[], input = ''): Promise<ToolResult> {
  const { spawn } = await import('node:child_process')
  let kill: ((signal: NodeJS.Signals) => void) | undefined
  const stop = io.onInterrupt((signal) => kill?.(signal))
  try {
    return await new Promise<ToolResult>((done, fail) => {
      const child = spawn(program, args, { env: childEnvironment(io.env), cwd: io.cwd, stdio: 'pipe' })
      kill = (signal) => child.kill(signal)
      const [out, err]: [Buffer[], Buffer[]] = [[], []]
      child.stdout.on('data', (chunk) => out.push(chunk))
      child.stderr.on('data', (chunk) => err.push(chunk))
      child.on('error', fail)
      child.on('close', (code) =>
        done({ code: code ?? -1, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }),
      )
      // It may be gone before it has read anything.
      child.stdin.on('error', () => {})
      child.stdin.end(input)
    })
  } finally {
    stop()
  }
}
