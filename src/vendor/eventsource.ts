// Bundled by itself and loaded when somebody watches environments of a server.
export { createParser, type EventSourceMessage } from 'eventsource-parser'
