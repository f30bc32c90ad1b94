// Text in the macros of man(7).

/** A text that roff prints as it is. */
export function escaped(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replace(/[^\x00-\x7f]/gu, (char) => `\\[u${char.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`)
    .replace(/^\./gm, '\\&.')
}

export function bold(text) {
  return `\\fB${escaped(text)}\\fR`
}

export function italic(text) {
  return `\\fI${escaped(text)}\\fR`
}

/** Paragraphs with an empty line between them. Lines that are indented, or of a list, stay. */
export function paragraphs(text) {
  return text.split(/\n\n+/).flatMap((paragraph, index) => {
    const lines = paragraph.split('\n')
    const isLaidOut = lines.some((line) => /^(?:\s|[-*] |\d+\. )/.test(line))
    const content = isLaidOut ? ['.nf', ...lines.map(escaped), '.fi'] : lines.map(escaped)
    return index === 0 ? content : ['.PP', ...content]
  })
}

/** Terms, which are roff already, each with a text that is not. */
export function tagged(pairs) {
  return pairs.flatMap(([term, text]) => [
    '.TP',
    term,
    ...text
      .trim()
      .split(/\n+/)
      .map((line) => escaped(line.trim())),
  ])
}

/** Command lines, each below what it is for. */
export function examples(list) {
  return list.flatMap(({ description, command }, index) => [
    ...(index === 0 ? [] : ['.PP']),
    `${escaped(description)}:`,
    '.PP',
    '.nf',
    '.RS 4',
    ...command.split('\n').map((line) => `$ ${escaped(line)}`),
    '.RE',
    '.fi',
  ])
}
