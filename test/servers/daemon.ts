import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './binary.ts'

export interface DaemonOptions {
  /** Made for this daemon alone; removed when it ends. */
  readonly folder: string
  readonly command: string
  /** Given ports that were free a moment ago. */
  readonly args: (port: number, secondPort: number) => readonly string[]
  readonly account?: { readonly uid: number; readonly gid: number } | undefined
  /**
   * What it prints once it takes connections. A connection would not tell: somebody else may have
   * taken the port.
   */
  readonly ready: RegExp
}

export interface Daemon {
  readonly port: number
  readonly secondPort: number
  /** What it has printed so far. */
  log(): string
  stop(): Promise<void>
}

/**
 * Runs a server that ends with this process, however that ends; on other ports when somebody was
 * faster.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  for (let tries = 1; ; tries++) {
    const daemon = await startOnce(options, await freePort(), await freePort())
    if (daemon !== 'ports taken') return daemon
    if (tries === 5) throw new Error(`${options.command} found no free port`)
  }
}

async function startOnce(
  { folder, command, args, account, ready }: DaemonOptions,
  port: number,
  secondPort: number,
): Promise<Daemon | 'ports taken'> {
  const logFile = join(folder, `printed-${port}.log`)
  // The shell waits for the end of its input, which comes with the end of this process even if that
  // is killed.
  const keeper = spawn(
    '/bin/sh',
    [
      '-c',
      'log=$1; shift; "$@" 2>"$log" >&2 & server=$!; read -r ending; kill -KILL $server; wait $server; cd /; [ "$ending" = keep ] || rm -rf "$(dirname "$log")"',
      'sh',
      logFile,
      command,
      ...args(port, secondPort),
    ],
    { ...account, cwd: folder, detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  )
  keeper.unref()
  ;(keeper.stdin as unknown as { unref(): void }).unref()
  const ended = new Promise<void>((resolve) => keeper.once('exit', () => resolve()))
  const log = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')
  const stop = async (lastWord = '') => {
    keeper.stdin!.end(lastWord)
    keeper.ref()
    await ended
  }
  const deadline = Date.now() + 30_000
  while (!ready.test(log())) {
    if (/address already in use/i.test(log())) {
      await stop('keep\n')
      return 'ports taken'
    }
    if (Date.now() > deadline || keeper.exitCode !== null) {
      const printed = log()
      await stop()
      throw new Error(`${command} did not start: ${printed}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { port, secondPort, log, stop: () => stop() }
}
