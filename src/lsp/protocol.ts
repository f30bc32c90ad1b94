import type {
  CompletionItem,
  CompletionItemKind,
  Hover,
  Diagnostic as ProtocolDiagnostic,
  Range as ProtocolRange,
  TextEdit,
} from 'vscode-languageserver'
import type { TextDocument } from 'vscode-languageserver-textdocument'
import {
  type Analysis,
  type DocumentEdit,
  type Offer,
  type Offers,
  type PlaceFacts,
  placedDiagnostics,
} from '../operations/index.ts'
import type { Text } from '../rich-text.ts'

/** The numbers that the protocol has for kinds of completions, by name. */
export type CompletionKinds = typeof CompletionItemKind

/** Words a text, without the secrets that the document holds in the clear. */
export type Tell = (text: Text) => string

const SEVERITY = { error: 1, warning: 2 } as const

/** The diagnostics of a document, each at its place. */
export function protocolDiagnostics(document: TextDocument, analysis: Analysis, tell: Tell): ProtocolDiagnostic[] {
  return placedDiagnostics(analysis).map(({ severity, part, place, summary, hint }) => {
    const text = hint === undefined ? tell(summary) : `${tell(summary)}\n${tell(hint)}`
    const message = place === undefined ? text : `${place}: ${text}`
    return { severity: SEVERITY[severity], source: 'esc', message, range: protocolRange(document, part) }
  })
}

export function protocolRange(document: TextDocument, { start, end }: { start: number; end: number }): ProtocolRange {
  return { start: document.positionAt(start), end: document.positionAt(end) }
}

export function protocolEdit(document: TextDocument, { start, end, newText }: DocumentEdit): TextEdit {
  return { range: protocolRange(document, { start, end }), newText }
}

const KINDS = {
  field: 'Field',
  'value-name': 'Variable',
  builtin: 'Function',
  input: 'Property',
  environment: 'Module',
  constant: 'EnumMember',
} as const satisfies Record<Offer['kind'], keyof CompletionKinds>

/** Completions; those that come first are sorted first. */
export function completionItems(
  document: TextDocument,
  { part, offers }: Offers,
  kinds: CompletionKinds,
): CompletionItem[] {
  const range = protocolRange(document, part)
  // A step that cannot stand behind a dot takes the dot with it.
  const before = document.getText()[part.start - 1] === '.'
  return offers.map(({ kind, label, newText, detail, description, rank }) => ({
    label,
    kind: kinds[KINDS[kind]],
    sortText: `${rank}${label}`,
    filterText: label,
    textEdit: { range, newText },
    ...(before && newText.startsWith('[') && { additionalTextEdits: [dotRemoval(document, part.start)] }),
    ...(detail !== undefined && { detail }),
    ...(description !== undefined && { documentation: description }),
  }))
}

function dotRemoval(document: TextDocument, at: number): TextEdit {
  return { range: protocolRange(document, { start: at - 1, end: at }), newText: '' }
}

/** Facts about a place, as Markdown. A value that looks like a secret is not shown either. */
export function protocolHover(document: TextDocument, facts: PlaceFacts, tell: Tell): Hover {
  const { part, title, type, value, about, definedAt } = facts
  const head = type === undefined ? `**${escapedMarkdown(title)}**` : fenced(`${title}: ${type}`, 'ts')
  const [first, ...overridden] = definedAt
  const blocks = [
    head,
    ...(value === undefined ? [] : [fenced(tell(value), 'json')]),
    about.map(escapedMarkdown).join('\n'),
    ...(first === undefined ? [] : [`Defined at \`${first}\``]),
    ...(overridden.length === 0 ? [] : [`Overrides ${overridden.map((place) => `\`${place}\``).join(', ')}`]),
  ]
  return {
    contents: { kind: 'markdown', value: blocks.filter((block) => block !== '').join('\n\n') },
    range: protocolRange(document, part),
  }
}

/** A text in which nothing ends the fence. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text}\n${fence}`
}

/** Names come from files that anybody may have written: no link and no image is made of them. */
function escapedMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>!#|~]/g, '\\$&')
}
