import { present } from '../../present.ts'
import { emptyScalar } from './empty-scalar.ts'
import { Scanner } from './scanner.ts'
import type { Token } from './token.ts'
import { T } from './token.ts'
import type { RestOfStream, YamlDocument, YamlNode, YamlPair } from './tree.ts'
import { parserError, YamlSyntaxError } from './yaml-syntax-error.ts'

/**
 * The text read last, for as long as nothing needs the memory. An edit reads its own result to
 * check it, and whoever asked for the edit goes on from there; trees do not change.
 */
let last: WeakRef<{ readonly text: string; readonly document: YamlDocument }> | undefined

/** Reads the first document of a YAML stream. Throws `YamlSyntaxError`. */
export function parseYaml(text: string): YamlDocument {
  const known = last?.deref()
  if (known?.text === text) return known.document
  const document = new Parser(text).parseDocument()
  last = new WeakRef({ text, document })
  return document
}

/** Anchor and tag before a node. */
interface Properties {
  readonly start: Token
  readonly end: Token
  readonly tag: string
}

const yamlOrg = 'tag:yaml.org,2002:'

class Parser {
  readonly #text: string
  readonly #scanner: Scanner
  readonly #anchors = new Set<string>()
  readonly #tagPrefixes = new Map<string, string>([
    ['!', '!'],
    ['!!', yamlOrg],
  ])

  constructor(text: string) {
    this.#text = text
    this.#scanner = new Scanner(text)
  }

  parseDocument(): YamlDocument {
    const scanner = this.#scanner
    const first = scanner.peek()
    if (first.type === T.streamEnd) return { root: undefined }
    let root: YamlNode
    if (first.type === T.versionDirective || first.type === T.tagDirective || first.type === T.documentStart) {
      this.#parseDirectives()
      const start = scanner.peek()
      if (start.type !== T.documentStart) {
        throw parserError('did not find expected <document start>', 0, start)
      }
      scanner.take()
      const token = scanner.peek()
      root = documentEnds(token.type)
        ? emptyScalar(token.start, token.line, token.column)
        : this.#parseNode(true, false)
    } else {
      root = this.#parseNode(true, false)
    }
    // A mistake right behind the document counts; what stands further on is not read.
    scanner.peek()
    const rest = this.#findRest()
    return rest === undefined ? { root } : { root, rest }
  }

  /**
   * Place of the first thing behind the document, whatever it is; undefined when only
   * `...` and comments follow.
   */
  #findRest(): RestOfStream | undefined {
    const scanner = this.#scanner
    let last = scanner.peek()
    try {
      for (; last.type === T.documentEnd; last = scanner.peek()) scanner.take()
    } catch (error) {
      if (!(error instanceof YamlSyntaxError)) throw error
      return { start: last.end, line: error.at?.line ?? last.line, column: error.at?.column ?? 0 }
    }
    return last.type === T.streamEnd ? undefined : { start: last.start, line: last.line, column: last.column }
  }

  #parseDirectives(): void {
    let versionSeen = false
    const own = new Set<string>()
    for (let token = this.#scanner.peek(); ; token = this.#scanner.peek()) {
      if (token.type === T.versionDirective) {
        if (versionSeen) throw parserError('found duplicate %YAML directive', 0, token)
        if (token.value !== '1.1') throw parserError('found incompatible YAML document', 0, token)
        versionSeen = true
      } else if (token.type === T.tagDirective) {
        if (own.has(token.value)) throw parserError('found duplicate %TAG directive', 0, token)
        own.add(token.value)
        this.#tagPrefixes.set(token.value, token.suffix)
      } else {
        return
      }
      this.#scanner.take()
    }
  }

  #parseNode(block: boolean, indentlessSequence: boolean): YamlNode {
    const scanner = this.#scanner
    let token = scanner.peek()
    if (token.type === T.alias) {
      scanner.take()
      if (!this.#anchors.has(token.value)) {
        throw new YamlSyntaxError(
          `unknown anchor '${this.#isSecret(token) ? '[secret]' : token.value}' referenced`,
          token,
        )
      }
      const { start, end, line, column, value: name } = token
      return { kind: 'alias', start, end, line, column, tag: '', contentStart: start, name }
    }

    let properties: Properties | undefined
    if (token.type === T.anchor || token.type === T.tag) {
      properties = this.#parseProperties(token)
      token = scanner.peek()
    }
    const { start, line, column } = properties?.start ?? token
    const tag = properties?.tag ?? ''
    const contentStart = token.start

    switch (token.type) {
      case T.scalar: {
        scanner.take()
        const { style, value, end } = token
        return { kind: 'scalar', start, end, line, column, tag, contentStart, style, value }
      }
      case T.flowSequenceStart: {
        scanner.take()
        const content = this.#parseFlowSequence(token)
        return { kind: 'sequence', start, line, column, tag, contentStart, flow: true, ...content }
      }
      case T.flowMappingStart: {
        scanner.take()
        const content = this.#parseFlowMapping(token)
        return { kind: 'mapping', start, line, column, tag, contentStart, flow: true, ...content }
      }
      case T.blockEntry:
        if (indentlessSequence) {
          const content = this.#parseIndentlessSequence()
          return { kind: 'sequence', start, line, column, tag, contentStart, flow: false, ...content }
        }
        break
      case T.blockSequenceStart:
        if (block) {
          scanner.take()
          const content = this.#parseBlockSequence(token)
          return { kind: 'sequence', start, line, column, tag, contentStart, flow: false, ...content }
        }
        break
      case T.blockMappingStart:
        if (block) {
          scanner.take()
          const content = this.#parseBlockMapping(token)
          return { kind: 'mapping', start, line, column, tag, contentStart, flow: false, ...content }
        }
        break
    }
    if (properties !== undefined) {
      const { end } = properties.end
      return { kind: 'scalar', start, end, line, column, tag, contentStart: end, style: 'plain', value: '' }
    }
    throw parserError('did not find expected node content', line, token)
  }

  /** A password that begins with `*` reads as an alias; it must not show up in a message. */
  #isSecret(token: Token): boolean {
    return /fn::secret['"]?\s*:\s*$/i.test(this.#text.slice(Math.max(0, token.start - 200), token.start))
  }

  #parseProperties(first: Token): Properties {
    const scanner = this.#scanner
    let anchor: Token | undefined
    let tag: Token | undefined
    let last = first
    for (let token = first; ; token = scanner.peek()) {
      if (token.type === T.anchor && anchor === undefined) anchor = token
      else if (token.type === T.tag && tag === undefined) tag = token
      else break
      last = token
      scanner.take()
    }
    if (anchor !== undefined) this.#anchors.add(anchor.value)
    return { start: first, end: last, tag: tag === undefined ? '' : this.#resolveTag(tag, first) }
  }

  #resolveTag(token: Token, start: Token): string {
    let tag = token.suffix
    if (token.value !== '') {
      const prefix = this.#tagPrefixes.get(token.value)
      if (prefix === undefined) throw parserError('found undefined tag handle', start.line, token)
      tag = prefix + tag
    }
    if (tag === '!') return ''
    return tag.startsWith(yamlOrg) ? `!!${tag.slice(yamlOrg.length)}` : tag
  }

  #parseBlockSequence(open: Token) {
    const scanner = this.#scanner
    const items: YamlNode[] = []
    const entryStarts: number[] = []
    for (;;) {
      const entry = scanner.peek()
      if (entry.type === T.blockEnd) break
      if (entry.type !== T.blockEntry) throw parserError("did not find expected '-' indicator", open.line, entry)
      scanner.take()
      entryStarts.push(entry.start)
      const { type } = scanner.peek()
      items.push(
        type === T.blockEntry || type === T.blockEnd
          ? emptyScalar(entry.end, entry.line, entry.column + 1)
          : this.#parseNode(true, false),
      )
    }
    scanner.take()
    return { items, entryStarts, end: items.at(-1)?.end ?? open.end }
  }

  /** A sequence whose dashes stand in the column of the key it belongs to. */
  #parseIndentlessSequence() {
    const scanner = this.#scanner
    const items: YamlNode[] = []
    const entryStarts: number[] = []
    for (let entry = scanner.peek(); entry.type === T.blockEntry; entry = scanner.peek()) {
      scanner.take()
      entryStarts.push(entry.start)
      const { type } = scanner.peek()
      items.push(
        type === T.blockEntry || type === T.key || type === T.value || type === T.blockEnd
          ? emptyScalar(entry.end, entry.line, entry.column + 1)
          : this.#parseNode(true, false),
      )
    }
    return { items, entryStarts, end: present(items.at(-1)).end }
  }

  #parseBlockMapping(open: Token) {
    const scanner = this.#scanner
    const pairs: YamlPair[] = []
    for (;;) {
      const token = scanner.peek()
      if (token.type === T.blockEnd) break
      let key: YamlNode
      if (token.type === T.key) {
        scanner.take()
        key = endsBlockPart(scanner.peek().type)
          ? emptyScalar(token.end, token.line, token.column + (token.end - token.start))
          : this.#parseNode(true, true)
      } else {
        throw parserError('did not find expected key', open.line, token)
      }
      const indicator = scanner.peek()
      if (indicator.type !== T.value) {
        const value = emptyScalar(indicator.start, indicator.line, indicator.column)
        pairs.push({ start: token.start, key, value, valueIndicatorEnd: undefined })
        continue
      }
      scanner.take()
      const value = endsBlockPart(scanner.peek().type)
        ? emptyScalar(indicator.end, indicator.line, indicator.column + 1)
        : this.#parseNode(true, true)
      pairs.push({ start: token.start, key, value, valueIndicatorEnd: indicator.end })
    }
    scanner.take()
    return { pairs, end: endOfPairs(pairs) }
  }

  #parseFlowSequence(open: Token) {
    const scanner = this.#scanner
    const items: YamlNode[] = []
    const entryStarts: number[] = []
    for (let first = true; ; first = false) {
      let token = scanner.peek()
      if (token.type === T.flowSequenceEnd) break
      if (!first) {
        if (token.type !== T.flowEntry) throw parserError("did not find expected ',' or ']'", open.line, token)
        scanner.take()
        token = scanner.peek()
      }
      if (token.type === T.flowSequenceEnd) break
      entryStarts.push(token.start)
      items.push(token.type === T.key ? this.#parseSinglePair(token) : this.#parseNode(false, false))
    }
    const { end } = scanner.peek()
    scanner.take()
    return { items, entryStarts, end }
  }

  /** `[a: b]`: a mapping of one pair, written without braces. */
  #parseSinglePair(open: Token): YamlNode {
    const scanner = this.#scanner
    scanner.take()
    const token = scanner.peek()
    let key: YamlNode
    if (token.type === T.value || token.type === T.flowEntry || token.type === T.flowSequenceEnd) {
      // The token is lost, whatever it is: readers of YAML agree on that.
      key = emptyScalar(token.end, token.line, token.column + 1)
      scanner.take()
    } else {
      key = this.#parseNode(false, false)
    }
    const { value, valueIndicatorEnd } = this.#parseFlowValue(T.flowSequenceEnd)
    const pair: YamlPair = { start: open.start, key, value, valueIndicatorEnd }
    const { start, line, column } = open
    return {
      kind: 'mapping',
      start,
      end: endOfPairs([pair]),
      line,
      column,
      tag: '',
      contentStart: start,
      flow: true,
      pairs: [pair],
    }
  }

  #parseFlowMapping(open: Token) {
    const scanner = this.#scanner
    const pairs: YamlPair[] = []
    for (let first = true; ; first = false) {
      let token = scanner.peek()
      if (token.type === T.flowMappingEnd) break
      if (!first) {
        if (token.type !== T.flowEntry) throw parserError("did not find expected ',' or '}'", open.line, token)
        scanner.take()
        token = scanner.peek()
      }
      if (token.type === T.flowMappingEnd) break
      if (token.type !== T.key) {
        const key = this.#parseNode(false, false)
        const after = scanner.peek()
        const value = emptyScalar(after.start, after.line, after.column)
        pairs.push({ start: token.start, key, value, valueIndicatorEnd: undefined })
        continue
      }
      scanner.take()
      const content = scanner.peek()
      const key =
        content.type === T.value || content.type === T.flowEntry || content.type === T.flowMappingEnd
          ? emptyScalar(content.start, content.line, content.column)
          : this.#parseNode(false, false)
      pairs.push({ start: token.start, key, ...this.#parseFlowValue(T.flowMappingEnd) })
    }
    const { end } = scanner.peek()
    scanner.take()
    return { pairs, end }
  }

  #parseFlowValue(endType: number): { value: YamlNode; valueIndicatorEnd: number | undefined } {
    const scanner = this.#scanner
    const indicator = scanner.peek()
    if (indicator.type !== T.value) {
      return { value: emptyScalar(indicator.start, indicator.line, indicator.column), valueIndicatorEnd: undefined }
    }
    scanner.take()
    const token = scanner.peek()
    const value =
      token.type === T.flowEntry || token.type === endType
        ? emptyScalar(token.start, token.line, token.column)
        : this.#parseNode(false, false)
    return { value, valueIndicatorEnd: indicator.end }
  }
}

function documentEnds(type: number): boolean {
  return (
    type === T.versionDirective ||
    type === T.tagDirective ||
    type === T.documentStart ||
    type === T.documentEnd ||
    type === T.streamEnd
  )
}

function endsBlockPart(type: number): boolean {
  return type === T.key || type === T.value || type === T.blockEnd
}

function endOfPairs(pairs: readonly YamlPair[]): number {
  const last = present(pairs.at(-1))
  return last.valueIndicatorEnd === undefined ? last.key.end : Math.max(last.value.end, last.valueIndicatorEnd)
}
