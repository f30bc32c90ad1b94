import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import type { Output } from './transcript.ts'

/** One use of the program in a script. */
export interface Call {
  readonly words: readonly string[]
  readonly cwd: string
  readonly input: Uint8Array
}

export interface Answer {
  readonly out: string | Uint8Array
  readonly err: string | Uint8Array
  readonly status: number
}

export interface ScriptOptions {
  /** The program's name in the script. */
  readonly program: string
  readonly cwd: string
  /** A folder for what passes between the shell and us. */
  readonly scratch: string
  readonly variables: Readonly<Record<string, string>>
  readonly answer: (call: Call) => Promise<Answer>
}

/**
 * Plays a script with bash, `-e` and `-u`, with nothing on its path but the program, which we
 * answer for: a function in the shell hands us its words and standard input over a connection, and
 * prints what we say. Each call first prints `> ` and its words to both streams.
 */
export async function playScript(
  script: string,
  options: ScriptOptions,
): Promise<Output & { readonly status: number }> {
  const calls = join(options.scratch, 'calls')
  mkdirSync(calls)
  let count = 0
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', async (bytes) => {
      const call = join(calls, String(bytes).trim())
      const read = (part: string) => readFileSync(`${call}.${part}`)
      const answer = await options.answer({
        words: read('words').toString().split('\0').slice(0, -1),
        cwd: read('cwd').toString().trimEnd(),
        input: read('in'),
      })
      writeFileSync(`${call}.out`, answer.out)
      writeFileSync(`${call}.err`, answer.err)
      count++
      socket.end(`${answer.status}\n`)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  try {
    const text = `${prelude(options.program, calls, port)}\n${script}`
    const child = spawn('/bin/bash', ['-eu', '-c', text], {
      cwd: options.cwd,
      env: { ...options.variables, PATH: '/nowhere' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      out += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      err += chunk
    })
    const status = await new Promise<number>((done, fail) => {
      child.on('error', fail)
      child.on('close', (code) => done(code ?? 128))
    })
    if (count === 0) throw new Error(`the script never called ${options.program}: ${err}`)
    return { out, err, status }
  } finally {
    server.close()
  }
}

function prelude(program: string, calls: string, port: number): string {
  return `
__calls='${calls}'
${program}() {
  local IFS=' ' __call __status
  printf '> %s\\n' "${program}\${*:+ $*}"
  printf '> %s\\n' "${program}\${*:+ $*}" >&2
  __call="$BASHPID-$SRANDOM"
  if (( $# )); then printf '%s\\0' "$@"; fi >"$__calls/$__call.words"
  printf '%s\\n' "$PWD" >"$__calls/$__call.cwd"
  /bin/cat >"$__calls/$__call.in"
  exec 9<>/dev/tcp/127.0.0.1/${port}
  printf '%s\\n' "$__call" >&9
  read -r __status <&9
  exec 9>&-
  /bin/cat "$__calls/$__call.out"
  /bin/cat "$__calls/$__call.err" >&2
  return "$__status"
}`
}
