/**
 * The few colours of error messages, as escape sequences. Commands that only fail do not load chalk for one red word; whoever
 * draws more than that uses `chalk.ts`.
 */
export function red(text: string): string {
  return `\u001b[31m${text}\u001b[39m`
}

export function yellow(text: string): string {
  return `\u001b[33m${text}\u001b[39m`
}

export function green(text: string): string {
  return `\u001b[32m${text}\u001b[39m`
}

export function dim(text: string): string {
  return `\u001b[2m${text}\u001b[22m`
}

export function bold(text: string): string {
  return `\u001b[1m${text}\u001b[22m`
}

export function underline(text: string): string {
  return `\u001b[4m${text}\u001b[24m`
}
