/** Names of the two sides, for the header. */
export interface DiffLabels {
  readonly from: string
  readonly to: string
}

const context = 3

/**
 * The difference of two texts in unified form, with three lines of context;
 * empty when there is none.
 */
export async function unifiedDiff(from: string, to: string, labels: DiffLabels): Promise<string> {
  if (from === to) return ''
  const { structuredPatch } = await import('../../vendor/diff.ts')
  const { hunks } = structuredPatch('', '', from, to, undefined, undefined, { context })
  const texts = hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) => {
    const header = `@@ -${rangeOf(oldStart, oldLines)} +${rangeOf(newStart, newLines)} @@`
    return `${[header, ...lines].join('\n')}\n`
  })
  return `--- ${labels.from}\n+++ ${labels.to}\n${texts.join('')}`
}

/** One line is written without its count; the library's own header always has it. */
function rangeOf(start: number, lines: number): string {
  return lines > 1 ? `${start},${lines}` : String(start)
}
