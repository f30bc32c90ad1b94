/** Names of the two sides, for the header. */
export interface DiffLabels {
  readonly from: string
  readonly to: string
}

const context = 3

/** What became of a line. `remove` and `add` are of one side only. */
type Step = { readonly kind: 'keep' | 'remove' | 'add'; readonly line: string }

/**
 * The difference of two texts in unified form, three lines of context; empty when there is none. Lines are compared with Myers'
 * algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986).
 */
export function unifiedDiff(from: string, to: string, { from: fromLabel, to: toLabel }: DiffLabels): string {
  if (from === to) return ''
  const steps = shortestEdit(linesOf(from), linesOf(to))
  return `--- ${fromLabel}\n+++ ${toLabel}\n${hunksOf(steps).join('')}`
}

/** Lines with their line breaks; only the last may lack it. */
function linesOf(text: string): string[] {
  const lines = text.split(/(?<=\n)/)
  return lines.length === 1 && lines[0] === '' ? [] : lines
}

/** The fewest removals and additions; of two equally short ways, the one that removes first. */
function shortestEdit(a: readonly string[], b: readonly string[]): Step[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let tail = 0
  while (tail < a.length - start && tail < b.length - start && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const middle = myers(a.slice(start, a.length - tail), b.slice(start, b.length - tail))
  const keep = (line: string): Step => ({ kind: 'keep', line })
  return [...a.slice(0, start).map(keep), ...middle, ...a.slice(a.length - tail).map(keep)]
}

function myers(a: readonly string[], b: readonly string[]): Step[] {
  const size = a.length + b.length
  // furthest[k + size]: how far into `a` the best path on diagonal k = x - y has come.
  const furthest = new Int32Array(2 * size + 2)
  const trace: Int32Array[] = []
  const at = (k: number) => furthest[k + size] as number
  for (let depth = 0; depth <= size; depth++) {
    trace.push(furthest.slice())
    for (let k = -depth; k <= depth; k += 2) {
      let x = k === -depth || (k !== depth && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      furthest[k + size] = x
      if (x >= a.length && x - k >= b.length) return backtrack(trace, a, b)
    }
  }
  return []
}

function backtrack(trace: readonly Int32Array[], a: readonly string[], b: readonly string[]): Step[] {
  const size = a.length + b.length
  const steps: Step[] = []
  let x = a.length
  let y = b.length
  for (let depth = trace.length - 1; depth >= 0; depth--) {
    const furthest = trace[depth] as Int32Array
    const at = (k: number) => furthest[k + size] as number
    const k = x - y
    const previous = k === -depth || (k !== depth && at(k - 1) < at(k + 1)) ? k + 1 : k - 1
    const [fromX, fromY] = depth === 0 ? [0, 0] : [at(previous), at(previous) - previous]
    while (x > fromX && y > fromY) {
      steps.push({ kind: 'keep', line: a[--x] as string })
      y--
    }
    if (depth === 0) break
    if (x === fromX) steps.push({ kind: 'add', line: b[--y] as string })
    else steps.push({ kind: 'remove', line: a[--x] as string })
  }
  return removalsFirst(steps.reverse())
}

/** Within a run of changes, what goes stands before what comes. */
function removalsFirst(steps: readonly Step[]): Step[] {
  const sorted: Step[] = []
  let additions: Step[] = []
  for (const step of steps) {
    if (step.kind === 'add') additions.push(step)
    else {
      if (step.kind === 'keep') {
        sorted.push(...additions)
        additions = []
      }
      sorted.push(step)
    }
  }
  return [...sorted, ...additions]
}

/** Changes with their context; those whose contexts touch are one. */
function hunksOf(steps: readonly Step[]): string[] {
  const hunks: string[] = []
  let index = 0
  let line = { from: 1, to: 1 }
  const advance = (until: number) => {
    for (; index < until; index++) line = next(line, steps[index] as Step)
  }
  while (index < steps.length) {
    const first = steps.findIndex((step, at) => at >= index && step.kind !== 'keep')
    if (first === -1) break
    let last = first
    for (let at = first + 1; at < steps.length && at - last <= 2 * context + 1; at++) {
      if (steps[at]?.kind !== 'keep') last = at
    }
    advance(Math.max(index, first - context))
    const shown = steps.slice(index, Math.min(steps.length, last + context + 1))
    hunks.push(hunk(shown, line))
    advance(index + shown.length)
  }
  return hunks
}

function next(line: { from: number; to: number }, { kind }: Step) {
  return { from: line.from + (kind === 'add' ? 0 : 1), to: line.to + (kind === 'remove' ? 0 : 1) }
}

function hunk(steps: readonly Step[], line: { readonly from: number; readonly to: number }): string {
  const count = (other: Step['kind']) => steps.filter(({ kind }) => kind !== other).length
  const range = (start: number, lines: number) => (lines > 1 ? `${start},${lines}` : String(start))
  const marks = { keep: ' ', remove: '-', add: '+' } as const
  const body = steps.map(({ kind, line }) =>
    line.endsWith('\n') ? marks[kind] + line : `${marks[kind]}${line}\n\\ No newline at end of file\n`,
  )
  return `@@ -${range(line.from, count('add'))} +${range(line.to, count('remove'))} @@\n${body.join('')}`
}
