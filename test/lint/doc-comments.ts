import { type SourceFile, sources } from './sources.ts'

/**
 * The first word of a doc comment that begins with half a sentence. A reader wants the thing first,
 * or a verb: "The digest of …", "Returns …", "True when …", "`undefined` when …".
 */
const FRAGMENT =
  /^(?:What|Whether|How|Why|Who|Whose|Which|That|Of|(?:Undefined|True|False|Absent):|Where(?! [^,.:;]*,))(?= )/

const DOC_COMMENT = /\/\*\*(?!\/)([\s\S]*?)\*\//g

/** Sentences about doc comments in `src` that begin with a fragment. */
export function fragmentsInDocComments(files: readonly SourceFile[] = sources()): string[] {
  return files
    .filter(({ file }) => file.startsWith('src/'))
    .flatMap(({ file, text }) =>
      [...text.matchAll(DOC_COMMENT)].flatMap((comment) => {
        const [first] = FRAGMENT.exec((comment[1] ?? '').replace(/\n *\*/g, ' ').trim()) ?? []
        if (first === undefined) return []
        const line = text.slice(0, comment.index).split('\n').length
        return [`${file}:${line}: a doc comment that begins with "${first}": begin with the thing, or a verb`]
      }),
    )
}
