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

export const auditTexts = {
  none: 'Nothing is recorded.',
  noneFound: 'No line matches.',
  filters: {
    environment: 'Environment',
    user: 'Person',
    token: 'Token',
    event: 'Action',
    result: 'Outcome',
    since: 'From',
    until: 'Until',
  },
  hints: {
    environment: 'app/*',
    user: 'ada@example.com',
    token: 'name of the token',
    event: 'open, environment-rotated',
  } as Readonly<Record<string, string>>,
  any: 'any',
  apply: 'Filter',
  clear: 'Clear',
  pages: 'Pages',
  newer: 'Newer',
  older: 'Older',
  page: (page: number) => `Page ${page}`,
  byToken: (name: string) => `token ${name}`,
  verification: 'Is the log as it was written?',
  verificationHint:
    'Each line holds the digest of the one before, so lines that were removed, changed, moved or put in are found. A head that you kept elsewhere tells whether the end was cut off.',
  expected: 'Heads that you kept elsewhere (not needed)',
  verify: 'Verify the log',
  noHead: (text: string) => `'${text}' is no head of a log: it is written as log:sequence:digest`,
  sound: (lines: number) => `${lines === 1 ? '1 line was' : `${lines} lines were`} verified: nothing is wrong.`,
  wrong: (lines: number, errors: number) =>
    `${lines === 1 ? '1 line was' : `${lines} lines were`} verified: ${errors === 1 ? '1 thing is' : `${errors} things are`} wrong.`,
  heads: 'Keep these heads elsewhere, to verify the log later:',
} as const
