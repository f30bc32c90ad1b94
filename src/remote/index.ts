/** The client of servers that speak the ESC API: the hosted service, and our own. */
export { serverUrl } from './endpoint.ts'
export { EscApi } from './esc-api.ts'
export { RemoteRefusal } from './refusal.ts'
