import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import { bracketMatching, foldGutter, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language'
import { linter, lintGutter, lintKeymap, type Diagnostic as Marked } from '@codemirror/lint'
import { EditorState, type Text } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import type { Diagnostic, Position } from '../api.ts'

interface EditorOptions {
  readonly text: string
  /** The name of the text field, for screen readers. */
  readonly label: string
  readonly check: (text: string, signal: AbortSignal) => Promise<readonly Diagnostic[]>
  readonly changed: (text: string) => void
  /** Hears how many mistakes a check has found. */
  readonly checked: (mistakes: number) => void
  /** Ctrl-S or Cmd-S. */
  readonly save: () => void
}

/** Colours that can be read on light and on dark. */
const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'light-dark(#0b4f9e, #8cc4ff)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'light-dark(#8a3200, #ffb27a)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'light-dark(#6b1fa8, #d3a6ff)' },
  { tag: [tags.comment, tags.lineComment], color: 'light-dark(#566070, #a7b0bd)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator, tags.meta], color: 'light-dark(#566070, #a7b0bd)' },
])

/** So long after the last key the text is checked. */
const checkAfterMs = 60

/** The editor of a definition: YAML, with the mistakes that the server finds at their places. */
export class DefinitionEditor {
  readonly #view: EditorView
  #checking = new AbortController()

  constructor(parent: HTMLElement, { text, label, check, changed, checked, save }: EditorOptions) {
    const lint = linter(
      async ({ state }) => {
        this.#checking.abort()
        this.#checking = new AbortController()
        try {
          const found = await check(state.doc.toString(), this.#checking.signal)
          checked(found.length)
          return found.map((each) => marked(state.doc, each))
        } catch {
          return []
        }
      },
      { delay: checkAfterMs },
    )
    this.#view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          EditorView.cspNonce.of(nonce()),
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.lineWrapping,
          lineNumbers(),
          foldGutter(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          highlightActiveLine(),
          syntaxHighlighting(colours),
          yaml(),
          lint,
          lintGutter(),
          keymap.of([
            {
              key: 'Mod-s',
              run: () => {
                save()
                return true
              },
            },
            // Escape, then Tab leaves the editor: nobody is caught in it by the keyboard.
            indentWithTab,
            ...defaultKeymap,
            ...historyKeymap,
            ...lintKeymap,
          ]),
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (docChanged) changed(state.doc.toString())
          }),
        ],
      }),
    })
  }

  get text(): string {
    return this.#view.state.doc.toString()
  }

  close(): void {
    this.#checking.abort()
    this.#view.destroy()
  }
}

/** A mistake at its place; one without a place is at the beginning. */
function marked(document: Text, { summary, range }: Diagnostic): Marked {
  const from = range === undefined ? 0 : offsetOf(document, range.begin)
  const to = range === undefined ? 0 : offsetOf(document, range.end)
  return { from, to: Math.max(from, to), severity: 'error', message: summary }
}

/** Columns count from 1, in code points. */
function offsetOf(document: Text, { line, column }: Position): number {
  const { from, text } = document.line(Math.min(Math.max(line, 1), document.lines))
  return from + [...text].slice(0, Math.max(column - 1, 0)).join('').length
}

/** The nonce of the page, which styles that the editor makes need. */
function nonce(): string {
  return document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? ''
}
