/** The language server: what editors ask about definitions, over the language server protocol. */
export { startLanguageServer } from './server.ts'
