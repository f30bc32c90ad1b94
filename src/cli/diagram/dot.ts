import { type Diagram, harmless } from '../../diagram/index.ts'

/** The diagram in the language of Graphviz. Ends in a line break. */
export function dotText({ nodes, links }: Diagram): string {
  const lines = ['digraph {', '  rankdir=LR', '  node [shape=box, style=rounded, fontname="sans-serif"]']
  for (const { id, title, lines: more, tone } of nodes) {
    // `\l`: a line that stands left.
    const label =
      more.length === 0 ? quoted(title) : `"${[title, ...more].map((line) => `${escaped(line)}\\l`).join('')}"`
    lines.push(`  ${quoted(id)} [label=${label}${tone === 'problem' ? ', color="#cc0000", fontcolor="#cc0000"' : ''}]`)
  }
  for (const { from, to, line, note, tone } of links) {
    const attributes = [
      ...(line === 'dashed' ? ['style=dashed'] : []),
      ...(note === '' ? [] : [`label=${quoted(note)}`]),
      ...(tone === 'problem' ? ['color="#cc0000"'] : []),
    ]
    lines.push(`  ${quoted(from)} -> ${quoted(to)}${attributes.length === 0 ? '' : ` [${attributes.join(', ')}]`}`)
  }
  return `${lines.join('\n')}\n}\n`
}

function quoted(text: string): string {
  return `"${escaped(text)}"`
}

function escaped(text: string): string {
  return harmless(text).replace(/["\\]/g, '\\$&')
}
