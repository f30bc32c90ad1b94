/** The client of servers that speak the ESC API: the hosted service, and our own. */
export type { RemoteEnvironmentTag, RemoteRevision, RemoteRevisionTag } from './answers.ts'
export { browserLoginUrl } from './browser-login-url.ts'
export { type Endpoint, serverUrl } from './endpoint.ts'
export { EscApi } from './esc-api.ts'
export { performOperation } from './perform-operation.ts'
export { RemoteRefusal } from './refusal.ts'
export type { RemoteEnvironment } from './remote-environment.ts'
export { hearEvents } from './server-events.ts'
