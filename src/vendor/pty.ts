// A terminal of its own for a program. Not bundled: it is an optional dependency with a native
// part, and may be missing.
export { spawn } from '@lydell/node-pty'
