import { childEnvironment } from '../child-environment.ts'

export interface GitResult {
  /** Exit status; undefined: git could not be started, and `stderr` says why. */
  readonly status: number | undefined
  readonly stdout: Buffer
  readonly stderr: string
}

/** Runs git in a folder. Never throws for what git answers. */
export type RunGit = (
  args: readonly string[],
  options: { readonly cwd: string; readonly input?: string },
) => Promise<GitResult>

/** The machine's git. Texts are English whatever the user's language, because their first line is shown. */
export const machineGit: RunGit = async (args, { cwd, input = '' }) => {
  // Loaded only when it is needed: most commands never run git.
  const { spawn } = await import('node:child_process')
  return new Promise((resolve) => {
    const child = spawn('git', args, {
      cwd,
      env: childEnvironment(process.env, { add: { LC_ALL: 'C' } }),
      stdio: 'pipe',
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk) => out.push(chunk))
    child.stderr.on('data', (chunk) => err.push(chunk))
    child.stdin.on('error', () => {})
    child.on('error', (error) => {
      resolve({ status: undefined, stdout: Buffer.alloc(0), stderr: `git cannot be run: ${error.message}` })
    })
    child.on('close', (code) => {
      resolve({ status: code ?? 128, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() })
    })
    child.stdin.end(input)
  })
}

/** What git complained about, on one line. */
export function complaint({ stderr }: GitResult): string {
  const lines = stderr.split('\n').map((line) => line.trim())
  const line =
    lines.find((candidate) => /^(?:fatal|error): /.test(candidate)) ?? lines.find((candidate) => candidate !== '')
  return line?.replace(/^(?:fatal|error): /, '') ?? 'git did not say why'
}
