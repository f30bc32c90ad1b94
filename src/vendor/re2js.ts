// Regular expressions of RE2, for the patterns of schemas. Loaded when the
// first pattern is compiled.
export { re } from 're2js'
