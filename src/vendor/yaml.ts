// Bundled by itself: definitions are read with our own parser, which keeps places. This one is for
// settings that are more than plain words, and for output.
export { Document, isNode, parseDocument, Scalar, stringify, visit } from 'yaml'
