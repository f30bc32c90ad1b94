/**
 * A server for coding agents, which speaks the Model Context Protocol: they work with environments,
 * and use secrets that they are not shown.
 */
export { serveAgents } from './serve.ts'
