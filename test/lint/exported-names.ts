import { type SourceFile, sources } from './sources.ts'

const DECLARED =
  /^export (?:(?:const|let) \{([^}]*)\}|(?:async )?(?:abstract )?(?:function\*?|class|const|let|interface|type|enum) (\w+))/gm

/**
 * Sentences about names that more than one file of `src` declares and exports. A name means one
 * thing wherever it is read; a file that passes on what another declares is no second meaning.
 */
export function namesDeclaredTwice(files: readonly SourceFile[] = sources()): string[] {
  const declaring = new Map<string, Set<string>>()
  for (const { file, text } of files) {
    // A page in a browser is another program: its values are those of the API.
    if (!file.startsWith('src/') || file.startsWith('src/console/')) continue
    for (const [, names, name] of text.matchAll(DECLARED)) {
      for (const each of names === undefined ? [name as string] : namesIn(names)) {
        declaring.set(each, (declaring.get(each) ?? new Set()).add(file))
      }
    }
  }
  return [...declaring].flatMap(([name, where]) =>
    where.size > 1 ? [`${[...where].join(', ')}: each exports a ${name} of its own`] : [],
  )
}

/** What a destructuring pattern declares: `a, b: c` declares `a` and `c`. */
function namesIn(pattern: string): string[] {
  return [...pattern.matchAll(/(?:\w+: )?(\w+)/g)].map(([, name = '']) => name)
}
