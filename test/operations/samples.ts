import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseEnvironment } from '../../src/language/index.ts'
import {
  createEnvironment,
  createToken,
  IssuerKeys,
  initIssuer,
  removeEnvironment,
} from '../../src/operations/index.ts'
import type { Workspace } from '../../src/operations/session/workspace.ts'
import { perform } from './perform.ts'
import type { SampleStore } from './sample-store.ts'

const newToken = { user: 'ada', admin: false, level: 'read', environments: [] } as const

const shown = {
  kind: 'shown',
  user: 'ci/web',
  issuer: 'https://issuer.example.org',
  subject: 'repo:acme/web',
  level: 'open',
  environments: [],
  lifetimeSeconds: 900,
} as const

/** How an operation is tried in the sample store. */
export interface Sample {
  /** Default: `app/dev`. */
  readonly subject?: string
  readonly input?: (workspace: Workspace, store: SampleStore) => unknown
  /** Makes what the operation needs, outside any session. */
  readonly before?: (store: SampleStore) => void | Promise<void>
  /** It changes only what this machine keeps, or nothing here. */
  readonly commitsNothing?: boolean
  /**
   * What the webhook of `app/dev` hears: the kind of event, and what was done. Default: nothing.
   */
  readonly tells?: readonly string[]
  /**
   * The test that shows it done, where that takes more than this store: only a refusal is tried.
   */
  readonly elsewhere?: string
  /** The same with something wrong, and the code of the error. */
  readonly fails?: Pick<Sample, 'subject' | 'input' | 'before'> & { readonly code: string }
}

const given =
  (input: unknown): NonNullable<Sample['input']> =>
  () =>
    input
const missing = { code: 'not_found', subject: 'app/gone' }
const timing = { cron: '0 4 * * *', once: undefined, timezone: undefined }
const hook = {
  displayName: 'another',
  url: 'https://hooks.example.com/y',
  format: 'raw',
  events: [],
  groups: [],
  active: true,
}
const anyLine = { user: undefined, events: [], result: undefined, since: undefined, until: undefined }

const start = { line: 0, column: 0, byte: 0 }
const nowhere = { def: { begin: start, end: start } }

/** The webhook of `app/dev`. */
const hookName: Sample['input'] = (_, { hook }) => hook
/** The schedule of `app/dev`. */
const scheduleId: Sample['input'] = (_, { schedule }) => schedule

/** Makes the key, and allows the issuer on this machine. */
const withIssuer = async (store: SampleStore): Promise<void> => {
  await perform(store.workspace('ada@example.com'), initIssuer, undefined, { issuer: 'https://esc.example.org' })
}

const edited = (store: SampleStore): void =>
  store.write('environments/app/base/environment.yaml', 'values: {size: 2}\n')

/** An example for each operation, by its name. */
export const samples: Readonly<Record<string, Sample>> = {
  'record-agent-call': {
    input: given({ environment: 'app/dev', details: { tool: 'list_keys' }, run: async () => 1 }),
  },
  'resolve-version': { fails: missing },
  'diagnose-environment': { fails: missing },
  'environment-types': { fails: missing },
  'analyze-definition': { input: given({ text: 'values: {a: 1}\n', parse: parseEnvironment }) },
  'check-edit': { input: given({ text: 'values: {a: 1}\n', parse: parseEnvironment }) },
  'propose-merge': {
    input: given({ text: 'values: {a: 1}\n', base: 1, theirs: 1, chosen: [] }),
    fails: { code: 'not_found', input: given({ text: '', base: 1, theirs: 99, chosen: [] }) },
  },
  'summarize-edit': {
    input: given({ text: 'values: {a: 1}\n', base: 1 }),
    fails: { code: 'not_found', input: given({ text: '', base: 99 }) },
  },
  'offer-completions': { input: given({ text: 'values: {a: 1}\n', offset: 9, parse: parseEnvironment }) },
  'describe-place': { input: given({ text: 'values: {a: 1}\n', offset: 9, parse: parseEnvironment }) },
  'find-definitions': { input: given({ text: 'values: {a: 1}\n', offset: 9, parse: parseEnvironment }) },
  'encrypt-in-edit': {
    input: given({ text: 'values: {a: 1}\n', offset: 9, parse: parseEnvironment }),
    fails: { code: 'invalid_input', input: given({ text: 'values: {a: 1}\n', offset: 0, parse: parseEnvironment }) },
  },
  'encrypt-for-definition': { input: given('not-a-real-secret'), fails: { ...missing, input: given('x') } },
  'list-references-to-key': { subject: 'app/base', input: given({ path: ['size'] }) },
  'locate-definition': {
    input: given({ begin: undefined }),
    fails: { ...missing, input: given({ begin: undefined }) },
  },
  'list-environment-tags': { fails: missing },
  'get-environment-tag': { input: given('owner'), fails: { code: 'not_found', input: given('no') } },
  'set-environment-tag': {
    input: given({ name: 'tier', value: '1' }),
    tells: ['environment_tag created'],
    fails: missing,
  },
  'rename-environment-tag': {
    input: given({ name: 'owner', newName: 'team' }),
    tells: ['environment_tag updated'],
    fails: { code: 'not_found', input: given({ name: 'no', newName: 'team' }) },
  },
  'remove-environment-tag': {
    input: given('owner'),
    tells: ['environment_tag deleted'],
    fails: { code: 'not_found', input: given('no') },
  },
  'create-environment': {
    subject: 'app/new',
    input: given({ definition: 'values: {a: 1}\n' }),
    fails: { code: 'already_exists', subject: 'app/dev' },
  },
  'clone-environment': {
    input: (workspace) => ({
      destination: workspace.reference('app/copy'),
      preserveHistory: false,
      preserveEnvironmentTags: false,
      preserveRevisionTags: false,
    }),
    fails: missing,
  },
  'remove-environment': { input: given({ async confirm() {} }), fails: missing },
  'restore-environment': {
    subject: 'app/base',
    input: given({}),
    before: async (store) => {
      const workspace = store.workspace('ada@example.com')
      await perform(workspace, removeEnvironment, workspace.reference('app/base'), { async confirm() {} })
    },
    fails: { code: 'not_found', subject: 'app/gone', before() {} },
  },
  'list-removed-environments': {},
  'import-environments': {
    elsewhere: 'cli/commands/import-esc-cloud.test.ts',
    fails: {
      code: 'usage',
      input: given({
        source: { url: 'https://esc.example', token: 'none', userAgent: 'test', organization: 'acme' },
        environments: ['a/b/c/d'],
        history: true,
        dryRun: false,
      }),
    },
  },
  'list-environments': { input: given({ organization: undefined, project: undefined }) },
  'expand-references': { input: given('app/*'), fails: { code: 'not_found', input: given('gone/*') } },
  'require-environment': { fails: missing },
  'select-environment': { fails: missing },
  'deselect-environment': {},
  'check-variables': {
    input: given({ properties: undefined, allowed: [], inShell: true }),
    fails: {
      code: 'invalid_input',
      input: given({
        properties: { environmentVariables: { value: { 'A B': { value: '1' } } } },
        allowed: [],
        inShell: true,
      }),
    },
  },
  'require-known': {
    input: given({ paths: [], used: [], allow: false }),
    fails: { code: 'unknown_value', input: given({ paths: ['a'], used: [], allow: false }) },
  },
  'check-text': { input: given({ text: 'values: {a: 1}' }) },
  'open-text': { input: given('values: {a: 1}') },
  'describe-environments': { input: given({ count: 10 }) },
  'create-token': {
    input: given(newToken),
    commitsNothing: true,
    fails: { code: 'usage', input: given({ user: '', admin: false, level: 'read', environments: [] }) },
  },
  'list-tokens': {},
  'rotate-token': {
    before: async (store) => void (await perform(store.workspace('ada@example.com'), createToken, undefined, newToken)),
    input: given({ wanted: 'ada' }),
    commitsNothing: true,
    fails: { code: 'not_found', input: given({ wanted: 'nobody' }) },
  },
  'revoke-token': {
    before: async (store) => void (await perform(store.workspace('ada@example.com'), createToken, undefined, newToken)),
    input: given('ada'),
    commitsNothing: true,
    fails: { code: 'not_found', input: given('nobody') },
  },
  'verify-identity': { input: () => ({ token: 'none', keys: new IssuerKeys() }), commitsNothing: true },
  'grant-token': { input: given({ identity: shown, by: 'exchange', seconds: 60 }), commitsNothing: true },
  'claim-scheduler': { input: given('esc scheduler start') },
  'get-scheduler-look': {},
  'note-scheduler-look': {},
  'get-scheduler-settings': {},
  'graph-environments': { input: given([]) },
  'list-referrers': { subject: 'app/base', input: given({ allRevisions: false }), fails: missing },
  'get-environment-settings': { fails: missing },
  'get-environment-id': { fails: missing },
  'check-revision': { input: given({ showSecrets: true }), fails: missing },
  'list-offered': { input: given({ kind: 'provider' }) },
  'change-environment-settings': { input: given({ 'deletion-protected': true }), fails: missing },
  'set-value': {
    input: given({ path: ['a'], value: async () => 1, plaintext: false }),
    tells: ['environment_revision created'],
    fails: {
      code: 'usage',
      input: given({ path: ['password'], value: async () => 'kQ9xvT2mZx8Lp4Wr7nB3', plaintext: false }),
    },
  },
  'set-values': {
    input: given([{ path: ['a'], value: 1, plaintext: false }]),
    tells: ['environment_revision created'],
    fails: missing,
  },
  'set-config': {
    input: given([{ path: ['aws:region'], value: 'eu', plaintext: false }]),
    tells: ['environment_revision created'],
    fails: missing,
  },
  'list-imports': { fails: missing },
  'add-imports': {
    before: async (store) => {
      const workspace = store.workspace('ada@example.com')
      await perform(workspace, createEnvironment, workspace.reference('app/more'), { definition: 'values: {}\n' })
    },
    input: given(['app/more']),
    tells: ['environment_revision created', 'imported_environment_changed'],
    fails: { code: 'not_found', input: given(['app/gone']) },
  },
  'remove-imports': {
    input: given(['app/base']),
    tells: ['environment_revision created'],
    fails: { code: 'not_found', input: given(['app/gone']) },
  },
  'remove-value': { input: given(['token']), tells: ['environment_revision created'], fails: missing },
  'remove-values': { input: given([['token']]), tells: ['environment_revision created'], fails: missing },
  'edit-definition': {
    tells: ['imported_environment_changed'],
    subject: 'app/base',
    input: given({ showSecrets: false, revise: async () => 'values: {size: 2}\n' }),
    fails: { code: 'not_found', subject: 'app/gone' },
  },
  'replace-definition': {
    input: given({ text: 'values: {size: 2}\n' }),
    tells: ['environment_revision created'],
    fails: { code: 'conflict', input: given({ text: 'values: {size: 2}\n', revision: 99 }) },
  },
  'save-working-definition': {
    subject: 'app/base',
    before: edited,
    tells: ['imported_environment_changed'],
    fails: missing,
  },
  'restore-working-definition': { subject: 'app/base', before: edited, fails: missing },
  'apply-definitions': {
    tells: ['imported_environment_changed'],
    input: given({ wanted: [{ name: 'app/base', text: 'values: {size: 2}\n' }], plan: false }),
  },
  'copy-values': {
    tells: ['imported_environment_changed'],
    subject: 'app/base',
    input: (workspace) => ({ from: workspace.reference('app/dev'), path: ['token'], plan: false }),
    fails: {
      code: 'not_found',
      input: (workspace) => ({ from: workspace.reference('app/gone'), path: [], plan: false }),
    },
  },
  'import-values': {
    input: given({
      file: { entries: [{ key: 'a', value: { kind: 'scalar', value: 'b', secret: true } }] },
      path: [],
      allSecret: false,
      create: false,
    }),
    tells: ['environment_revision created'],
    fails: missing,
  },
  'export-pulumi-stack': {
    input: (_, { folder }) => ({
      properties: { pulumiConfig: { value: { 'a:b': { value: 'c', trace: nowhere } }, trace: nowhere } },
      // What git ignores there: the file of a stack belongs to another project.
      folder: join(folder, 'config'),
      stack: 'dev',
      project: undefined,
      secretsProvider: undefined,
    }),
    fails: { code: 'usage', input: given({ properties: undefined, folder: '/', stack: 'a/b' }) },
  },
  'set-login-provider': {
    input: given({
      path: ['aws'],
      typed: 'aws',
      name: 'aws-login',
      block: { 'fn::open::aws-login': { oidc: { roleArn: 'arn:aws:iam::123456789012:role/x', sessionName: 'esc' } } },
      create: true,
    }),
    tells: ['environment_revision created'],
    fails: {
      code: 'not_found',
      subject: 'app/gone',
      input: given({ path: ['aws'], typed: 'aws', name: 'aws-login', block: {}, create: false }),
    },
  },
  'get-status': { input: given(undefined) },
  'open-draft': { input: given({ id: 'new' }), elsewhere: 'cli/commands/drafts.test.ts' },
  'open-environment': { fails: missing },
  'get-environment': { input: given({ showSecrets: true }), fails: missing },
  'get-definition': { input: given({ showSecrets: true }), fails: missing },
  'get-compared-side': { input: given({ path: [], format: undefined, showSecrets: true }), fails: missing },
  'list-revisions': { fails: missing },
  'describe-version': { subject: 'app/dev@2', fails: { code: 'not_found', subject: 'app/dev@99' } },
  'list-names-within': { input: given('versions'), fails: missing },
  'list-revision-tags': { fails: missing },
  'tag-revision': {
    subject: 'app/dev@next',
    input: given('2'),
    tells: ['environment_revision_tag created'],
    fails: { code: 'usage', subject: 'app/dev' },
  },
  'remove-revision-tag': {
    subject: 'app/dev@stable',
    tells: ['environment_revision_tag deleted'],
    fails: { code: 'not_found', subject: 'app/dev@no' },
  },
  'retract-revision': {
    subject: 'app/dev@2',
    input: given({ reason: 'a test' }),
    tells: ['environment_revision retracted'],
    fails: { code: 'usage', subject: 'app/dev' },
  },
  'roll-back': {
    subject: 'app/dev@2',
    input: given({ exact: false, force: false }),
    commitsNothing: true,
    fails: { code: 'usage', subject: 'app/dev' },
  },
  'preview-roll-back': { subject: 'app/dev@2', fails: { code: 'usage', subject: 'app/dev' } },
  'renumber-environment': { elsewhere: 'end-to-end/team-renumber.test.ts', fails: { code: 'usage' } },
  'list-environments-to-renumber': {},
  'prune-environment': { input: given({ keep: 2 }), fails: missing },
  'plan-prune': { input: given({ keep: 2 }), fails: { code: 'usage', input: given({ keep: 1 }) } },
  'rotate-environment': {
    input: given({ paths: [], mode: 'rotate', force: true, onProgress() {} }),
    tells: ['environment_revision created', 'environment_rotation rotation_succeeded'],
    fails: missing,
  },
  'list-rotations': { fails: missing },
  'list-credentials': { fails: missing },
  'list-rotators': { input: given(['app/dev']) },
  'list-journal-records': { fails: missing },
  'list-missing-levels': {
    input: given({ environment: 'app/dev' }),
    fails: { code: 'not_found', input: given({ environment: 'app/none' }) },
  },
  'forget-journal-record': {
    input: given({ chosen: undefined, confirm: async () => ({ show: false }) }),
    elsewhere: 'cli/commands/rotation-journal.test.ts',
    fails: { code: 'not_found' },
  },
  'retarget-journal-record': {
    input: given({ chosen: undefined, confirm: async () => true }),
    elsewhere: 'cli/commands/rotation-journal.test.ts',
    fails: { code: 'not_found' },
  },
  'list-owed-rotations': { fails: missing },
  'list-schedules': { fails: missing },
  'get-schedule': {
    input: (_, { schedule }) => ({ id: schedule }),
    fails: { code: 'not_found', input: given({ id: 'no' }) },
  },
  'preview-schedule': { input: given({ cron: '0 3 * * 1', timezone: 'Europe/Berlin', count: 2 }) },
  'list-scheduled-runs': { input: scheduleId, fails: { code: 'not_found', input: given('no') } },
  'create-schedule': {
    subject: 'app/base',
    input: given(timing),
    fails: { code: 'already_exists', subject: 'app/dev' },
  },
  'edit-schedule': {
    input: (_, { schedule }) => ({ id: schedule, timing }),
    tells: ['environment_schedule updated'],
    fails: { code: 'not_found', input: given({ id: 'no', timing }) },
  },
  'pause-schedule': {
    input: (_, { schedule }) => ({ id: schedule, paused: true }),
    tells: ['environment_schedule updated'],
    fails: { code: 'not_found', input: given({ id: 'no', paused: true }) },
  },
  'remove-schedule': {
    input: (_, { schedule }) => ({ id: schedule }),
    tells: ['environment_schedule deleted'],
    fails: { code: 'not_found', input: given({ id: 'no' }) },
  },
  'list-overdue-schedules': { input: given({ environments: ['app/dev'] }) },
  'list-unfinished-rotations': {},
  'run-due-schedule': {
    before: (store) => {
      store.now = new Date('2026-03-05T03:00:10Z')
    },
    tells: ['environment_revision created', 'environment_rotation rotation_succeeded'],
  },
  'list-webhooks': { fails: missing },
  'get-webhook': { input: hookName, fails: { code: 'not_found', input: given('no') } },
  'create-webhook': { input: given(hook), fails: { code: 'usage', input: given({ ...hook, url: 'no URL' }) } },
  'edit-webhook': {
    input: (_, { hook }) => ({ name: hook, edit: { active: false } }),
    fails: { code: 'not_found', input: given({ name: 'no', edit: {} }) },
  },
  'remove-webhook': { input: hookName, fails: { code: 'not_found', input: given('no') } },
  'ping-webhook': { input: hookName, fails: { code: 'not_found', input: given('no') } },
  'list-webhook-deliveries': { input: hookName, fails: { code: 'not_found', input: given('no') } },
  'redeliver-webhook': {
    input: (_, { hook }) => ({ name: hook, id: 'no' }),
    elsewhere: 'cli/commands/webhooks.test.ts',
    fails: { code: 'not_found' },
  },
  'deliver-webhooks': { input: given({}) },
  'prepare-webhook-deliveries': {
    input: given({ withinMs: 0, seen: new Map() }),
    elsewhere: 'server/shared-deliveries.test.ts',
    fails: { code: 'unsupported' },
  },
  'send-webhook-delivery': {
    input: given('dlv-none'),
    elsewhere: 'server/shared-deliveries.test.ts',
    fails: { code: 'unsupported' },
  },
  'explain-access': { input: given({}), fails: missing },
  'list-access': {},
  'add-principal': {
    input: given({ principal: 'eve@example.com', recipient: 'no recipient', async confirm() {} }),
    elsewhere: 'end-to-end/team-join.test.ts',
    fails: { code: 'invalid_input' },
  },
  'remove-principal': {
    input: given({ principal: 'eve@example.com', recipients: [], async confirm() {} }),
    elsewhere: 'cli/commands/leaver.test.ts',
    fails: { code: 'not_found' },
  },
  'preview-principal': {
    input: given({ principal: 'eve@example.com', recipient: 'no recipient' }),
    elsewhere: 'console/access.test.ts',
    fails: { code: 'invalid_input' },
  },
  'preview-principal-removal': {
    input: given({ principal: 'eve@example.com', recipients: [] }),
    elsewhere: 'console/access.test.ts',
    fails: { code: 'not_found' },
  },
  'finish-removal': { input: given({ principal: 'eve@example.com' }) },
  'request-access': { elsewhere: 'cli/commands/joiner.test.ts' },
  'import-store-into-database': {
    input: given({ url: 'postgres://127.0.0.1:1/none' }),
    elsewhere: 'operations/copy-store.test.ts',
    fails: { code: 'io' },
  },
  'export-store-to-folder': {
    input: (_, { folder }) => ({ folder: join(folder, 'config', 'copy') }),
    commitsNothing: true,
    fails: { code: 'already_exists', input: given({ folder: '.' }) },
  },
  'init-issuer': {
    input: given({ issuer: 'https://id.example.org' }),
    fails: { code: 'invalid_input', input: given({ issuer: 'http://esc.example.org' }) },
  },
  'publish-issuer': {
    input: (_, { folder }) => ({ folder: join(folder, 'config', 'site'), others: [] }),
    before: withIssuer,
    fails: { code: 'not_found', before() {} },
  },
  'issue-token': {
    input: given({ audience: 'aws', subjectAttributes: [], version: undefined }),
    before: withIssuer,
    fails: missing,
  },
  'rotate-signing-key': {
    input: given({ step: 'rotate' }),
    before: withIssuer,
    fails: { code: 'not_found', before() {} },
  },
  'plan-trust-setup': {
    input: given({
      vendor: 'aws',
      environment: undefined,
      policy: undefined,
      name: 'esc-store',
      project: undefined,
    }),
    fails: { code: 'invalid_input', input: given({ vendor: 'azure', name: 'esc-store' }) },
  },
  'rewrap-key': { input: given({}), fails: missing },
  'rewrap-keys': { input: given({}) },
  'change-secrets-provider': { input: given({ secretsProvider: 'passphrase' }), fails: missing },
  'change-store-secrets-provider': { input: given({ secretsProvider: 'passphrase' }) },
  'trust-key': { input: given({ async confirm() {} }), fails: missing },
  'trust-keys': { input: given({ accept: async () => true }) },
  'review-trust': {},
  'accept-trust': { input: given({ powers: [] }) },
  'list-audit-lines': { input: given({ ...anyLine }) },
  'list-environment-audit-lines': { input: given(anyLine) },
  'verify-audit-log': { input: given({ expected: [] }) },
  'scan-secrets': {
    input: given({ folder: '/nowhere', where: { kind: 'files', paths: [] }, least: 8, allowed: [] }),
  },
  'install-scan-hook': {
    before: ({ folder }) => void execFileSync('git', ['init', '--quiet', folder]),
    input: (_, { folder }) => ({ folder, script: '#!/bin/sh\n' }),
    commitsNothing: true,
    fails: { input: given({ folder: '/nowhere', script: '' }), code: 'invalid_input' },
  },
  'check-store': { input: given({ references: [], fix: false, useKeys: true }) },
  'check-readiness': {},
  'show-store-status': {},
}
