/** Programs that read `.env` files, each by rules of its own. */
export type DotenvReader = 'npm dotenv' | 'node --env-file' | 'python-dotenv' | 'dotenvx' | 'bash'

export interface DotenvText {
  /** The value with its quotes. */
  readonly text: string
  /** Readers that take it for another value. */
  readonly misread: readonly DotenvReader[]
}

/**
 * A value as a `.env` file has it, in the form that most readers read alike, and of which no shell
 * runs a part. Our own `import dotenv` reads every form back.
 *
 * - `"…"`: nothing in it means anything to any reader.
 * - `'…'`: no `'` in it. Every reader takes it as it is, but for a few things of python-dotenv.
 * - `"…"` with `\"`, `\\`, `\$`, `` \` `` and `\r`, which readers take differently.
 */
export function dotenvText(value: string): DotenvText {
  if (!/["\\$`\r]/.test(value) && !value.includes('\n')) return { text: `"${value}"`, misread: [] }
  if (!/['\r]/.test(value)) {
    // It takes \\ for one, \' for no end, and puts variables in the place of ${NAME}.
    const misread: DotenvReader[] = /\\\\|\\$|\$\{[^}:]*(?::-[^}]*)?\}/.test(value) ? ['python-dotenv'] : []
    return { text: `'${value}'`, misread }
  }
  if (isPlainInDoubleQuotes(value)) return { text: `"${value}"`, misread: [] }
  const text = value.replace(/["\\$`]/g, '\\$&').replaceAll('\r', '\\r')
  return { text: `"${text}"`, misread: misreadEscapes(value) }
}

/** Returns true when no reader finds an escape or anything else special in the value. */
function isPlainInDoubleQuotes(value: string): boolean {
  return !/["$`\r]|\\(?:[\\'"abfnrtvxuU$`\n]|$)/.test(value)
}

function misreadEscapes(value: string): readonly DotenvReader[] {
  const misread = new Set<DotenvReader>()
  if (value.includes('\r')) for (const reader of ['node --env-file', 'bash'] as const) misread.add(reader)
  if (/["\\]/.test(value))
    for (const reader of ['npm dotenv', 'node --env-file', 'dotenvx'] as const) misread.add(reader)
  if (/[$`]/.test(value))
    for (const reader of ['npm dotenv', 'node --env-file', 'python-dotenv'] as const) misread.add(reader)
  // It runs what is in $(…), escaped or not.
  if (/`|\$\(/.test(value)) misread.add('dotenvx')
  return [...misread]
}
