import { type Diagram, harmless } from '../../diagram/index.ts'

/** The diagram as a Mermaid flowchart. Ends in a line break. */
export function mermaidText({ nodes, links }: Diagram): string {
  const names = new Map(nodes.map(({ id }, index) => [id, `n${index}`]))
  const lines = ['flowchart LR']
  for (const { id, title, lines: more, tone } of nodes) {
    const label = [`<b>${escaped(title)}</b>`, ...more.map(escaped)].join('<br/>')
    lines.push(`  ${names.get(id)}["${label}"]${tone === 'problem' ? ':::problem' : ''}`)
  }
  const problems: number[] = []
  for (const [index, { from, to, line, note, tone }] of links.entries()) {
    const arrow = line === 'solid' ? '-->' : '-.->'
    lines.push(`  ${names.get(from)} ${arrow}${note === '' ? '' : `|"${escaped(note)}"|`} ${names.get(to)}`)
    if (tone === 'problem') problems.push(index)
  }
  if (nodes.some(({ tone }) => tone === 'problem')) lines.push('  classDef problem stroke:#c00,color:#c00')
  if (problems.length > 0) lines.push(`  linkStyle ${problems.join(',')} stroke:#c00`)
  return `${lines.join('\n')}\n`
}

/** Mermaid's own form of entities: `#quot;`, and a number for any other character. */
function escaped(text: string): string {
  return harmless(text).replace(/[#&<>"`\\|;[\]{}]/g, (char) => `#${char.codePointAt(0)};`)
}
