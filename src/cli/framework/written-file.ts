import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { EscError, messageOf } from '../../errors.ts'
import { text } from './flags.ts'
import type { Host } from './host.ts'

/** For commands that print a file of another program. */
export const OUT_FLAG = {
  out: text({ description: 'write to this file instead of standard output', value: 'file' }),
}

/**
 * Writes a text that holds no secret to a file that the user names. One that holds it already is
 * not touched, so that whoever watches it has nothing to do. Returns a sentence about it.
 *
 * @throws EscError `io`.
 */
export function writeNamedFile(io: Host, file: string, content: string): string {
  const path = resolve(io.cwd, file)
  try {
    if (present(path) === content) return `${file} is up to date.`
    writeFileSync(path, content)
  } catch (error) {
    throw new EscError('io', `cannot write ${file}: ${messageOf(error)}`, {
      hint: 'name a file in a folder that is there',
      cause: error,
    })
  }
  return `Wrote ${file}.`
}

function present(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
