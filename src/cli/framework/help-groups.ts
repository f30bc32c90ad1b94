/** Commands and groups of commands that serve one task, in the order in which help lists them. */
export interface HelpGroup {
  readonly title: string
  readonly entries: readonly string[]
}

/**
 * Help of a group by task. The key is the group; `''` is the program itself. A group that is not
 * here lists its commands by name. A command that stands in no task comes last, under "Other".
 */
export const HELP_GROUPS: Readonly<Record<string, readonly HelpGroup[]>> = {
  '': [
    {
      title: 'Everyday',
      entries: ['init', 'env:init', 'env:edit', 'env:set', 'env:get', 'env:ls', 'open', 'run', 'select', 'env'],
    },
    { title: 'Rotation', entries: ['env:rotate', 'env:rotators', 'env:schedule', 'scheduler', 'rotators'] },
    { title: 'Team', entries: ['access', 'env:rewrap', 'env:trust', 'audit', 'trust', 'whoami'] },
    { title: 'Store', entries: ['status', 'check', 'scan', 'env:rm', 'env:restore', 'import', 'export', 'config'] },
    {
      title: 'History and git',
      entries: ['env:version:history', 'env:diff', 'env:version:rollback', 'env:status', 'env:save', 'env:renumber'],
    },
    { title: 'Server', entries: ['login', 'logout', 'server', 'ui'] },
    { title: 'Cloud logins', entries: ['env:provider', 'providers', 'oidc', 'setup'] },
    { title: 'Shell, editors and agents', entries: ['completion', 'hook', 'lsp', 'mcp', 'version'] },
  ],
  env: [
    {
      title: 'Definitions',
      entries: [
        'env:init',
        'env:edit',
        'env:apply',
        'env:clone',
        'env:ls',
        'env:rm',
        'env:restore',
        'env:import',
        'env:provider',
      ],
    },
    { title: 'Values', entries: ['env:set', 'env:set-all', 'env:rm-all', 'env:get', 'env:open', 'env:run'] },
    { title: 'Revisions', entries: ['env:version', 'env:diff', 'env:prune'] },
    { title: 'Rotation', entries: ['env:rotate', 'env:rotators', 'env:schedule'] },
    { title: 'Hand edits and git', entries: ['env:status', 'env:save', 'env:discard', 'env:renumber'] },
    { title: 'Keys', entries: ['env:rewrap', 'env:change-secrets-provider', 'env:trust', 'env:open-request'] },
    {
      title: 'Relations, tags and notifications',
      entries: ['env:graph', 'env:referrer', 'env:tag', 'env:settings', 'env:webhook'],
    },
    { title: 'Editors and programs', entries: ['env:schema', 'env:types'] },
  ],
}

/** Text below the line of a group, such as which of two similar groups is meant. */
export const HELP_NOTES: Readonly<Record<string, string>> = {
  env: `Most commands take an environment as their first argument: project/environment, such as app/dev, or with a
version, such as app/dev@3. Without one they use the environment of "esc select" or of .esc.yaml.`,
  'env:schedule': `A schedule says when the credentials of an environment are rotated. The scheduler runs it: "esc scheduler start", a job
that calls "esc scheduler tick", or "esc server start".`,
  scheduler: `The scheduler runs the schedules of the store when they are due. "esc env schedule" creates and changes schedules.`,
  import: `These commands create environments. To import a file into one environment, use "esc env import".`,
  'env:import': `These commands import a file into one environment. To copy whole environments from a server, use "esc import".`,
}
