/**
 * The texts of the console. Those of rotated secrets, schedules and revisions are in
 * `environment-texts.ts`: the first page needs none of them.
 */
export const texts = {
  product: 'esc',
  navigation: {
    environments: 'Environments',
    graph: 'Import graph',
    audit: 'Audit log',
    access: 'Access',
    tokens: 'Tokens',
  },
  signIn: {
    title: 'Sign in',
    token: 'Token',
    hint: 'Make one with "esc server token create --user NAME", or ask whoever keeps the server.',
    button: 'Sign in',
    byProvider: 'Sign in with your account',
    orToken: 'Or with a token:',
    linkOver: 'This link does not sign you in any more. Start "esc ui" again, or sign in with a token.',
    signOut: 'Sign out',
  },
  environments: {
    title: 'Environments',
    search: 'Search environments',
    noneFound: 'No environment matches.',
    modified: 'Changed',
    create: 'New environment',
    removed: 'Removed …',
    project: 'Project',
    name: 'Name',
  },
  environment: {
    tabs: {
      editor: 'Editor',
      values: 'Values',
      rotated: 'Rotated secrets',
      revisions: 'Revisions',
      links: 'Imports',
      webhooks: 'Webhooks',
      access: 'Access',
      audit: 'Audit',
      settings: 'Settings',
    },
    path: 'Path',
    value: 'Value',
    from: 'From',
    masked: '••••••••',
    reveal: 'Reveal',
    hide: 'Hide',
    copy: 'Copy',
    unknown: 'not known yet',
    noValues: 'This environment has no values.',
  },
  editor: {
    leave: 'Changes that are not saved are lost when you sign out. Sign out?',
  },
  revisions: {
    same: 'Both say the same.',
  },
  rights: {
    rules: (needed: string, held: string, ask: string) =>
      `Needs ${needed} access; you have ${held}. ${ask === '' ? 'Whoever keeps esc.yaml can give it.' : `Ask ${ask}.`}`,
    session: (needed: string) =>
      `Needs ${needed} access, and you signed in with a token that allows less. Sign in with another one.`,
  },
  audit: {
    when: 'When',
    who: 'Who',
    what: 'What',
    result: 'Result',
    from: 'From',
  },
  common: {
    loading: 'Loading …',
    notLoaded: 'This part of the console could not be loaded. Load the page again.',
    added: 'added: ',
    removed: 'removed: ',
    cancel: 'Cancel',
    failed: 'That did not work.',
    unreachable: 'The server does not answer. Try again once it does; what you typed stays here.',
    tryAgain: 'Try again',
    notFound: 'There is no such page.',
    never: 'never',
    actions: 'Actions',
    close: 'Close',
  },
} as const
