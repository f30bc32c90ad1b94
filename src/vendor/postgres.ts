// Bundled by itself and loaded when a rotation first talks to PostgreSQL, or a store is kept in it.
// By name: a default export of a bundle would arrive wrapped once more.
export { Client, Pool } from 'pg'
