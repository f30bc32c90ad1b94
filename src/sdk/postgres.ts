// Bundled by itself and loaded when a rotation first talks to PostgreSQL.
export { default } from 'pg'
