import { type Diagram, type DiagramLink, type DiagramNode, harmless } from '../../diagram/index.ts'

export interface TreeStyle {
  /** Paints what is a problem. Default: as it is. */
  readonly problem?: (text: string) => string
  /** Paints titles of nodes. */
  readonly title?: (text: string) => string
}

/** A line of the tree that is still to be written. */
interface Branch {
  readonly id: string
  /** `undefined` for a root. */
  readonly link: DiagramLink | undefined
  readonly last: boolean
  readonly above: Branch | undefined
  /** The text that stands before the lines below it. */
  readonly below: string
}

/**
 * The diagram as a tree of text, from each root. What a node holds is shown where it is met first;
 * after that its title says that it is above. A link back to a node that it is below ends there, as
 * a cycle. Ends in a line break, unless there is nothing.
 */
export function treeText(diagram: Diagram, style: TreeStyle = {}): string {
  const { problem = String, title = String } = style
  const nodes = new Map(diagram.nodes.map((node) => [node.id, node]))
  const links = linksByOrigin(diagram)
  const shown = new Set<string>()
  const lines: string[] = []

  // A stack of its own: a chain of nodes may be longer than that of the machine is deep.
  const pending = [...diagram.roots]
    .reverse()
    .map((id): Branch => ({ id, link: undefined, last: true, above: undefined, below: '' }))
  for (let branch = pending.pop(); branch !== undefined; branch = pending.pop()) {
    const node = nodes.get(branch.id) as DiagramNode
    const outgoing = links.get(node.id) ?? []
    const cyclic = isBelowItself(branch)
    const again = !cyclic && shown.has(node.id) && node.lines.length + outgoing.length > 0
    const suffix = cyclic ? ` ${problem('(cycle)')}` : again ? ' (shown above)' : ''
    lines.push(`${leadOf(branch)}${headingOf(branch, node)}${suffix}\n`)
    if (cyclic || again) continue
    shown.add(node.id)
    for (const [index, line] of node.lines.entries()) {
      const last = outgoing.length === 0 && index === node.lines.length - 1
      lines.push(`${branch.below}${last ? '└─ ' : '├─ '}${harmless(line)}\n`)
    }
    for (const [index, link] of [...outgoing.entries()].reverse()) {
      const last = index === outgoing.length - 1
      pending.push({ id: link.to, link, last, above: branch, below: `${branch.below}${last ? '   ' : '│  '}` })
    }
  }
  return lines.join('')

  function headingOf({ link }: Branch, node: DiagramNode): string {
    const heading = (node.tone === 'problem' ? problem : title)(harmless(node.title))
    if (link === undefined) return heading
    return `${link.verb} ${heading}${link.note === '' ? '' : `, ${harmless(link.note)}`}`
  }
}

function leadOf({ above, last }: Branch): string {
  return above === undefined ? '' : `${above.below}${last ? '└─ ' : '├─ '}`
}

function isBelowItself({ id, above }: Branch): boolean {
  for (let each = above; each !== undefined; each = each.above) if (each.id === id) return true
  return false
}

function linksByOrigin({ links }: Diagram): Map<string, DiagramLink[]> {
  const byOrigin = new Map<string, DiagramLink[]>()
  for (const link of links) byOrigin.set(link.from, [...(byOrigin.get(link.from) ?? []), link])
  return byOrigin
}
