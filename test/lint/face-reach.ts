import { type SourceFile, sources } from './sources.ts'

/** Folders of `src` from which people and programs use a store. */
const FACES = /^src\/(?:cli|lsp|mcp|sdk|scheduler)\//

/**
 * Places where a face looks into the workspace of a session. What a face wants of a store is an
 * operation that it has the session perform: it is permitted and audited then. What a session says
 * of itself, such as the label of the store, is a property of the session. Editors have a workspace
 * of their own, which is that of their connection.
 */
export function faceReaches(files: readonly SourceFile[] = sources()): string[] {
  return files
    .filter(({ file }) => FACES.test(file))
    .flatMap(({ file, text }) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          /(?<!options|connection)\.workspace\b|\{[^}]*\bworkspace\b[^}]*\} = /.test(line)
            ? [`${file}:${index + 1}: looks into the workspace of a session: have it perform an operation`]
            : [],
        ),
    )
}
