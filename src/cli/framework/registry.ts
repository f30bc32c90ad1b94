import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../commands/', import.meta.url))

/**
 * Every command by its id: its path below `src/cli/commands` with `:` between the words
 * (`loadCommand`). In the built program it is a list that `esbuild.config.mjs` makes of the same
 * paths, so that no start reads a folder.
 */
export const COMMANDS: readonly string[] = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => path.slice(0, -'.ts'.length).replace(/[\\/]/g, ':'))
  .sort()
