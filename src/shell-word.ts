/**
 * A text as one word of a shell, for commands that messages propose: as it is where
 * no shell changes it, otherwise in single quotes. zsh refuses a word with `?`, `*`
 * or `[` that names no file.
 */
export function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
