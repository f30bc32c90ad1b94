import { appendLine, createFile, type FileSystem, readIfPresent } from '../files/index.ts'

/**
 * Files for git in a store's folder, and the lines they must have.
 *
 * `.tmp-*` is what a killed process may leave beside the files it was about to replace. Digests and
 * seals are over bytes, so git must not change line endings. Revision files are full copies: the
 * diff to read is that of `environment.yaml`. Two revisions of one number are left to conflict,
 * which `check` and `renumber` explain and mend.
 */
export const storeFiles: Readonly<Record<string, readonly string[]>> = {
  '.gitignore': ['.esc/', '.tmp-*'],
  '.gitattributes': ['* -text', '*/*/revisions/*.yaml linguist-generated=true', '*/*/events/*.jsonl merge=union'],
}

/** Makes sure that a file has its lines; everything else in it stays. */
export function ensureLines(files: FileSystem, path: string, wanted: readonly string[]): void {
  const bytes = readIfPresent(files, path)
  if (bytes === undefined) {
    createFile(files, path, Buffer.from(wanted.map((line) => `${line}\n`).join('')))
    return
  }
  for (const line of missingLines(bytes, wanted)) appendLine(files, path, line)
}

/** `bytes` undefined: there is no such file. */
export function missingLines(bytes: Uint8Array | undefined, wanted: readonly string[]): readonly string[] {
  const present = bytes === undefined ? [] : Buffer.from(bytes).toString().split(/\r?\n/)
  return wanted.filter((line) => !present.includes(line))
}
