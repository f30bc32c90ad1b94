import { type SourceFile, sources } from './sources.ts'

const WIDEST = 100

/** A line that is a comment, or part of one, and nothing else. */
const COMMENT = /^ *(?:\/\/|\/?\*)/

/**
 * Sentences about lines of comments in `src` that are wider than a hundred columns. Code may have
 * more.
 */
export function wideComments(files: readonly SourceFile[] = sources()): string[] {
  return files
    .filter(({ file }) => !file.startsWith('test/fixtures/'))
    .flatMap(({ file, text }) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          isTooWide(line) ? [`${file}:${index + 1}: a comment of ${line.length} columns: at most ${WIDEST}`] : [],
        ),
    )
}

function isTooWide(line: string): boolean {
  if (line.length <= WIDEST || !COMMENT.test(line)) return false
  // Biome reads a whole reason from one line; a word, such as a URL, cannot be broken.
  return !line.includes('biome-ignore') && /\S \S/.test(line.replace(COMMENT, '').trim())
}
