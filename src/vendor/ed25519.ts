// Bundled by itself and loaded when an account of MariaDB logs in with its plugin ed25519.
export { ed25519 } from '@noble/curves/ed25519.js'
