// Bundled by itself and loaded when a rotation first talks to PostgreSQL. By name: a default export
// of a bundle would arrive wrapped once more.
export { Client } from 'pg'
