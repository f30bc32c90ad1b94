import { EscError } from '../../errors.ts'
import { createFile, machineFiles, replaceFile } from '../../files/index.ts'
import { again, rich } from '../../rich-text.ts'

export interface SecretFile {
  /** Absolute path. */
  readonly path: string
  readonly content: string
  /** Replace a file that is there. */
  readonly force: boolean
}

/**
 * Writes a file that holds secrets in the clear, whole or not at all, for the user alone (mode
 * 0600).
 *
 * @throws EscError `invalid_input` for a file that is there already; `io`.
 */
export function writeSecretFile({ path, content, force }: SecretFile): void {
  const bytes = Buffer.from(content)
  if (force) {
    replaceFile(machineFiles, path, bytes, { mode: 0o600 })
    return
  }
  if (createFile(machineFiles, path, bytes, { mode: 0o600 })) return
  throw new EscError('invalid_input', `${path} is there already`, {
    hint: rich`replace it with ${again('force')}, or name another file`,
  })
}
