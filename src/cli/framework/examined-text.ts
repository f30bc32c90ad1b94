import type { RotationReport } from '../../operations/index.ts'

type Examined = RotationReport['paths'][number]
type Check = NonNullable<Examined['checks']>[number]

/** The checks of one rotator as text: a heading, then one line per credential. */
export function examinedText({ path, rotator, checks, error }: Examined): string {
  const head = `${path} (${rotator})\n`
  // Messages of a rotator begin with its name, which the heading has.
  const own = (text = '') => (text.startsWith(`${rotator}: `) ? text.slice(rotator.length + 2) : text)
  if (checks === undefined) return `${head}  cannot be examined: ${own(error)}\n`
  if (checks.length === 0) return `${head}  nothing to log in to\n`
  return (
    head +
    checks
      .map(({ credential, what, works, detail }) => {
        const verdict = verdictOf(credential, works)
        // Of a foreign credential, the detail begins with the verdict.
        const more = credential === 'foreign' ? detail?.replace(/^not managed here(?:, )?/, '') : own(detail)
        return `  ${credential}: ${what} ${verdict}${more ? `: ${more}` : ''}\n`
      })
      .join('')
  )
}

function verdictOf(credential: Check['credential'], works: boolean | undefined): string {
  if (credential === 'foreign') return 'is not managed here'
  if (works === undefined) return 'cannot be told'
  return works ? 'works' : 'does not work'
}
