import { relative } from 'node:path'
import { EscError } from '../../../errors.ts'
import { type AuditAnchor, type AuditVerification, verifyAuditLog } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { type AnySession, DATABASE_FLAG, withAnySession } from '../../framework/database.ts'
import { list } from '../../framework/flags.ts'
import { EXIT } from '../../framework/report-error.ts'
import { hasColour, red } from '../../terminal/index.ts'

const flags = {
  expect: list({
    description:
      'a head that was printed before and kept elsewhere, as log:sequence:digest: the log must still have it',
    value: 'head',
  }),
  ...DATABASE_FLAG,
  ...OUTPUT_FLAG,
}

type Finding = AuditVerification['findings'][number]

export default class AuditVerify extends EscCommand<AuditVerification, typeof flags> {
  static override id = 'audit:verify'
  static override summary = 'Verify that the audit log was not altered.'
  static override description =
    `Finds lines of the audit log that were removed, changed, moved or put in: each line holds the digest of the one before. A log that ends too early
is noticed by what this machine remembers of it, and by heads that were kept elsewhere: the last line of the output is the
head of each log, to be given to --expect later, on this machine or another.

The exit code is 1 when something is wrong. A line that a crash cut short is a note: nothing is missing.`
  static override examples = [
    { description: 'Check the log', command: 'esc audit verify' },
    { description: 'In CI', command: 'esc audit verify --output json' },
  ]
  static override flags = flags

  async run(): Promise<AuditVerification> {
    const expected = this.flags.expect.map(readHead)
    const verify = ({ session }: AnySession) => session.perform(verifyAuditLog, undefined, { expected })
    return (await withAnySession(this.io, this.flags, verify)).result
  }

  text({ findings, heads, lines }: AuditVerification): string {
    const bad = findings.filter(({ severity }) => severity === 'error').length
    const verdict = bad === 0 ? 'nothing is wrong' : bad === 1 ? '1 error' : `${bad} errors`
    return [
      ...findings.map((finding) => this.#line(finding)),
      `Checked ${lines === 1 ? '1 line' : `${lines} lines`} of the audit log: ${verdict}.\n`,
      ...heads.map(({ log, sequence, digest }) => `head: ${log}:${sequence}:${digest}\n`),
    ].join('')
  }

  #line({ kind, place, problem, severity }: Finding): string {
    const label = severity === 'error' && hasColour(this.io, 'stdout') ? red(`${kind}:`) : `${kind}:`
    return `${label} ${relative(this.io.cwd, place) || place}: ${problem}\n`
  }

  override json({ findings, ...rest }: AuditVerification): unknown {
    return {
      ...rest,
      findings: findings.map((each) => ({ ...each, place: relative(this.io.cwd, each.place) || each.place })),
    }
  }

  override exitCode({ findings }: AuditVerification): number {
    return findings.some(({ severity }) => severity === 'error') ? EXIT.failed : EXIT.done
  }
}

function readHead(text: string): AuditAnchor {
  const [, log, sequence, digest] = /^([A-Za-z0-9_-]+):([0-9]{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (log === undefined) {
    throw new EscError('usage', `invalid --expect ${JSON.stringify(text)}: it is not a head of a log`, {
      hint: 'give what "esc audit verify" printed after "head: "',
    })
  }
  return { log, sequence: Number(sequence), digest: digest as string }
}
