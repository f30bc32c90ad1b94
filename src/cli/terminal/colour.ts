import type { ChalkInstance } from 'chalk'
import { hasColour, type Io } from './io.ts'
import { marked } from './prose.ts'

let chalk: ChalkInstance | undefined

/** Is awaited once before anything is drawn. Loads nothing where no stream shows colour. */
export async function loadColours(io: Io): Promise<void> {
  if (chalk !== undefined || !(hasColour(io, 'stdout') || hasColour(io, 'stderr'))) return
  const { Chalk } = await import('../../vendor/chalk.ts')
  // Whether to colour is for the caller to say, stream by stream (`hasColour`); sixteen
  // colours every terminal has.
  chalk = new Chalk({ level: 1 })
}

type Style = 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold' | 'underline'

/** Where the text itself holds escape sequences, they stay unmarked. */
function paint(style: Style): (text: string) => string {
  return (text) => {
    if (chalk === undefined) return text
    const [begin = '', end = ''] = chalk[style](SOMETHING).split(SOMETHING)
    return marked(begin) + text + marked(end)
  }
}

const SOMETHING = 'x'

// What these return becomes escape sequences where it is written (`prose`).
export const red = paint('red')
export const yellow = paint('yellow')
export const green = paint('green')
export const cyan = paint('cyan')
export const dim = paint('dim')
export const bold = paint('bold')
export const underline = paint('underline')
