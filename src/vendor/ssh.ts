// Bundled by itself and loaded when a rotation first logs in to a server by SSH.
export { Client } from 'ssh2'
