import { route } from '../../../src/cli/framework/route.ts'
import { JSON_ERROR, JSON_SHAPES } from './shapes.ts'

/** Returns the id of the command that a command line runs; `undefined` when it runs none. */
export function commandIn(words: readonly string[]): string | undefined {
  try {
    const target = route(words)
    return target.kind === 'command' ? target.id : undefined
  } catch {
    return undefined
  }
}

/** True when a command line asks for JSON. */
export function asksForJson(words: readonly string[]): boolean {
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
  return own.some((word, at) => word === '--output=json' || (word === '--output' && own[at + 1] === 'json'))
}

/**
 * Compares standard output with the shape that its command declares. Throws where it is no JSON, is
 * more than one value, or has another shape.
 */
export function checkJsonOutput(words: readonly string[], { out, code }: { out: string; code: number }): void {
  const id = commandIn(words)
  const shape = id === undefined ? JSON_ERROR : JSON_SHAPES[id]
  if (shape === undefined) return
  const value: unknown = JSON.parse(out)
  const isError = code !== 0 && typeof value === 'object' && value !== null && 'error' in value
  const result = (isError ? JSON_ERROR : shape).safeParse(value)
  if (result.success) return
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new Error(
    `esc ${words.join(' ')} prints JSON of another shape than ${id} declares: ${problems.join('; ')}\n${out}`,
  )
}
