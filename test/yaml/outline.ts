import type { YamlNode } from '../../src/yaml/parser/tree.ts'
import { resolveScalar } from '../../src/yaml/resolve-scalar.ts'

/** A tree as one line of text: kinds, places (counting from 1), tags and values. */
export function outline(node: YamlNode): string {
  const place = `${node.line + 1}:${node.column + 1}`
  const tag = node.tag === '' ? '' : `<${node.tag}>`
  switch (node.kind) {
    case 'alias':
      return `*${node.name}@${place}`
    case 'scalar': {
      const style = node.style === 'plain' ? (tag === '' ? resolveScalar(node.value).kind : 'plain') : node.style
      return `${style}@${place}${tag}${JSON.stringify(node.value)}`
    }
    case 'sequence':
      return `${node.flow ? 'flow-' : ''}sequence@${place}${tag}[${node.items.map(outline).join(' ')}]`
    case 'mapping': {
      const pairs = node.pairs.map(({ key, value }) => `${outline(key)}=${outline(value)}`)
      return `${node.flow ? 'flow-' : ''}mapping@${place}${tag}{${pairs.join(' ')}}`
    }
  }
}
