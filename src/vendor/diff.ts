// Difference of two texts by lines (Myers). Loaded only when there is one to show.
export { structuredPatch } from 'diff'
