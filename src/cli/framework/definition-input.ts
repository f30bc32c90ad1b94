import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { EscError, messageOf } from '../../errors.ts'
import type { Io } from '../terminal/index.ts'

/** The words for a failed read, for the file and for standard input. */
export interface ReadMessages {
  readonly file: string
  readonly stdin: string
  /** Hint for bytes that are not UTF-8. Default: to save the file as UTF-8. */
  readonly notText?: string
}

/** The text of `--file`: of a file, or of standard input for `-`. It must be UTF-8. */
export async function readText(io: Io, file: string, messages: ReadMessages): Promise<string> {
  let bytes: Uint8Array
  try {
    bytes = file === '-' ? await io.readStdin() : readFileSync(resolve(io.cwd, file))
  } catch (error) {
    throw new EscError('invalid_input', `${file === '-' ? messages.stdin : messages.file}: ${reason(error, file)}`, {
      hint: 'name a file that can be read, or - for standard input',
      cause: error,
    })
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    io.hide?.(text)
    return text
  } catch {
    throw new EscError('invalid_input', 'file content must be valid UTF-8', {
      hint: messages.notText ?? `save ${file} as UTF-8`,
    })
  }
}

function reason(error: unknown, file: string): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return `open ${file}: no such file or directory`
  if (code === 'EACCES') return `open ${file}: permission denied`
  if (code === 'EISDIR') return `read ${file}: is a directory`
  return messageOf(error)
}
