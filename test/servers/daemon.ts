import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

export interface DaemonOptions {
  /** Made for this daemon alone; removed when it ends. */
  readonly folder: string
  readonly command: string
  readonly args: readonly string[]
  readonly account?: { readonly uid: number; readonly gid: number } | undefined
  /** Ready once this port takes connections. */
  readonly port: number
}

export interface Daemon {
  /** What it has printed so far. */
  log(): string
  stop(): Promise<void>
}

/** Runs a server that ends with this process, however that ends. */
export async function startDaemon({ folder, command, args, account, port }: DaemonOptions): Promise<Daemon> {
  const logFile = join(folder, 'printed.log')
  // The shell waits for the end of its input, which comes with the end of this process even if that is killed.
  const keeper = spawn(
    '/bin/sh',
    [
      '-c',
      'log=$1; shift; "$@" 2>"$log" >&2 & server=$!; read -r _; kill -KILL $server; wait $server; cd /; rm -rf "$(dirname "$log")"',
      'sh',
      logFile,
      command,
      ...args,
    ],
    { ...account, cwd: folder, detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  )
  keeper.unref()
  ;(keeper.stdin as unknown as { unref(): void }).unref()
  const ended = new Promise<void>((resolve) => keeper.once('exit', () => resolve()))
  const log = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')
  const stop = async () => {
    keeper.stdin!.end()
    keeper.ref()
    await ended
  }
  const deadline = Date.now() + 20_000
  while (!(await answers(port))) {
    if (Date.now() > deadline || keeper.exitCode !== null) {
      await stop()
      throw new Error(`${command} did not start: ${log()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  return { log, stop }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
