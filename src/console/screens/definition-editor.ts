import { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import { bracketMatching, foldGutter, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language'
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { Compartment, EditorState, Transaction } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import type { CheckedEdit, EditedDefinition, PlacedDiagnostic, TextEdit } from '../editing.ts'
import { definitionCompletion } from './definition-completion.ts'
import { definitionHover } from './definition-hover.tsx'

interface EditorOptions {
  readonly text: string
  /** The name of the text field, for screen readers. */
  readonly label: string
  readonly definition: EditedDefinition
  readonly changed: (text: string) => void
  /** Hears what a check has found, or why there was none. */
  readonly checked: (found: CheckedEdit | Error) => void
  /** Ctrl-S or Cmd-S. */
  readonly save: () => void
  /** F1: tell about the place of the cursor. */
  readonly describe: () => void
  /** F12, or Ctrl and a click: go to where it is defined. */
  readonly define: () => void
}

/** Colours that can be read on light and on dark. */
const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'light-dark(#0b4f9e, #8cc4ff)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'light-dark(#8a3200, #ffb27a)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'light-dark(#6b1fa8, #d3a6ff)' },
  { tag: [tags.comment, tags.lineComment], color: 'light-dark(#566070, #a7b0bd)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator, tags.meta], color: 'light-dark(#566070, #a7b0bd)' },
])

/** Milliseconds after an edit in which the next one may come, before the text is checked. */
const settleMs = 10

/**
 * An edit that one undo takes back without what was typed a moment before, which CodeMirror would
 * join with it.
 */
const aloneInHistory = isolateHistory.of('full')

/** The editor of a definition: YAML, with what the server knows of it. */
export class DefinitionEditor {
  readonly #view: EditorView
  readonly #options: EditorOptions
  readonly #writable = new Compartment()
  #checking = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The last text that could be evaluated. */
  #known: string | undefined

  constructor(parent: HTMLElement, options: EditorOptions) {
    this.#options = options
    const { definition, label, text, changed } = options
    this.#view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          EditorView.cspNonce.of(nonce()),
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.lineWrapping,
          this.#writable.of(EditorState.readOnly.of(false)),
          lineNumbers(),
          foldGutter(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          highlightActiveLine(),
          syntaxHighlighting(colours),
          yaml(),
          lintGutter(),
          this.#keys(),
          definitionCompletion(definition, () => this.#known),
          definitionHover(definition),
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (!docChanged) return
            changed(state.doc.toString())
            this.#checkSoon()
          }),
        ],
      }),
    })
    this.#checkSoon()
  }

  get text(): string {
    return this.#view.state.doc.toString()
  }

  /** The place of the cursor, in UTF-16 code units. */
  get offset(): number {
    return this.#view.state.selection.main.head
  }

  /** Replaces the text. `undoable`: Ctrl-Z brings back what was there. */
  replace(text: string, { undoable }: { readonly undoable: boolean }): void {
    const edit = differenceOf(this.text, text)
    if (edit === undefined) return
    this.#view.dispatch({
      changes: { from: edit.start, to: edit.end, insert: edit.newText },
      annotations: [Transaction.addToHistory.of(undoable), aloneInHistory],
    })
  }

  apply(edits: readonly TextEdit[]): void {
    this.#view.dispatch({
      changes: edits.map(({ start, end, newText }) => ({ from: start, to: end, insert: newText })),
      annotations: aloneInHistory,
    })
    this.#view.focus()
  }

  /** Puts the cursor at a line and column, which count from 1, columns in code points. */
  goTo(line: number, column: number): void {
    const { doc } = this.#view.state
    const { from, text } = doc.line(Math.min(Math.max(line, 1), doc.lines))
    const anchor = from + [...text].slice(0, Math.max(column - 1, 0)).join('').length
    this.#view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) })
    this.#view.focus()
  }

  setWritable(writable: boolean): void {
    this.#view.dispatch({ effects: this.#writable.reconfigure(EditorState.readOnly.of(!writable)) })
  }

  /** Checks the text, once more where nothing was typed. */
  checkAgain(): void {
    this.#checkSoon()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#checking.abort()
    this.#view.destroy()
  }

  #keys() {
    const { save, describe, define } = this.#options
    const run = (work: () => void) => () => {
      work()
      return true
    }
    return [
      keymap.of([
        { key: 'Mod-s', run: run(save) },
        { key: 'F1', run: run(describe) },
        { key: 'F12', run: run(define) },
        // Escape, then Tab leaves the editor: nobody is caught in it by the keyboard.
        indentWithTab,
        ...defaultKeymap,
        ...historyKeymap,
        ...lintKeymap,
      ]),
      EditorView.domEventHandlers({
        click: (event, view) => {
          if (!(event.ctrlKey || event.metaKey)) return false
          const anchor = view.posAtCoords(event)
          if (anchor === null) return false
          view.dispatch({ selection: { anchor } })
          define()
          return true
        },
      }),
    ]
  }

  #checkSoon(): void {
    this.#checking.abort()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#check(), settleMs)
  }

  async #check(): Promise<void> {
    const asked = new AbortController()
    this.#checking = asked
    const { text } = this
    const { definition, checked } = this.#options
    try {
      const found = await definition.check(text, asked.signal)
      if (asked.signal.aborted) return
      if (found.values !== undefined) this.#known = text
      this.#mark(found.diagnostics)
      checked(found)
    } catch (error) {
      if (!asked.signal.aborted) checked(error as Error)
    }
  }

  #mark(diagnostics: readonly PlacedDiagnostic[]): void {
    const marks = diagnostics.map(({ severity, part, place, summary, hint }) => ({
      from: part.start,
      to: part.end,
      severity,
      message: [place === undefined ? summary : `${place}: ${summary}`, ...(hint === undefined ? [] : [hint])].join(
        '\n',
      ),
    }))
    this.#view.dispatch(setDiagnostics(this.#view.state, marks))
  }
}

/** The smallest edit that turns one text into another. `undefined`: they are the same. */
function differenceOf(before: string, after: string): TextEdit | undefined {
  if (before === after) return undefined
  const most = Math.min(before.length, after.length)
  let start = 0
  while (start < most && before[start] === after[start]) start++
  let same = 0
  while (same < most - start && before[before.length - 1 - same] === after[after.length - 1 - same]) same++
  return { start, end: before.length - same, newText: after.slice(start, after.length - same) }
}

/** The nonce of the page, which styles that the editor makes need. */
function nonce(): string {
  return document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? ''
}
