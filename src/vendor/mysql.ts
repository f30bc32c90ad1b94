// Bundled by itself and loaded when a rotation first talks to MySQL or MariaDB.
export { createConnection } from 'mysql2/promise'
