/**
 * Texts of screens that are loaded when they are opened: so the list of environments does not wait
 * for them. The others are in `texts.ts`.
 */
export const graphTexts = {
  title: 'Import graph',
  titleOf: (name: string) => `Import graph of ${name}`,
  whole: 'Show the whole graph',
  search: 'Search the graph',
  drawing: 'Drawing of the graph. Arrow keys move it, plus and minus zoom, 0 fits it. The list has the same links.',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  fit: 'Fit',
  list: 'Environments of the graph',
  none: 'There is no environment yet.',
  noneFound: 'No environment matches.',
  noLinks: 'No environment imports another one yet.',
  legend: 'A line leads from an environment to what it imports; a dashed one to what it refers to.',
  found: (count: number) => (count === 1 ? '1 environment' : `${count} environments`),
  tooMany: (count: number, most: number) =>
    `These are ${count} linked environments; a drawing holds ${most}. Search, or choose one in the list.`,
  draw: (name: string) => `Draw what ${name} is linked to`,
  drawThis: 'Draw',
  imports: 'imports',
  refersTo: 'refers to',
  importedBy: 'imported by',
  referredBy: 'referred to by',
  rotates: 'rotates',
  more: (count: number) => `and ${count} more`,
  cycle: 'part of a cycle',
  showMore: 'Show more',
} as const

/** Texts of the tab of an environment that shows what it is linked to. */
export const linksTexts = {
  imports: 'What it uses',
  noImports: 'It imports nothing.',
  importers: 'Who uses it',
  noImporters: 'Nothing imports it or refers to it.',
  environment: 'Environment',
  how: 'How',
  version: 'Version',
  import: 'import',
  unmerged: 'import, not merged',
  reference: 'reference',
  forRotators: (paths: string) => `for the rotation of ${paths}`,
  latest: 'latest',
  inGraph: 'Show in the graph',
  allRevisions: 'Earlier revisions too',
  revision: 'In revision',
} as const
