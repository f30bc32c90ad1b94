import { type Diagnostic, decode, type Node, type ObjectNode, quote } from '../yaml/index.ts'
import { type EnvironmentDeclaration, type Import, type ImportMetadata, reservedKeys } from './environment.ts'
import { isStringLiteral, type ObjectExpression, type ObjectProperty, type StringLiteral } from './expression.ts'
import { ExpressionParser, firstOfEachKey } from './parse-expression.ts'
import { sortByDistance } from './similar-names.ts'

export interface ParsedEnvironment {
  /**
   * Undefined only when the text is no YAML the language accepts. Other mistakes leave
   * an environment with gaps.
   */
  readonly environment: EnvironmentDeclaration | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads the text of an environment. `name` is the file name of every range in it. */
export function parseEnvironment(name: string, text: string): ParsedEnvironment {
  const { node, diagnostics } = decode(name, text)
  if (diagnostics.some((diagnostic) => diagnostic.severity === 'error')) return { environment: undefined, diagnostics }
  return parseNode(name, node, diagnostics)
}

function parseNode(name: string, node: Node | undefined, decoded: readonly Diagnostic[]): ParsedEnvironment {
  const parser = new ExpressionParser()
  parser.diagnostics.push(...decoded)
  let description: StringLiteral | undefined
  let imports: readonly Import[] | undefined
  let values: readonly ObjectProperty[] | undefined
  if (node?.kind === 'object') {
    for (const { field, value } of fields(parser, node, 'environment', ['description', 'imports', 'values'])) {
      if (field === 'description') description = parseDescription(parser, value)
      else if (field === 'imports') imports = parseImports(parser, value)
      else values = parseValues(parser, value)
    }
  } else parser.error('environment must be an object', { node })
  const root = rootObject(parser, values ?? [])
  const environment = { name, description, imports, values, root, expressionCount: parser.expressionCount }
  return { environment, diagnostics: parser.diagnostics }
}

/**
 * The entries of a record that name one of its fields, whatever their case. Others and
 * repeated keys are warned of.
 */
function* fields<Field extends string>(
  parser: ExpressionParser,
  node: ObjectNode,
  record: 'environment' | undefined,
  known: readonly Field[],
): Generator<{ field: Field; value: Node }> {
  const seen = new Set<string>()
  for (const { key, value } of node.entries) {
    if (seen.has(key.value)) parser.report('warning', `duplicate key ${quote(key.value)}`, key)
    seen.add(key.value)
    const field = known.find((name) => name === key.value.toLowerCase())
    if (field !== undefined) yield { field, value }
    else if (record !== undefined) {
      const quoted = known.map((name) => `'${name}'`)
      const existing = sortByDistance(key.value, quoted).join(', ')
      const summary = `Field '${key.value}' does not exist on Object '${record}'. Existing fields are: ${existing}`
      parser.report('warning', summary, key)
    }
  }
}

function parseDescription(parser: ExpressionParser, node: Node): StringLiteral {
  const parsed = parser.expression(node)
  if (isStringLiteral(parsed)) return parsed
  parser.error('description must be a string', { node })
  return { kind: 'string', id: parser.nextId(), node: undefined, value: '' }
}

function parseImports(parser: ExpressionParser, node: Node): readonly Import[] | undefined {
  if (node.kind === 'array') return node.elements.map((element) => parseImport(parser, element))
  parser.error('imports must be a list', { node })
  return undefined
}

function parseImport(parser: ExpressionParser, node: Node): Import {
  if (node.kind === 'string') return { name: node, merge: true, metadata: undefined }
  const malformed = { name: undefined, merge: true, metadata: undefined }
  if (node.kind !== 'object') {
    parser.error('import must be a string or an object', { node })
    return malformed
  }
  const only = node.entries.length === 1 ? node.entries[0] : undefined
  if (only === undefined) {
    parser.error('import must have a single key', { node })
    return malformed
  }
  if (only.value.kind !== 'object') {
    parser.error('import must be an object', { node: only.value })
    return { name: only.key, merge: true, metadata: { merge: undefined } }
  }
  const metadata = parseImportMetadata(parser, only.value)
  return { name: only.key, merge: metadata.merge ?? true, metadata }
}

function parseImportMetadata(parser: ExpressionParser, node: ObjectNode): ImportMetadata {
  let merge: boolean | undefined
  for (const { value } of fields(parser, node, undefined, ['merge'])) {
    if (value.kind !== 'boolean') parser.error('merge must be a boolean value', { node: value })
    merge = value.kind === 'boolean' && value.value
  }
  return { merge }
}

function parseValues(parser: ExpressionParser, node: Node): readonly ObjectProperty[] | undefined {
  if (node.kind !== 'object') {
    parser.error('values must be an object', { node })
    return undefined
  }
  return node.entries.map(({ key, value }) => {
    if (key.value.startsWith('fn::'))
      parser.error(`builtin function call ${quote(key.value)} not allowed at the top level`, { node: key })
    return { key: key.value, keyNode: key, value: parser.expression(value), valid: true }
  })
}

function rootObject(parser: ExpressionParser, values: readonly ObjectProperty[]): ObjectExpression {
  const entries = values.filter((property) => !reservedKeys.has(property.key))
  return { kind: 'object', id: parser.nextId(), node: undefined, entries, properties: firstOfEachKey(entries) }
}
