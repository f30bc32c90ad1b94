/** Boxes, the lines between them, and where a drawing puts each. */
export { type Diagram, type DiagramLink, type DiagramNode, harmless } from './diagram.ts'
export { type Box, layoutOf, type Point, type Size } from './layout.ts'
