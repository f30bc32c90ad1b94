import { existsSync } from 'node:fs'
import { childEnvironment } from '../child-environment.ts'
import { gitVariables, programOnPath } from './variables.ts'

export interface GitResult {
  /** Exit status; undefined: git could not be started, and `stderr` says why. */
  readonly status: number | undefined
  readonly stdout: Buffer
  readonly stderr: string
  /** The parts of the repository that run programs and therefore did not count. */
  readonly notFollowed?: NotFollowed
}

export interface NotFollowed {
  /** Settings, such as `core.sshcommand`; `hooks`: the hooks in the git folder. */
  readonly settings: readonly string[]
  /** Command with which the user has them followed. */
  readonly remedy: string
}

/** A failure as git itself would report it. */
export function gitFailure(reason: string): GitResult {
  return { status: 128, stdout: Buffer.alloc(0), stderr: `fatal: ${reason}\n` }
}

function notStarted(reason: string): GitResult {
  return { ...gitFailure(reason), status: undefined }
}

export interface GitStart {
  readonly cwd: string
  readonly input?: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Variables about the repository, which `env` has no say in. */
  readonly set?: Readonly<Record<string, string | undefined>>
  /** Ends git after this time. */
  readonly timeoutMs?: number
}

/**
 * Starts git with exactly these words. Never throws for what git answers. Only this folder calls
 * it: `machineGit` is for the rest.
 */
export async function startGit(args: readonly string[], options: GitStart): Promise<GitResult> {
  const { cwd, input = '', timeoutMs } = options
  const env = { ...gitVariables(options.env), ...options.set }
  const program = programOnPath('git', env)
  if (program === undefined) return notStarted('git is not installed, or not on the PATH')
  if (!existsSync(cwd)) return notStarted(`git cannot be run: there is no folder ${cwd}`)
  // Loaded only when it is needed: most commands never run git.
  const { spawn } = await import('node:child_process')
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env: childEnvironment(env), stdio: 'pipe', timeout: timeoutMs })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk) => out.push(chunk))
    child.stderr.on('data', (chunk) => err.push(chunk))
    child.stdin.on('error', () => {})
    child.on('error', (error) => resolve(notStarted(`git cannot be run: ${error.message}`)))
    child.on('close', (code) => {
      resolve({ status: code ?? 128, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() })
    })
    child.stdin.end(input)
  })
}

/** Returns the complaint of git, on one line. */
export function complaint({ stderr, notFollowed }: GitResult): string {
  const lines = stderr.split('\n').map((line) => line.trim())
  const line =
    lines.find((candidate) => /^(?:fatal|error): /.test(candidate)) ?? lines.find((candidate) => candidate !== '')
  const said = line?.replace(/^(?:fatal|error): /, '') ?? 'git did not say why'
  return notFollowed === undefined ? said : `${said} (${describeNotFollowed(notFollowed)})`
}

/** For people, as part of a sentence. */
export function describeNotFollowed({ settings, remedy }: NotFollowed): string {
  return `esc does not follow ${settings.join(', ')} of this repository; if you trust it, ${remedy}`
}
