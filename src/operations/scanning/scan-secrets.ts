import { relative, resolve } from 'node:path'
import { EscError } from '../../errors.ts'
import { complaint, type GitResult, machineGit } from '../../git/index.ts'
import { storeOperation, type Work } from '../session/operation.ts'
import { permit, visibleEnvironments } from '../session/permit.ts'
import { isOutOfReach, KnownSecrets, type SecretPlace } from './known-secrets.ts'
import { addedLines, TextScanner } from './scan-text.ts'
import { listedFiles, scanFile } from './scanned-files.ts'

export interface ScanRequest {
  /** The folder that names of files are relative to. Absolute. */
  readonly folder: string
  /** The place to look at: files and folders, staged lines, or lines that commits add. */
  readonly where:
    | { readonly kind: 'files'; readonly paths: readonly string[] }
    | { readonly kind: 'staged' }
    | { readonly kind: 'commits'; readonly range: string }
  /** Shorter secrets, in characters, are not looked for. */
  readonly least: number
  /** Secrets that may be found: an environment, or `environment:path`. */
  readonly allowed: readonly string[]
}

/** A place in a file where a secret of the store stands. Never has the secret itself. */
export interface ScanFinding {
  readonly file: string
  readonly line: number
  readonly commit: string | undefined
  readonly secret: SecretPlace
}

export interface ScanReport {
  readonly findings: readonly ScanFinding[]
  /** The number of files, or of changed places, that were looked at. */
  readonly looked: number
  readonly environments: number
  /** Environments whose secrets were not looked for, and why. */
  readonly skipped: readonly { readonly environment: string; readonly reason: string }[]
}

/**
 * Looks for the secrets of all environments that the user can open, as they are now and as they
 * were in earlier revisions, also encoded and escaped. Calls no provider.
 *
 * @throws EscError `key_unavailable` when no environment can be opened; `invalid_input` for one
 *   outside a git repository, where one is
 *   needed.
 */
export const scanSecrets = storeOperation({
  name: 'scan-secrets',
  level: undefined,
  audit: 'environment-read',
  run: async (work, request: ScanRequest): Promise<ScanReport> => {
    const secrets = new KnownSecrets(request.least)
    const known = await collect(work, secrets, request.allowed)
    const scanner = new TextScanner(secrets)
    const { kind } = request.where
    const scanned = kind === 'files' ? await scanFiles(scanner, request) : await scanChanges(scanner, request)
    return { ...known, ...scanned }
  },
})

async function collect(work: Work<undefined>, secrets: KnownSecrets, allowed: readonly string[]) {
  const skipped: { environment: string; reason: string }[] = []
  let environments = 0
  for (const name of visibleEnvironments(work)) {
    if (allowed.includes(name)) continue
    try {
      await permit(work, name, 'open', 'environment-decrypted')
      await secrets.addAll(work.store.environment(name), (path) => allowed.includes(`${name}:${path}`))
      environments++
    } catch (error) {
      if (!isOutOfReach(error)) throw error
      skipped.push({ environment: name, reason: error.message })
    }
  }
  if (environments > 0 || skipped.length === 0) return { environments, skipped }
  throw new EscError('key_unavailable', `no environment can be opened: ${skipped[0]?.reason}`, {
    hint: 'without their secrets, nothing can be looked for',
  })
}

async function scanFiles(scanner: TextScanner, { folder, where }: ScanRequest) {
  const findings: ScanFinding[] = []
  let looked = 0
  const paths = where.kind === 'files' ? where.paths : []
  for await (const file of listedFiles(paths.map((path) => resolve(folder, path)))) {
    const found = scanFile(file, scanner)
    if (found === undefined) continue
    looked++
    const name = relative(folder, file)
    for (const { line, place } of found) findings.push({ file: name, line, commit: undefined, secret: place })
  }
  return { findings, looked }
}

const AS_LINES = [
  '--unified=0',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--src-prefix=a/',
  '--dst-prefix=b/',
]

async function scanChanges(scanner: TextScanner, { folder, where }: ScanRequest) {
  const range = where.kind === 'commits' ? where.range : undefined
  if (range?.startsWith('-')) {
    throw new EscError('usage', `${JSON.stringify(range)} is not a range of commits`, {
      hint: 'write one such as main..HEAD',
    })
  }
  const args =
    range === undefined
      ? ['diff', '--cached', ...AS_LINES]
      : ['log', '-p', '-m', '--pretty=tformat:commit%x20%H', ...AS_LINES, range, '--']
  const answer = await machineGit(args, { cwd: folder })
  if (answer.status !== 0) throw gitProblem(answer)
  const findings = new Map<string, ScanFinding>()
  let looked = 0
  for (const added of addedLines(answer.stdout)) {
    looked++
    for (const { line, place } of scanner.find(added.text)) {
      const finding = { file: added.file, line: added.first + line - 1, commit: added.commit, secret: place }
      findings.set([finding.commit, finding.file, finding.line, place.environment, place.path].join('\0'), finding)
    }
  }
  return { findings: [...findings.values()], looked }
}

function gitProblem(answer: GitResult): EscError {
  return new EscError('invalid_input', `git cannot tell what has changed: ${complaint(answer)}`, {
    hint: 'run it in a git repository, with a range of commits that are there',
  })
}
