import type { CommandClass } from './command.ts'

/**
 * Loads a command by its id. In the built program it is a `switch` over the
 * ids: `esbuild.config.mjs`.
 */
export async function loadCommand(id: string): Promise<CommandClass> {
  const module: { readonly default: CommandClass } = await import(`../commands/${id.replaceAll(':', '/')}.ts`)
  return module.default
}
