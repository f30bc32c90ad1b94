import type { Text } from '../../rich-text.ts'
import { Concealment, worded } from '../terminal/index.ts'

/**
 * Returns how the language server words texts: as commands do, with `[secret]` in the place of
 * whatever the definition that they are about holds in the clear.
 */
export function languageServerWords(): (text: Text, definition: string) => string {
  let last: { readonly definition: string; readonly concealment: Concealment } | undefined
  return (text, definition) => {
    if (last?.definition !== definition) {
      const concealment = new Concealment(() => [])
      concealment.addDefinition(definition)
      last = { definition, concealment }
    }
    return last.concealment.apply(worded(text))
  }
}
