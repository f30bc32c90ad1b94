import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { decode, deleteAt, getAt, parsePropertyPath, readYamlFragment, setAt } from '../../src/yaml/index.ts'
import { dataOf, missingComments } from './definition-data.ts'
import { type CaseResult, outcomeOf } from './result.ts'

/**
 * Replays recorded edits: folders of `doc.yaml`, `edits.yaml` and `expected.yaml`. Compared as
 * data, with every comment of the expected text kept: the recorded texts were written anew, ours
 * are spliced.
 */
export async function replay(directory: string): Promise<CaseResult[]> {
  const folders = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  return Promise.all(folders.map(({ name }) => outcomeOf('yaml-edit', name, () => check(directory, name))))
}

async function check(directory: string, name: string): Promise<string | undefined> {
  const read = (file: string) => readFile(join(directory, name, file), 'utf8')
  const expected = await read('expected.yaml')
  const edited = applyEdits(await read('doc.yaml'), await read('edits.yaml'))
  const data = dataOf(decode(name, edited).node)
  if (!isDeepStrictEqual(data, dataOf(decode(name, expected).node))) return `the data differs:\n${edited}`
  const missing = missingComments(edited, expected)
  return missing.length === 0 ? undefined : `comments are gone: ${missing.join(', ')}`
}

function applyEdits(doc: string, edits: string): string {
  const list = getAt(decode('edits', edits).node, ['edits'])
  if (list?.kind !== 'array') throw new Error('edits.yaml holds no list of edits')
  let text = doc
  for (const edit of list.elements) {
    if (edit.kind !== 'object') throw new Error(`${edit.path} is not an edit`)
    const { key, value } = edit.entries[0]!
    const path = parsePropertyPath(key.value)
    text =
      value.kind === 'null'
        ? deleteAt(text, path)
        : setAt(text, path, readYamlFragment(dedent(edits, value.span!.start, value.span!.end)))
  }
  return text
}

/** The text of a node, moved to the left so that it is a document of its own. */
function dedent(text: string, start: number, end: number): string {
  const column = start - (text.lastIndexOf('\n', start - 1) + 1)
  return ' '.repeat(column) + text.slice(start, end)
}
