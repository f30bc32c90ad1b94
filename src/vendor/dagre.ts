// Layout of graphs in layers. Loaded only when a drawing is made.
export { Graph, layout } from '@dagrejs/dagre'
