import type { PropertyPath } from '../../yaml/index.ts'

/**
 * The piece of a definition at a path of its document, re-indented by two for reading; the empty
 * path is all of it. Comments stay. Ends in a line break. Undefined: there is nothing. This is for
 * people to look at: what is stored is never re-emitted.
 */
export async function definitionAt(text: string, path: PropertyPath): Promise<string | undefined> {
  const { isNode, parseDocument, stringify } = await import('../../vendor/yaml.ts')
  const document = parseDocument(text, { uniqueKeys: false, version: '1.2' })
  if (document.errors.length > 0) return path.length === 0 ? text : undefined
  const options = { indent: 2, indentSeq: true, lineWidth: 0, flowCollectionPadding: false, nullStr: 'null' } as const
  if (path.length === 0) return document.toString(options)
  if (!document.hasIn(path)) return undefined
  const node = document.getIn(path, true)
  return stringify(isNode(node) ? node : null, options)
}

/**
 * A definition for reading: indented by two. One that is so already is given as it stands, byte for
 * byte; any other is re-indented as `definitionAt` does.
 */
export async function indentedByTwo(text: string): Promise<string> {
  const first = /^( +)[^\s#]/m.exec(text)?.[1]
  return first === undefined || first.length === 2 ? text : ((await definitionAt(text, [])) ?? text)
}
