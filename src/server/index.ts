/** The server: the REST API of environments over the operations of a store. */
export type { FailedRequest } from './api.ts'
export { serveApi, type TlsFiles } from './serve.ts'
export type { RequestEntry } from './server-metrics.ts'
