/** The part that is shown below a definition in the editor, and cut off again. */
export interface Footer {
  /** Empty: none. */
  readonly diagnostics: string
  readonly valueJson: string | undefined
}

const DIAGNOSTICS_TITLE = '# Diagnostics'
const VALUE_TITLE = '# Please edit the environment definition above.'

export function withFooter(definition: string, { diagnostics, valueJson }: Footer): string {
  let text = definition === '' || definition.endsWith('\n') ? definition : `${definition}\n`
  if (diagnostics !== '') {
    const lines = diagnostics.trimEnd().split('\n')
    text += `---\n${DIAGNOSTICS_TITLE}\n#\n${lines.map((line) => `# ${line}`.trimEnd()).join('\n')}\n\n`
  }
  if (valueJson !== undefined) {
    text += `---\n${VALUE_TITLE}
# The object below is the current result of
# evaluating the environment and will not be
# saved. An empty definition aborts the edit.

${valueJson}\n`
  }
  return text
}

/**
 * The definition without the footer. A `---` of the definition's own, which may
 * begin a document, stays.
 */
export function cutFooter(text: string): string {
  const lines = text.split('\n')
  const at = lines.findIndex((line, index) => {
    const next = lines[index + 1] ?? ''
    return line.trimEnd() === '---' && (next.startsWith(DIAGNOSTICS_TITLE) || next.startsWith(VALUE_TITLE))
  })
  // Whoever changed the comment below the separator still means the separator.
  const cut =
    at !== -1 ? at : lines.findIndex((line, index) => index > 0 && line.trimEnd() === '---' && !isBlank(lines, index))
  return cut === -1
    ? text
    : lines
        .slice(0, cut)
        .map((line) => `${line}\n`)
        .join('')
}

/** True when there is nothing but comments and blank lines above. */
function isBlank(lines: readonly string[], before: number): boolean {
  return lines.slice(0, before).every((line) => /^\s*(?:#.*|%.*)?$/.test(line))
}
