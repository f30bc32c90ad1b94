/** Nodes and links as text, Mermaid, Graphviz and SVG. */
export type { Diagram } from '../../diagram/index.ts'
export { dotText } from './dot.ts'
export { mermaidText } from './mermaid.ts'
export { svgText } from './svg.ts'
export { treeText } from './tree.ts'
