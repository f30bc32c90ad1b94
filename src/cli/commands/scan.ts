import { EscError } from '../../errors.ts'
import { installScanHook, type ScanReport, type ScanRequest, scanSecrets } from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { boolean, count, list, text } from '../framework/flags.ts'
import { EXIT } from '../framework/report-error.ts'
import { openSession } from '../framework/session.ts'

/** Shorter secrets are words that stand in many files. */
const USUAL_LEAST = 8
/** Shorter secrets would be found by chance in half of all files. */
const LOWEST_LEAST = 4

/** The hook `pre-commit`. Git runs it in the folder that is the root of the repository. */
const HOOK = `#!/bin/sh
# Stops a commit that would add a secret of the store.
exec esc scan --staged
`

const flags = {
  staged: boolean({ description: 'look at the lines that are staged for the next commit' }),
  commits: text({ description: 'look at the lines that these commits add, such as main..HEAD', value: 'range' }),
  'min-length': count({ description: `look for secrets of at least so many characters (default: ${USUAL_LEAST})` }),
  allow: list({
    description: 'do not look for this secret, written as environment or environment:path; may be given several times',
    value: 'secret',
  }),
  'install-hook': boolean({ description: 'have git scan what is staged before each commit in this repository' }),
  ...OUTPUT_FLAG,
}

type Result = { readonly kind: 'scan'; readonly report: ScanReport } | { readonly kind: 'hook'; readonly file: string }

export default class Scan extends EscCommand<Result, typeof flags> {
  static override id = 'scan'
  static override busy = 'scanning'
  static override summary = "Find this store's secrets in files, staged changes and commits."
  static override description =
    `Looks for the secrets of all environments that you can open, as they are now and as they were in earlier revisions, also in base64, hex and
escaped forms. Prints file, line, environment and path, never the value. Without paths, looks through this folder: in a git repository, the
files that are not ignored. Binary files are skipped. A line with the text "esc-scan: allow" is left out.

The exit code is 1 when a secret was found. Environments that you cannot open are named: their secrets were not looked for.`
  static override examples = [
    { description: 'This folder', command: 'esc scan' },
    { description: 'Before a commit', command: 'esc scan --staged' },
    { description: 'What a branch adds', command: 'esc scan --commits main..HEAD' },
    { description: 'Scan before each commit from now on', command: 'esc scan --install-hook' },
  ]
  static override flags = flags
  static override args = { path: { description: 'files and folders (default: this folder)', multiple: true } }
  static override count = { kind: 'any' } as const

  async run(): Promise<Result> {
    const session = openSession(this.io, this.flags)
    if (this.flags['install-hook']) {
      const { result: file } = await session.perform(installScanHook, undefined, { folder: this.io.cwd, script: HOOK })
      return { kind: 'hook', file }
    }
    const least = this.flags['min-length'] ?? USUAL_LEAST
    if (least < LOWEST_LEAST) {
      throw new EscError('usage', `--min-length ${least} is too low: at least ${LOWEST_LEAST}`, {
        hint: 'shorter texts stand in files that hold no secret',
      })
    }
    const request = { folder: this.io.cwd, where: this.#where(), least, allowed: this.flags.allow }
    const { result: report } = await session.perform(scanSecrets, undefined, request)
    for (const { environment, reason } of report.skipped) {
      this.io.err(`warning: secrets of ${environment} were not looked for: ${reason}\n`)
    }
    return { kind: 'scan', report }
  }

  #where(): ScanRequest['where'] {
    const { staged, commits } = this.flags
    const given = [staged, commits !== undefined, this.positionals.length > 0].filter(Boolean).length
    if (given > 1) {
      throw new EscError('usage', 'paths, --staged and --commits exclude one another', { hint: 'scan one at a time' })
    }
    if (staged) return { kind: 'staged' }
    if (commits !== undefined) return { kind: 'commits', range: commits }
    return { kind: 'files', paths: this.positionals.length > 0 ? this.positionals : ['.'] }
  }

  text(result: Result): string {
    if (result.kind === 'hook') return `Wrote ${result.file}: git scans what is staged before each commit.\n`
    const { findings, looked, environments } = result.report
    const lines = findings.map(({ file, line, commit, secret }) => {
      const at = commit === undefined ? '' : ` in commit ${commit.slice(0, 12)}`
      const which = secret.current ? '' : `, an earlier value (revision ${secret.revision})`
      return `${file}:${line}${at}: ${secret.path} of ${secret.environment}${which}\n`
    })
    const of = `${environments} environment${environments === 1 ? '' : 's'}`
    if (lines.length === 0) return `No secret of ${of} found (${looked} looked at).\n`
    const places = `${lines.length} place${lines.length === 1 ? '' : 's'}`
    return `${lines.join('')}Found secrets in ${places}. Remove them, and rotate or change those that others could read.\n`
  }

  override json(result: Result): unknown {
    return result.kind === 'hook' ? { hook: result.file } : result.report
  }

  override exitCode(result: Result): number {
    return result.kind === 'scan' && result.report.findings.length > 0 ? EXIT.failed : 0
  }
}
