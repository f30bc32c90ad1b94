/**
 * What each folder of `src` may import, and why not the rest. The arrows are those of
 * `docs/architecture.md`, section 2.
 */
export const rooms: Readonly<Record<string, { readonly mayImport: readonly string[]; readonly because: string }>> = {
  yaml: { mayImport: [], because: 'text and nodes come before any meaning' },
  schema: { mayImport: [], because: 'the types of values stand on their own' },
  language: { mayImport: ['yaml', 'schema'], because: 'declarations are made of nodes; they know no evaluation' },
  evaluate: {
    mayImport: ['language', 'yaml', 'schema'],
    because: 'the core is a pure function: the world is handed in',
  },
  files: {
    mayImport: [],
    because: 'durable writes and the file system as an argument know nothing of what is written',
  },
  git: {
    mayImport: ['files'],
    because: 'how git is run in a folder that somebody else may have written; what it is run for is not its business',
  },
  machine: {
    mayImport: ['files'],
    because: 'what this machine keeps, and where: it knows no store and no key',
  },
  trust: {
    mayImport: ['files', 'machine'],
    because: 'what a store was allowed on this machine: it knows no store, no key, and nobody to ask',
  },
  keys: {
    mayImport: ['files', 'http', 'vendor'],
    because: 'keys and ciphertext know neither the store nor the language',
  },
  store: {
    mayImport: ['keys', 'files', 'git', 'machine', 'yaml', 'vendor'],
    because: 'a store keeps texts, in files or in a database; what they mean is not its business',
  },
  vendor: { mayImport: [], because: 'vendor libraries, re-exported so that each is one lazily loaded bundle' },
  providers: {
    mayImport: ['schema', 'vendor', 'http', 'files'],
    because: 'a provider knows no store and no command line; it reads files of the user, such as those of AWS',
  },
  http: {
    mayImport: ['masking'],
    because: 'how a server is asked, and which may be; it knows no vendor, and what is asked for is not its business',
  },
  remote: {
    mayImport: ['http', 'vendor'],
    because:
      'the client of an ESC API knows no store and no command line: what is done with the answers is not its business',
  },
  rotators: {
    mayImport: ['schema', 'vendor', 'http', 'yaml'],
    because: 'a rotator knows no store and no command line; it names members of answers by property paths',
  },
  masking: {
    mayImport: [],
    because: 'what hides secrets in texts knows neither who says them nor where they are shown',
  },
  'masking/redactor': { mayImport: [], because: 'it hides bytes in bytes, and knows not what they say' },
  rotation: {
    mayImport: ['evaluate', 'language', 'masking', 'yaml', 'schema', 'rotators', 'store'],
    because: 'the engine joins evaluation, rotators and store; it prints nothing',
  },
  plugins: {
    mayImport: ['evaluate', 'files', 'git', 'schema', 'providers', 'rotators'],
    because: 'a plugin brings rotators and providers; it knows no store and no command line',
  },
  schedule: {
    mayImport: ['vendor'],
    because:
      'when something is due is worked out from data and a clock that are handed in; who runs it is not its business',
  },
  testkit: {
    mayImport: ['evaluate', 'schema', 'plugins', 'rotators', 'rotation'],
    because: 'it runs one rotator as the engine would, against no store',
  },
  access: {
    mayImport: ['store', 'yaml'],
    because: 'who may do what is a question of names and rules; it opens nothing',
  },
  audit: {
    mayImport: ['files', 'store'],
    because: 'a log of what was done; it does not know how, nor what secrets are',
  },
  webhooks: {
    mayImport: ['store', 'keys', 'files', 'http'],
    because: 'it tells others what has happened in a store; who imports whom is handed in',
  },
  operations: {
    mayImport: [
      'files',
      'masking',
      'masking/redactor',
      'access',
      'audit',
      'http',
      'remote',
      'git',
      'machine',
      'trust',
      'yaml',
      'schema',
      'language',
      'evaluate',
      'keys',
      'store',
      'providers',
      'rotators',
      'rotation',
      'plugins',
      'schedule',
      'webhooks',
      'vendor',
    ],
    because: 'what a user can do, as operations: no printing, no flags',
  },
  scheduler: {
    mayImport: ['operations'],
    because:
      'a face imports operations: it runs what is due, as a person with a command would, and knows no command line',
  },
  sdk: {
    mayImport: ['operations', 'masking', 'masking/redactor', 'yaml'],
    because: 'it hands operations to programs, and reads paths as they do: no command line, no printing',
  },
  mcp: {
    mayImport: ['operations', 'masking', 'masking/redactor', 'vendor', 'yaml'],
    because: 'it hands operations to agents, and hides secrets in what leaves: no command line, no printing',
  },
  lsp: {
    mayImport: ['operations', 'vendor'],
    because:
      'a face imports operations: it says in the language server protocol what they find, and knows no command line',
  },
  server: {
    mayImport: ['operations'],
    because: 'a face imports operations: it hands them to clients by HTTP, and knows no command line and no file',
  },
  console: {
    mayImport: ['diagram'],
    because: 'pages in a browser: all they know comes by HTTP; they draw as the command line does',
  },
  diagram: {
    mayImport: ['vendor'],
    because: 'it places nodes and links and knows nothing of what they stand for',
  },
  'cli/diagram': {
    mayImport: ['diagram', 'vendor', 'yaml'],
    because: 'it draws nodes and links and knows nothing of what they stand for',
  },
  'cli/terminal': {
    mayImport: ['masking', 'masking/redactor', 'vendor', 'yaml', 'operations'],
    because: 'how things look; it decides nothing',
  },
  cli: {
    mayImport: ['vendor', 'cli/diagram', 'cli/terminal', 'lsp', 'mcp', 'operations', 'scheduler', 'server'],
    because:
      'a command parses flags, has a session perform operations, and returns data; or it starts another face, such as the scheduler',
  },
}

/** Files directly in `src` that every folder may import: the nouns all rooms share. */
export const sharedNouns = [
  'child-environment',
  'edit-distance',
  'errors',
  'host-policy',
  'json',
  'meant-host',
  'notice',
  'plain',
  'present',
  'prometheus',
  'raw-bytes',
  'read-json',
  'remedy',
  'rich-text',
  'secret',
  'shell-word',
  'suggestion',
  'budget',
  'timestamp',
]
