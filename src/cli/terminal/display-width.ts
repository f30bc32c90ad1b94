import { displayWidth as plainWidth } from '../../yaml/index.ts'
import { withoutMarks } from './prose.ts'

/** Columns a text takes on a terminal; colours take none. */
export function terminalWidth(text: string): number {
  return plainWidth(withoutMarks(text))
}
