import type { Cell, Outcome } from './sweep.ts'

export interface Swept {
  readonly rotator: string
  readonly vendor: string
  readonly cells: readonly Cell[]
}

const outcomes: readonly Outcome[] = ['nothing had begun', 'undone', 'finished', 'had been saved']

/** One line of a rotator's table: points that follow each other and came to the same. */
interface Step {
  readonly points: string[]
  readonly cells: Cell[]
}

/** The page docs/crash-matrix.md. */
export function renderMatrix(swept: readonly Swept[]): string {
  const lines = [
    '# Crash matrix',
    '',
    'What becomes of a rotation that is killed. `npm run crash-matrix` writes this page: it kills the built program with',
    '`SIGKILL`, as `kill -9` or the kernel would, before every call that changes a file, and around every remote call',
    '(before it is sent; when it is sent and not answered; when its answer has arrived and nothing was done with it; with SSH, before each message). After',
    'a file call is before the next one; remote calls are bold below. Then `esc env rotate --resume` puts things in order,',
    'the vendor is compared with what the environment says, and the rotation is done once more to its end. There is always a',
    'current and a previous credential to lose: the killed rotation is the third or a later one.',
    '',
    'PostgreSQL, MariaDB, Redis, OpenLDAP and OpenSSH are the real servers (`apt-get install mariadb-server redis-server slapd openssh-server`;',
    'PostgreSQL comes with `npm ci`). Vendors that nobody can run are fakes of ours, which hold requests to what the vendor',
    'documents: signatures, rights, limits, and that a new credential is not known everywhere at once. The adapter checks the',
    'signature and the time of each request, and answers a repeated one as before. The tests expect the numbers of kills below:',
    'a change of the calls that a rotation makes, or of how Node or a server makes them, is shown by them.',
    '',
    'Outcomes:',
    '',
    '- *nothing had begun*: neither the vendor nor the journal had been touched.',
    '- *undone*: the new credential was taken back, or had never come to be; the current one holds.',
    '- *finished*: the new credential was found in the journal, proven by logging in, and saved.',
    '- *had been saved*: the new revision was on the disk when the process was killed; what was left was to tidy up.',
    '',
    'And what must be 0:',
    '',
    '- *lost*: the environment names a credential that the vendor refuses, so nobody has the one it takes.',
    '- *unknown*: the vendor takes a credential that is ours and that the environment does not name.',
    '- *wrongly deleted*: one is gone that the environment names, or that was never ours. (The superseded one may go, where',
    "  a vendor's limit forces it out before a rotation that is then undone.)",
    '',
    '| Rotator | Vendor here | Kills | Nothing had begun | Undone | Finished | Had been saved | Lost | Unknown | Wrongly deleted |',
    '|---|---|--:|--:|--:|--:|--:|--:|--:|--:|',
    ...swept.map(({ rotator, vendor, cells }) => row([`[${rotator}](#${rotator})`, vendor, ...numbers(cells)])),
    '',
  ]
  for (const { rotator, cells } of swept) {
    lines.push(`## ${rotator}`, '')
    lines.push('| Killed before or at | Outcome | Lost | Unknown | Wrongly deleted |', '|---|---|--:|--:|--:|')
    for (const step of stepsOf(cells)) {
      const found = outcomes.filter((outcome) => step.cells.some((cell) => cell.outcome === outcome)).join(' or ')
      lines.push(row([describe(step.points), found, ...problems(step.cells)]))
    }
    lines.push('')
  }
  return `${lines.join('\n')}`
}

export function badCells(cells: readonly Cell[]): readonly Cell[] {
  return cells.filter(({ problems }) => Object.values(problems).some((list) => list.length > 0))
}

function numbers(cells: readonly Cell[]): readonly number[] {
  const counts = outcomes.map((outcome) => cells.filter((cell) => cell.outcome === outcome).length)
  return [cells.length, ...counts, ...problems(cells)]
}

function problems(cells: readonly Cell[]): readonly number[] {
  return (['lost', 'unknown', 'deleted'] as const).map(
    (kind) => cells.filter((cell) => cell.problems[kind].length > 0).length,
  )
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`
}

/**
 * File calls that follow each other are one line while the outcome is the same, and so are remote
 * calls: how often one is made, and in how many pieces its answer comes, is not the same each time.
 */
function stepsOf(cells: readonly Cell[]): readonly Step[] {
  const steps: Step[] = []
  for (const cell of cells) {
    const last = steps.at(-1)
    const before = last?.cells.at(-1)
    if (last && before?.outcome === cell.outcome && groupOf(before.point) === groupOf(cell.point)) {
      last.points.push(cell.point)
      last.cells.push(cell)
    } else steps.push({ points: [cell.point], cells: [cell] })
  }
  return steps
}

function groupOf(point: string): 'file' | 'remote' {
  return point.startsWith('file: ') ? 'file' : 'remote'
}

/** Such as: **connect**, **SELECT**; or: lock (open, write), journal folder (sync). */
function describe(points: readonly string[]): string {
  if (groupOf(points[0]!) === 'remote') {
    const calls = points.map((point) =>
      point.replace(/^remote: /, '').replace(/, (before it is sent|sent|answered)$/, ''),
    )
    return [...new Set(calls)].map((call) => `**${call}**`).join(', ')
  }
  const targets: { name: string; verbs: string[] }[] = []
  for (const point of points) {
    const [, verb = '', name = ''] = /^file: (rename into|\w+) (.*)$/.exec(point) ?? []
    const last = targets.at(-1)
    if (last?.name === name) last.verbs.push(verb)
    else targets.push({ name, verbs: [verb] })
  }
  return targets.map(({ name, verbs }) => `${name} (${[...new Set(verbs)].join(', ')})`).join('; ')
}
