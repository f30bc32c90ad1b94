import type { ChalkInstance } from 'chalk'
import { hasColour, type Io } from './io.ts'

let chalk: ChalkInstance | undefined

/** To be awaited once before anything is drawn. Loads nothing where no stream shows colour. */
export async function loadColours(io: Io): Promise<void> {
  if (chalk !== undefined || !(hasColour(io, 'stdout') || hasColour(io, 'stderr'))) return
  const { Chalk } = await import('../sdk/chalk.ts')
  // Whether to colour is for the caller to say, stream by stream (`hasColour`); sixteen colours every terminal has.
  chalk = new Chalk({ level: 1 })
}

export const red = (text: string): string => chalk?.red(text) ?? text
export const yellow = (text: string): string => chalk?.yellow(text) ?? text
export const green = (text: string): string => chalk?.green(text) ?? text
export const dim = (text: string): string => chalk?.dim(text) ?? text
export const bold = (text: string): string => chalk?.bold(text) ?? text
export const underline = (text: string): string => chalk?.underline(text) ?? text
