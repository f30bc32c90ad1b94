// Bundled by itself and loaded when a server shares the jobs of a store in PostgreSQL. By name: a
// default export of a bundle would arrive wrapped once more.
export { PgBoss } from 'pg-boss'
