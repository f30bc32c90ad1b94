/** Loads the module of a command. */
export type CommandLoader = () => Promise<{ readonly default: unknown }>

/** Every command by its id, which is its path below `src/commands` with `:` between the words. Nothing is loaded before it runs. */
export const COMMANDS: Readonly<Record<string, CommandLoader>> = {
  completion: () => import('../completion.ts'),
  'env:edit': () => import('../env/edit.ts'),
  'env:get': () => import('../env/get.ts'),
  'env:init': () => import('../env/init.ts'),
  'env:ls': () => import('../env/ls.ts'),
  'env:open': () => import('../env/open.ts'),
  'env:restore': () => import('../env/restore.ts'),
  'env:rm': () => import('../env/rm.ts'),
  'env:rotate': () => import('../env/rotate.ts'),
  'env:rotate:doctor': () => import('../env/rotate/doctor.ts'),
  'env:rotate:history': () => import('../env/rotate/history.ts'),
  'env:run': () => import('../env/run.ts'),
  'env:save': () => import('../env/save.ts'),
  'env:set': () => import('../env/set.ts'),
  'env:status': () => import('../env/status.ts'),
  'env:version:history': () => import('../env/version/history.ts'),
  init: () => import('../init.ts'),
  open: () => import('../open.ts'),
  run: () => import('../run.ts'),
  version: () => import('../version.ts'),
}

/** Other names of commands. */
export const ALIASES: Readonly<Record<string, string>> = {
  'env:new': 'env:init',
}

/** Groups of commands, with the line that help shows. A group comes before the groups in it. */
export const TOPICS: Readonly<Record<string, string>> = {
  env: 'Manage environments',
  'env:version': 'Manage versions',
}
