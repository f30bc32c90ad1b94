/** The server: the REST API of environments over the operations of a store. */
export { serveApi } from './serve.ts'
