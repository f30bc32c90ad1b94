/** Other names of commands. */
export const ALIASES: Readonly<Record<string, string>> = {
  'config:copy': 'config:cp',
  'env:new': 'env:init',
  'env:referrer:ls': 'env:referrer:list',
  'env:schedule:delete': 'env:schedule:remove',
  'env:schedule:ls': 'env:schedule:list',
  'env:schedule:modify': 'env:schedule:edit',
  'env:schedule:rm': 'env:schedule:remove',
  'env:schedule:update': 'env:schedule:edit',
  'env:webhook:ls': 'env:webhook:list',
  'env:webhook:delivery:ls': 'env:webhook:delivery:list',
}
