import { bold, hasColour, highlighted, type Io, type Syntax, terminalWidth, underline } from '../terminal/index.ts'

/** A part of a page: text in a language, or a list. */
export interface Section {
  readonly title: string
  readonly syntax?: Syntax
  readonly text: string
}

/** A page for reading at a terminal: headings and colour instead of Markdown. */
export function pageText(sections: readonly Section[], io: Io): string {
  const colour = hasColour(io, 'stdout')
  const parts = sections.map(({ title, syntax, text }) => {
    const body = text.trimEnd()
    const shown = colour && syntax !== undefined ? highlighted(body, syntax) : body
    return `${colour ? bold(title) : title}\n${shown.replace(/^(?=.)/gm, '  ')}\n`
  })
  return parts.join('\n')
}

/** Pages one after the other, each under its name. */
export function pagesText(pages: readonly { readonly name: string; readonly text: string }[], io: Io): string {
  const title = (name: string) =>
    hasColour(io, 'stdout') ? bold(underline(name)) : `${name}\n${'='.repeat(terminalWidth(name))}`
  return pages.map(({ name, text }) => `${title(name)}\n\n${text}`).join('\n')
}
