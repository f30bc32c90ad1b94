import { spawn } from 'node:child_process'
import type { ChildVariables } from '../child-environment.ts'
import { EscError, messageOf } from '../errors.ts'
import { secretForms } from '../masking/index.ts'
import { HiddenPatterns, Redactor } from '../masking/redactor/index.ts'

export interface RunRequest {
  /** Absolute path. */
  readonly file: string
  readonly words: readonly string[]
  readonly cwd: string
  readonly env: ChildVariables
  /** Hidden in what it writes, in encoded and escaped forms too. */
  readonly secrets: Iterable<string>
  readonly input: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface RunResult {
  /** `undefined` when a signal ended it. */
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  readonly timedOut: boolean
  readonly stdout: string
  readonly stderr: string
}

/** The bytes of each stream that are kept: the first of them, and the last. */
const HEAD_BYTES = 16 << 10
const TAIL_BYTES = 48 << 10
/** The time that a program has to end after SIGTERM. */
const GRACE_MS = 2000

/**
 * Runs a program to its end, without a shell and without a terminal, and returns what it has
 * written, with secrets hidden. The program and what it has started are ended when the time is up,
 * or when the call is cancelled.
 *
 * @throws EscError `invalid_input` when it cannot be started.
 */
export async function runRedacted(run: RunRequest): Promise<RunResult> {
  refuseNul(run)
  const [name = '', ...args] = run.words
  const child = spawn(run.file, args, {
    argv0: name,
    cwd: run.cwd,
    env: run.env,
    detached: process.platform !== 'win32',
    stdio: 'pipe',
  })
  const patterns = new HiddenPatterns(() => secretForms([...run.secrets]))
  const outputs = [child.stdout, child.stderr].map((stream) => {
    const output = new KeptOutput(new Redactor(patterns))
    stream.on('data', (chunk: Buffer) => output.push(chunk))
    return output
  })
  let timedOut = false
  let kill: NodeJS.Timeout | undefined
  const end = () => {
    signalAll(child.pid, 'SIGTERM')
    kill ??= setTimeout(() => signalAll(child.pid, 'SIGKILL'), GRACE_MS)
  }
  const timer = setTimeout(() => {
    timedOut = true
    end()
  }, run.timeoutMs)
  run.signal.addEventListener('abort', end, { once: true })
  try {
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((done, fail) => {
      child.on('error', (error) => fail(new EscError('invalid_input', `running ${name}: ${messageOf(error)}`)))
      child.on('close', (code, signal) => done([code, signal]))
    })
    // It may end before it has read anything.
    child.stdin.on('error', () => {})
    child.stdin.end(run.input)
    if (run.signal.aborted) end()
    const [code, signal] = await ended
    const [stdout = '', stderr = ''] = outputs.map((output) => output.end())
    return { exitCode: code ?? undefined, signal: signal ?? undefined, timedOut, stdout, stderr }
  } finally {
    clearTimeout(timer)
    clearTimeout(kill)
    run.signal.removeEventListener('abort', end)
    // What it has started may have outlived it, although it was to end.
    if (timedOut || run.signal.aborted) signalAll(child.pid, 'SIGKILL')
  }
}

/** The beginning and the end of what a stream has said, once it has been redacted. */
class KeptOutput {
  readonly #redactor: Redactor
  #head = Buffer.alloc(0)
  #tail = Buffer.alloc(0)
  #dropped = 0

  constructor(redactor: Redactor) {
    this.#redactor = redactor
  }

  push(chunk: Uint8Array): void {
    this.#keep(this.#redactor.push(chunk))
  }

  end(): string {
    this.#keep(this.#redactor.end())
    const dropped = this.#dropped === 0 ? '' : `\n… ${this.#dropped} bytes left out …\n`
    return this.#head.toString() + dropped + this.#tail.toString()
  }

  #keep(bytes: Uint8Array): void {
    const room = HEAD_BYTES - this.#head.length
    if (room > 0) this.#head = Buffer.concat([this.#head, bytes.subarray(0, room)])
    const tail = Buffer.concat([this.#tail, bytes.subarray(Math.max(room, 0))])
    const most = Math.max(tail.length - TAIL_BYTES, 0)
    this.#dropped += most
    this.#tail = tail.subarray(most)
  }
}

/** To the program and what it has started. */
function signalAll(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch {
    // All have ended.
  }
}

/** No program can be given a NUL. Node would say so with the value, which may be a secret. */
function refuseNul({ words, env }: RunRequest): void {
  const variable = Object.keys(env).find((key) => key.includes('\0') || env[key]?.includes('\0'))
  const what =
    variable !== undefined
      ? `the value of the variable ${variable.replaceAll('\0', '?')}`
      : words.some((word) => word.includes('\0'))
        ? 'an argument'
        : undefined
  if (what === undefined) return
  throw new EscError('invalid_input', `running ${words[0]?.replaceAll('\0', '?')}: ${what} holds a NUL byte`, {
    hint: 'keep the value below files instead of environmentVariables',
  })
}
