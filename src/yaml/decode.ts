import type { Diagnostic, Position, Range } from './diagnostic.ts'
import { elementPath, joinPath } from './document-path.ts'
import type { Node, ObjectEntry, StringNode } from './node.ts'
import { parseYaml } from './parser/parser.ts'
import type {
  RestOfStream,
  YamlAlias,
  YamlDocument,
  YamlMapping,
  YamlNode,
  YamlScalar,
  YamlSequence,
} from './parser/tree.ts'
import { YamlSyntaxError } from './parser/yaml-syntax-error.ts'
import { resolveScalar } from './resolve-scalar.ts'
import { resolveTagged } from './resolve-tagged.ts'
import { SourceMap, utf8Length } from './source-map.ts'
import { TextMeasures } from './text-measures.ts'

/**
 * The content of a definition, as data with places.
 *
 * `failed` tells whether decoding reported an error: then there is no environment, and `node` is
 * what could be read (for editors), if anything. Otherwise `node` is undefined when the document is
 * null or holds nothing but comments.
 */
export interface Decoded {
  readonly node: Node | undefined
  readonly diagnostics: readonly Diagnostic[]
  readonly failed: boolean
  /**
   * The place where the text goes on behind the document that was decoded. Absent:
   * nothing but comments follows.
   */
  readonly rest?: RestOfStream
}

/**
 * Decodes the first YAML document of a text. `name` is the environment that ranges refer to. A
 * syntax error is one diagnostic without a range, `yaml: …`; aliases, keys that are not strings and
 * tags that do not fit are diagnostics at their place. A text of zero bytes is an empty object.
 */
export function decode(name: string, text: string): Decoded {
  if (text === '') {
    return {
      node: { kind: 'object', range: undefined, path: '', span: undefined, entries: [] },
      diagnostics: [],
      failed: false,
    }
  }
  let document: YamlDocument
  try {
    document = parseYaml(text)
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error
    const diagnostic: Diagnostic = { severity: 'error', summary: `yaml: ${error.message}`, path: '' }
    const { at } = error
    const placed = at && { ...diagnostic, noticedAt: { environment: name, line: at.line + 1, column: at.column + 1 } }
    return { node: undefined, diagnostics: [placed ?? diagnostic], failed: true }
  }
  const { root, rest } = document
  const after = rest === undefined ? {} : { rest }
  if (root === undefined) return { node: undefined, diagnostics: [], failed: false, ...after }
  const decoder = new Decoder(name, text)
  const node = decoder.decode(root, '')
  const failed = decoder.diagnostics.length > 0
  return {
    node: node.kind === 'null' && !failed ? undefined : node,
    diagnostics: decoder.diagnostics,
    failed,
    ...after,
  }
}

/**
 * The mistake of a text that goes on behind its first YAML document. Undefined: it does not, or it
 * is no YAML. Opening ignores the rest, as the language does; whoever saves must refuse it, because
 * nothing encrypts the secrets in it.
 */
export function restOfText(name: string, text: string): Diagnostic | undefined {
  const { rest } = decode(name, text)
  if (rest === undefined) return undefined
  const summary = 'a definition is one YAML document, and this text goes on behind it: put everything into the first'
  const noticedAt = { environment: name, line: rest.line + 1, column: rest.column + 1 }
  return { severity: 'error', summary, path: '', noticedAt }
}

class Decoder {
  readonly diagnostics: Diagnostic[] = []
  readonly #environment: string
  readonly #map: SourceMap
  /**
   * The place where the node decoded last ends. Nodes are only as long as their decoded text,
   * so the tree does not tell.
   */
  #end: Position = { line: 1, column: 1, byte: 0 }

  constructor(environment: string, text: string) {
    this.#environment = environment
    this.#map = new SourceMap(text)
  }

  decode(yaml: YamlNode, path: string): Node {
    switch (yaml.kind) {
      case 'scalar':
        return this.#decodeScalar(yaml, path)
      case 'alias':
        return this.#decodeAlias(yaml, path)
      case 'sequence':
        return this.#decodeSequence(yaml, path)
      case 'mapping':
        return this.#decodeMapping(yaml, path)
    }
  }

  #report(summary: string, range: Range | undefined, path: string): void {
    this.diagnostics.push({ severity: 'error', summary, path, range })
  }

  /** The range from the start of the node to its (approximate) end, which later `#end` gives. */
  #rangeOf(yaml: YamlNode, endLine: number, endColumn: number): Range {
    const begin = this.#map.position(yaml.line, yaml.column)
    this.#end = this.#map.position(endLine, endColumn)
    return { environment: this.#environment, begin, end: this.#end }
  }

  #rangeOfCollection(yaml: YamlNode, empty: boolean): Range {
    const begin = this.#map.position(yaml.line, yaml.column)
    if (empty) this.#end = begin
    return { environment: this.#environment, begin, end: this.#end }
  }

  #decodeScalar(yaml: YamlScalar, path: string): Node {
    const { value, style, tag } = yaml
    let endLine = yaml.line
    let endColumn = yaml.column + utf8Length(value)
    if (tag === '') {
      if (style === 'literal') {
        const lastBreak = value.lastIndexOf('\n')
        endLine += value.split('\n').length - 1
        endColumn = yaml.column + utf8Length(value, lastBreak + 1)
      }
    } else if (style === 'plain') {
      endColumn += utf8Length(tag) + 1
    }
    const range = this.#rangeOf(yaml, endLine, endColumn)
    const span = { start: yaml.start, end: yaml.end }

    if (tag === '' && style !== 'plain') return { kind: 'string', range, path, span, value, divisible: false }
    const resolved = tag === '' ? resolveScalar(value) : resolveTagged(tag, value, shownOf(value, path))
    if ('problem' in resolved) {
      this.#report(resolved.problem, range, path)
      return { kind: 'string', range, path, span, value, divisible: false }
    }
    switch (resolved.kind) {
      case 'null':
        return { kind: 'null', range, path, span }
      case 'boolean':
        return { kind: 'boolean', range, path, span, value: resolved.value }
      case 'integer':
      case 'float':
        return { kind: 'number', range, path, span, text: resolved.text }
      case 'string':
        return { kind: 'string', range, path, span, value, divisible: tag === '' }
    }
  }

  /** An alias stands for nothing; what is left in its place is a null without a range. */
  #decodeAlias(yaml: YamlAlias, path: string): Node {
    const range = this.#rangeOf(yaml, yaml.line, yaml.column + utf8Length(yaml.name))
    this.#report('alias nodes are not supported', range, path)
    return { kind: 'null', range: undefined, path, span: { start: yaml.start, end: yaml.end } }
  }

  #decodeSequence(yaml: YamlSequence, path: string): Node {
    const elements = yaml.items.map((item, index) => this.decode(item, elementPath(path, index)))
    const range = this.#rangeOfCollection(yaml, elements.length === 0)
    return { kind: 'array', range, path, span: { start: yaml.start, end: yaml.end }, elements }
  }

  #decodeMapping(yaml: YamlMapping, path: string): Node {
    const entries: ObjectEntry[] = []
    for (const pair of yaml.pairs) {
      const keyText = pair.key.kind === 'scalar' ? pair.key.value : pair.key.kind === 'alias' ? pair.key.name : ''
      const entryPath = joinPath(path, keyText)
      const key = this.#decodeKey(pair.key, entryPath)
      const value = this.decode(pair.value, entryPath)
      if (key !== undefined) entries.push({ key, value })
    }
    const range = this.#rangeOfCollection(yaml, yaml.pairs.length === 0)
    return { kind: 'object', range, path, span: { start: yaml.start, end: yaml.end }, entries }
  }

  #decodeKey(yaml: YamlNode, path: string): StringNode | undefined {
    const key = this.decode(yaml, path)
    if (key.kind === 'string') return key
    if (yaml.kind !== 'alias') this.#report('mapping keys must be strings', key.range, path)
    return undefined
  }
}

/**
 * The range of a part of a plain scalar, given as UTF-16 offsets into its decoded value. Undefined
 * when parts of the scalar have no ranges of their own (quoted, tagged and block scalars).
 */
export function subRange(node: StringNode, start: number, end: number): Range | undefined {
  if (!node.divisible || node.range === undefined) return undefined
  const { environment, begin } = node.range
  const measures = measuresOf(node)
  const at = (offset: number): Position => {
    const { bytes, width } = measures.at(Math.min(offset, node.value.length))
    return { line: begin.line, column: begin.column + width, byte: begin.byte + bytes }
  }
  return { environment, begin: at(start), end: at(end) }
}

const measures = new WeakMap<StringNode, TextMeasures>()

function measuresOf(node: StringNode): TextMeasures {
  let found = measures.get(node)
  if (found === undefined) {
    found = new TextMeasures(node.value)
    measures.set(node, found)
  }
  return found
}

/** A scalar as messages show it. Not a closure of the decoder, which that made half as fast. */
function shownOf(value: string, path: string): string {
  return /\["fn::secret"\]$/i.test(path) ? '[secret]' : value
}
