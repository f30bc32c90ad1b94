import {
  acceptCompletion,
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from '@codemirror/autocomplete'
import { type Extension, Prec } from '@codemirror/state'
import { keymap } from '@codemirror/view'
import type { EditedDefinition, Offers } from '../editing.ts'

/** The icons that CodeMirror has for kinds of offers. */
const icons = {
  field: 'keyword',
  'value-name': 'variable',
  builtin: 'function',
  input: 'property',
  environment: 'namespace',
  constant: 'enum',
} as const satisfies Record<Offers['offers'][number]['kind'], string>

/** Characters after which something can be offered unasked. */
const afterTyping = /[\p{L}\p{N}_:./[{-]$/u

/**
 * Completes keys, references, providers, rotators and their inputs as the server offers them.
 * `known` is the last text that could be evaluated.
 */
export function definitionCompletion(definition: EditedDefinition, known: () => string | undefined): Extension {
  const source = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const { state, pos, explicit } = context
    if (!explicit && !afterTyping.test(state.sliceDoc(Math.max(0, pos - 2), pos))) return null
    const text = state.doc.toString()
    const found = await definition.offers(text, pos, known()).catch(() => null)
    return context.aborted || found === null ? null : resultOf(found, text)
  }
  return [
    autocompletion({ override: [source], activateOnTypingDelay: 40, icons: true, maxRenderedOptions: 100 }),
    Prec.highest(keymap.of([{ key: 'Tab', run: acceptCompletion }, ...completionKeymap])),
  ]
}

function resultOf({ part, offers }: Offers, text: string): CompletionResult {
  const inReference = /[.{[]/.test(text[part.start - 1] ?? '')
  return {
    from: part.start,
    to: part.end,
    validFor: inReference ? /^[\p{L}\p{N}_-]*$/u : /^[^\s,{}[\]"'#]*$/,
    options: offers.map(({ kind, label, newText, detail, description, rank }) => ({
      label,
      type: icons[kind],
      boost: -10 * rank,
      ...(detail !== undefined && { detail }),
      ...(description !== undefined && { info: description }),
      apply: (view, _completion, from, to) => {
        // A step that cannot stand behind a dot takes the dot with it.
        const start = newText.startsWith('[') && view.state.sliceDoc(from - 1, from) === '.' ? from - 1 : from
        view.dispatch({
          changes: { from: start, to, insert: newText },
          selection: { anchor: start + newText.length },
          userEvent: 'input.complete',
        })
      },
    })),
  }
}
