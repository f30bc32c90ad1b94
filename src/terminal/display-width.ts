import { displayWidth as plainWidth } from '../syntax/index.ts'

/** Columns a text takes on a terminal; escape sequences of colour take none. */
export function displayWidth(text: string): number {
  return plainWidth(text.replace(/\u001b\[[0-9;]*m/g, ''))
}
