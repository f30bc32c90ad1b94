const named: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/**
 * Text in double quotes, as messages show it: `\n`-style escapes for controls, `\u00a0`-style for
 * what cannot be seen (every space but U+0020 included), everything else verbatim.
 */
export function quote(text: string): string {
  return `"${text.replace(/["\\]|[^\x20-\x7e\p{L}\p{M}\p{N}\p{P}\p{S}]/gu, escapeOf)}"`
}

function escapeOf(character: string): string {
  const short = named[character]
  if (short !== undefined) return short
  const code = character.codePointAt(0) ?? 0
  // A lone surrogate has no UTF-8 form; it is shown as the replacement
  // character it would be stored as.
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd'
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}
