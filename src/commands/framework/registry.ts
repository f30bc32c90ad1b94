/** Loads the module of a command. */
export type CommandLoader = () => Promise<{ readonly default: unknown }>

/** Every command by its id, which is its path below `src/commands` with `:` between the words. Nothing is loaded before it runs. */
export const COMMANDS: Readonly<Record<string, CommandLoader>> = {
  version: () => import('../version.ts'),
}

/** Other names of commands. */
export const ALIASES: Readonly<Record<string, string>> = {}

/** Groups of commands, with the line that help shows. */
export const TOPICS: Readonly<Record<string, string>> = {
  env: 'Manage environments',
}
