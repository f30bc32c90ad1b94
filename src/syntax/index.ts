export type { Decoded } from './decode.ts'
export { decode, restOfText, subRange } from './decode.ts'
export type { Diagnostic, Position, Range } from './diagnostic.ts'
export { placeOf } from './diagnostic.ts'
export { displayWidth } from './display-width.ts'
export { documentPath, elementPath, joinPath } from './document-path.ts'
export { deleteAt, getAt, setAt } from './edit/edit.ts'
export type { Replacement } from './edit/replace-nodes.ts'
export { replaceNodes } from './edit/replace-nodes.ts'
export type { Assignment } from './edit/set-all.ts'
export { setAllAt } from './edit/set-all.ts'
export type { YamlData } from './edit/yaml-data.ts'
export { readYamlFragment, YamlFragment } from './edit/yaml-data.ts'
export type {
  ArrayNode,
  BooleanNode,
  Node,
  NullNode,
  NumberNode,
  ObjectEntry,
  ObjectNode,
  Span,
  StringNode,
} from './node.ts'
export type { PropertyPath } from './property-path.ts'
export { formatPropertyPath, parsePropertyPath } from './property-path.ts'
export { quote } from './quote.ts'
export { formatFloat } from './resolve-scalar.ts'
export { utf8Length } from './source-map.ts'
export { maxDepth } from './yaml/scanner.ts'
