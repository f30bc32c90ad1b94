import { relative } from 'node:path'
import { type CheckedStore, checkStore } from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { boolean } from '../framework/flags.ts'
import { EXIT } from '../framework/report-error.ts'
import { openSession, sweepPlaintext } from '../framework/session.ts'
import { hasColour, red, worded, yellow } from '../terminal/index.ts'

const flags = {
  fix: boolean({ description: 'do what is safe about what is found' }),
  'without-keys': boolean({ description: 'check no seals, so that no key is needed and nobody is asked' }),
  ...OUTPUT_FLAG,
}

type Finding = CheckedStore['findings'][number]

export default class Check extends EscCommand<CheckedStore, typeof flags> {
  static override id = 'check'
  static override busy = 'checking'
  static override summary = 'Check the store for damage, tampering and unsafe settings.'
  static override description =
    `Checks every file of the store: history, seals, settings and leftovers of crashes. Each problem is shown with its file and a remedy. With
--fix, repairs what is safe to repair: removes leftovers of killed processes, brings environment.yaml up to date, completes .gitignore.

The exit code is 1 when there are errors or warnings, and 0 when there are only notes or nothing. If a key is not available, the
environment is checked as far as possible, with a note.`
  static override examples = [
    { description: 'Check the whole store', command: 'esc check' },
    { description: 'In CI, where there is no key', command: 'esc check --without-keys' },
    { description: 'Mend what can be mended without asking', command: 'esc check --fix' },
  ]
  static override flags = flags
  static override args = { environment: { description: 'only these environments', multiple: true } }
  static override count = { kind: 'any' } as const

  async run(): Promise<CheckedStore> {
    const session = openSession(this.io, this.flags)
    sweepPlaintext(this.io)
    const references = this.positionals.map((typed) => session.reference(typed))
    const { fix, 'without-keys': withoutKeys } = this.flags
    const request = { references, fix, useKeys: !withoutKeys }
    return (await session.perform(checkStore, undefined, request)).result
  }

  text({ findings, fixed, environments, revisions, state }: CheckedStore): string {
    const counts = `${counted(environments, 'environment')}, ${counted(revisions, 'revision')}`
    const verdict = (['error', 'warning', 'note'] as const)
      .map((severity) => ({ severity, count: findings.filter((finding) => finding.severity === severity).length }))
      .filter(({ count }) => count > 0)
      .map(({ severity, count }) => counted(count, severity))
      .join(', ')
    return [
      ...fixed.map((finding) => `fixed: ${this.#file(finding)}: ${finding.problem}\n`),
      ...findings.map((finding) => this.#block(finding)),
      `Checked ${counts}: ${verdict === '' ? 'nothing is wrong' : verdict}.\n`,
      `This machine keeps its own state of the store in ${state}.\n`,
    ].join('')
  }

  #block(finding: Finding): string {
    const { severity, problem, remedy } = finding
    const paint = severity === 'error' ? red : severity === 'warning' ? yellow : String
    const label = hasColour(this.io, 'stdout') ? paint(`${severity}:`) : `${severity}:`
    return `${label} ${problem}\n  file:   ${this.#file(finding)}\n  remedy: ${worded(remedy)}\n\n`
  }

  #file({ file }: Finding): string {
    return relative(this.io.cwd, file) || '.'
  }

  override json({ findings, fixed, environments, revisions, unverified, state }: CheckedStore): unknown {
    const shown = (finding: Finding) => ({ ...finding, file: this.#file(finding) })
    return { environments, revisions, unverified, state, findings: findings.map(shown), fixed: fixed.map(shown) }
  }

  override exitCode({ findings }: CheckedStore): number {
    return findings.some(({ severity }) => severity !== 'note') ? EXIT.failed : EXIT.done
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
