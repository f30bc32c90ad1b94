import { readdirSync, readFileSync } from 'node:fs'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Source file: its path from the root of the repository, with slashes, and its text. */
export interface SourceFile {
  readonly file: string
  readonly text: string
}

/** All files in TypeScript of the program and of its tests. */
export function sources(): SourceFile[] {
  return ['src', 'test'].flatMap((folder) => {
    const root = fileURLToPath(new URL(`../../${folder}/`, import.meta.url))
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => ({ file: `${folder}/${file.split(sep).join('/')}`, text: readFileSync(root + file, 'utf8') }))
  })
}
