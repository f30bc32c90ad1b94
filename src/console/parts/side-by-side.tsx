import '../list-style.ts'
import { texts } from '../texts.ts'
import { compareLines } from './line-diff.ts'

interface Side {
  readonly title: string
  readonly text: string
}

interface Cell {
  readonly kind: 'same' | 'added' | 'removed'
  readonly text: string
}

interface Row {
  readonly before?: Cell
  readonly after?: Cell
}

/** Rows around a change that are shown. */
const around = 3

/**
 * Two definitions beside each other; long parts that are the same are left out, and ciphertexts are
 * hidden.
 */
export function SideBySide({ before, after }: { before: Side; after: Side }) {
  const rows = rowsOf(before.text, after.text)
  if (rows.every(isSame)) return <p>{texts.revisions.same}</p>
  const isNear = (at: number) => rows.slice(Math.max(0, at - around), at + around + 1).some((row) => !isSame(row))
  return (
    <div class="diff">
      <table class="versus">
        <thead>
          <tr>
            <th scope="col">{before.title}</th>
            <th scope="col">{after.title}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => {
            const key = `${at}`
            if (isNear(at)) return <Line key={key} row={row} />
            if (at > 0 && !isNear(at - 1)) return null
            return (
              <tr key={key} class="gap">
                <td colSpan={2}>…</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function Line({ row }: { row: Row }) {
  return (
    <tr class={isSame(row) ? 'same' : undefined}>
      <td class={row.before?.kind}>
        <Text cell={row.before} />
      </td>
      <td class={row.after?.kind}>
        <Text cell={row.after} />
      </td>
    </tr>
  )
}

function Text({ cell }: { cell: Cell | undefined }) {
  if (cell === undefined) return null
  return (
    <>
      {cell.kind !== 'same' && <span class="unseen">{texts.common[cell.kind]}</span>}
      <code>{hidden(cell.text)}</code>
    </>
  )
}

function isSame({ before, after }: Row): boolean {
  return before?.kind === 'same' && after?.kind === 'same'
}

/** Lines that took the place of one another stand beside each other. */
function rowsOf(before: string, after: string): Row[] {
  const rows: Row[] = []
  let removed: Cell[] = []
  let added: Cell[] = []
  const flush = () => {
    for (let at = 0; at < Math.max(removed.length, added.length); at++)
      rows.push({ before: removed[at], after: added[at] } as Row)
    removed = []
    added = []
  }
  for (const line of compareLines(before, after)) {
    if (line.kind === 'removed') removed.push(line)
    else if (line.kind === 'added') added.push(line)
    else {
      flush()
      rows.push({ before: line, after: line })
    }
  }
  flush()
  return rows
}

/** A line without its ciphertexts, which tell nothing and are long. */
function hidden(line: string): string {
  return line.replace(
    /(ciphertext["']?\s*:\s*)["']?[A-Za-z0-9+/=]{8,}["']?|\bZXNjeA[A-Za-z0-9+/=]{16,}/g,
    (_, name = '') => `${name}${texts.environment.masked}`,
  )
}
