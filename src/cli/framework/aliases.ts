/** Other names of commands. */
export const ALIASES: Readonly<Record<string, string>> = {
  'config:copy': 'config:cp',
  diff: 'env:diff',
  edit: 'env:edit',
  'env:new': 'env:init',
  'env:referrer:ls': 'env:referrer:list',
  'env:schedule:delete': 'env:schedule:remove',
  'env:schedule:ls': 'env:schedule:list',
  'env:schedule:modify': 'env:schedule:edit',
  'env:schedule:rm': 'env:schedule:remove',
  'env:schedule:update': 'env:schedule:edit',
  'env:webhook:ls': 'env:webhook:list',
  'env:webhook:delivery:ls': 'env:webhook:delivery:list',
  get: 'env:get',
  ls: 'env:ls',
  rotate: 'env:rotate',
  set: 'env:set',
}

/** Other names of groups of commands. */
export const GROUP_ALIASES: Readonly<Record<string, string>> = {
  schedule: 'env:schedule',
}
