import type { ChildProcess } from 'node:child_process'
import type { ChildVariables } from '../../child-environment.ts'
import { EscError } from '../../errors.ts'

interface Run {
  readonly cwd: string
  readonly env: ChildVariables
  readonly signal: AbortSignal
  readonly timeoutMs: number
  /** Its standard input. Default: it is at its end. */
  readonly input?: string | undefined
  /** The fault that is thrown instead, made of what went wrong and of standard error. */
  readonly fault?: (problem: string, said: string) => EscError
}

/** The characters of standard error that are read. */
const mostSaid = 4096

const mostBytes = 1 << 20

/**
 * Returns what a program prints, without the line break at its end. It runs without a shell, and
 * without keys to environments among its variables. What it says on standard error is not shown,
 * since that may be a secret.
 *
 * @throws EscError `provider_failed`.
 */
export async function printedBy(words: readonly string[], run: Run): Promise<string> {
  const [program = '', ...args] = words
  // A program of the repository could be changed without being asked about.
  if (/^\.{1,2}[/\\]/.test(program) || (/[/\\]/.test(program) && !/^([/\\]|[A-Za-z]:)/.test(program))) {
    throw new EscError('invalid_input', `command: ${JSON.stringify(program)} is not a program of this machine`, {
      hint: 'write the name of a program that is installed, or its absolute path',
    })
  }
  const { spawn } = await import('node:child_process')
  const { input = '', timeoutMs, signal } = run
  let said = ''
  const failed = (problem: string) =>
    run.fault?.(problem, said) ??
    new EscError('provider_failed', `command: ${program} ${problem}`, { hint: 'run it by hand to see why' })
  return new Promise<string>((done, fail) => {
    const child = spawn(program, args, {
      cwd: run.cwd,
      env: run.env,
      stdio: ['pipe', 'pipe', run.fault ? 'pipe' : 'ignore'],
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(0, mostSaid)
    })
    const chunks: Buffer[] = []
    let size = 0
    const stop = (problem: string) => {
      child.kill('SIGKILL')
      fail(failed(problem))
    }
    const timer = setTimeout(() => stop(`did not end within ${timeoutMs / 1000} s`), timeoutMs)
    const apart = endTogether(child)
    const interrupted = () => stop('was interrupted')
    signal.addEventListener('abort', interrupted, { once: true })
    child.stdout?.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > mostBytes) stop('prints more than a mebibyte')
      else chunks.push(chunk)
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      apart()
      fail(failed(error.code === 'ENOENT' ? 'is not installed' : `cannot be run (${error.code})`))
    })
    child.on('close', (code, killed) => {
      apart()
      clearTimeout(timer)
      signal.removeEventListener('abort', interrupted)
      if (code === 0)
        done(
          Buffer.concat(chunks)
            .toString()
            .replace(/\r?\n$/, ''),
        )
      else fail(failed(code === null ? `was ended by ${killed}` : `failed with exit code ${code}`))
    })
    // It may end before it has read anything.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Ends a program with this process, which a signal ends at once where nobody listens to it. Returns
 * what undoes that.
 */
function endTogether(child: ChildProcess): () => void {
  const listeners = endings.map((ending) => {
    const listen = () => {
      child.kill('SIGKILL')
      // The last one to hear of it: it ends us as it would have without this.
      if (process.listenerCount(ending) === 0) process.kill(process.pid, ending)
    }
    process.once(ending, listen)
    return () => process.off(ending, listen)
  })
  return () => {
    for (const remove of listeners) remove()
  }
}
