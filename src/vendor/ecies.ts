// Bundled by itself and loaded when a value that dotenvx has encrypted is imported.
export { decrypt, PrivateKey } from 'eciesjs'
