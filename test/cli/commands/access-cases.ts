import { join } from 'node:path'
import type { Level } from '../../../src/access/index.ts'
import { operations } from '../../operations/every-operation.ts'
import { packageRoot } from './esc.ts'

/**
 * A command line, and the operations that it performs. `{}` stands for the environment it is tried
 * on, `+` for a space in a word.
 */
export interface Case {
  /**
   * Names of the operations that a session performs for it. Where the level of one depends on its
   * input, a colon and the level that this input needs.
   */
  readonly performs: string
  /**
   * The level that an operation asks for itself, on the environment it is tried on. Default: only
   * the declared levels count.
   */
  readonly asks?: Exclude<Level, 'none'>
  readonly words: string
  readonly input?: string
  /** It finds nothing to do here, also for those who may. */
  readonly fails?: boolean
  /** What is done, by an admin, so that there is something to do. */
  readonly before?: readonly string[]
}

/**
 * What a command line needs. A level: on the environment; `store`: admin of everything; `nothing`:
 * it shows and changes nothing of any environment.
 */
export type Needed = Exclude<Level, 'none'> | 'store' | 'nothing'

const ascending: readonly Needed[] = ['nothing', 'read', 'open', 'write', 'admin', 'store']

/** The most that one of its operations declares; what one asks for itself counts instead. */
export function neededFor({ performs, asks }: Case): Needed {
  // Another environment that a command writes is one that everybody may write.
  if (asks !== undefined) return asks
  const declared = wordsOf(performs).map(neededForOperation)
  return declared.reduce((most, each) => (ascending.indexOf(each) > ascending.indexOf(most) ? each : most), 'nothing')
}

function neededForOperation(performed: string): Needed {
  const [name, given] = performed.split(':')
  const operation = operations.find((each) => each.name === name)
  if (operation === undefined) throw new Error(`there is no operation '${name}'`)
  const level = typeof operation.level === 'function' ? given : operation.level
  if (level === undefined || level === 'none') return 'nothing'
  return operation.about === 'store' ? 'store' : (level as Needed)
}

/** The words of a text, of which there may be none. */
export function wordsOf(text: string): string[] {
  return text.split(' ').filter((word) => word !== '')
}

export const sops = join(packageRoot, 'test', 'operations', 'import', 'sops')

const scheduled = ['env schedule new {} --cron 0+0+*+*+*']

/** No such host: what is sent goes nowhere. */
const hooked = ['env webhook new {} me --url https://receiver.invalid/']

/** Each command there is, by its id. */
export const cases: Readonly<Record<string, Case | readonly Case[]>> = {
  'access:explain': [
    { performs: 'explain-access', words: 'access explain {}' },
    { performs: 'explain-access', words: 'access explain {} --as bob' },
  ],
  'access:list': { performs: 'list-access', words: 'access list' },
  'access:add': { performs: 'add-principal', fails: true, words: 'access add nobody age1x --yes' },
  'access:join': { performs: 'request-access', words: 'access join' },
  'access:remove': { performs: 'remove-principal', words: 'access remove nobody --yes' },
  'audit:log': [
    { performs: 'list-audit-lines', words: 'audit log' },
    { performs: 'list-environment-audit-lines', words: 'audit log {}' },
  ],
  'audit:verify': { performs: 'verify-audit-log', words: 'audit verify' },
  check: { performs: 'check-store', words: 'check' },
  scan: { performs: 'scan-secrets', words: 'scan' },
  completion: { performs: '', words: 'completion bash' },
  config: [
    { performs: 'get-environment:read', words: 'config --env {}' },
    { performs: 'open-environment', words: 'config --env {} --show-secrets' },
    { performs: 'open-environment', words: 'config --env {} --open' },
  ],
  'config:cp': [
    { asks: 'open', performs: 'copy-values', words: 'config cp --env {} --dest app/theirs' },
    { performs: 'copy-values', words: 'config cp --env app/theirs --dest {}' },
    { performs: 'copy-values', words: 'config cp --env app/theirs --dest {} --plan' },
  ],
  'config:env:add': { performs: 'add-imports', words: 'config env add --env {} app/theirs' },
  'config:env:ls': { performs: 'list-imports', words: 'config env ls --env {}' },
  'config:env:rm': {
    performs: 'remove-imports',
    words: 'config env rm --env {} base/open',
    before: ['env init base/open', 'config env add --env {} base/open'],
  },
  'config:get': [
    {
      performs: 'open-environment require-known',
      words: 'config get --env {} a:b',
      before: ['config set --env {} a:b c'],
    },
    {
      performs: 'get-environment:open',
      words: 'config get --env {} a:b --open=false',
      before: ['config set --env {} a:b c'],
    },
  ],
  'config:rm': { performs: 'remove-values', words: 'config rm --env {} a:b' },
  'config:rm-all': { performs: 'remove-values', words: 'config rm-all --env {} a:b' },
  'config:set': { performs: 'set-config', words: 'config set --env {} a:b c' },
  'config:set-all': { performs: 'set-config', words: 'config set-all --env {} --plaintext a:b=c' },
  'env:apply': [
    { asks: 'write', performs: 'apply-definitions', words: 'env apply --file wanted-{last}' },
    { asks: 'write', performs: 'apply-definitions', words: 'env apply --file wanted-{last} --plan' },
  ],
  'env:change-secrets-provider': [
    { performs: 'change-secrets-provider', words: 'env change-secrets-provider {} default' },
    { performs: 'change-store-secrets-provider', words: 'env change-secrets-provider --all default' },
  ],
  'env:clone': { performs: 'clone-environment', words: 'env clone {} theirs/{last}' },
  'env:diff': [
    { performs: 'get-compared-side:read', words: 'env diff {}@1 @2' },
    { performs: 'get-compared-side:open', words: 'env diff {}@1 @2 --show-secrets' },
  ],
  'env:discard': { performs: 'restore-working-definition', words: 'env discard {}' },
  'env:edit': { performs: 'replace-definition', words: 'env edit {} --file -', input: 'values: {a: 3}\n' },
  'env:get': [
    { performs: 'list-overdue-schedules get-environment:read', words: 'env get {}' },
    { performs: 'list-overdue-schedules get-environment:read', words: 'env get {} a --value json' },
    { performs: 'list-overdue-schedules get-environment:open', words: 'env get {} --show-secrets' },
  ],
  'env:graph': [
    { asks: 'read', performs: 'graph-environments', words: 'env graph {}' },
    { performs: 'graph-environments', words: 'env graph' },
  ],
  'env:import:doppler': {
    performs: 'require-environment import-values',
    words: 'env import doppler {} -',
    input: '{"A":"b"}',
  },
  'env:import:infisical': {
    performs: 'require-environment import-values',
    words: 'env import infisical {} -',
    input: '{"A":"b"}',
  },
  'env:import:json': {
    performs: 'require-environment import-values',
    words: 'env import json {} -',
    input: '{"A":"b"}',
  },
  'env:import:vault': {
    performs: 'require-environment import-values',
    words: 'env import vault {} -',
    input: '{"data":{"A":"b"}}',
  },
  'env:import:yaml': {
    performs: 'require-environment import-values',
    words: 'env import yaml {} -',
    input: 'A: b',
  },
  'env:import:1password': {
    performs: 'require-environment import-values',
    words: 'env import 1password {} -',
    input: '{"fields":[{"label":"a","value":"b"}]}',
  },
  'env:import:dotenv': {
    performs: 'require-environment import-values',
    words: 'env import dotenv {} -',
    input: 'B=1\n',
  },
  'env:import:pulumi': {
    performs: 'require-environment import-values',
    words: 'env import pulumi {} -',
    input: 'config: {p:b: 1}\n',
  },
  'env:import:sops': {
    performs: 'require-environment import-values',
    words: `env import sops {} ${join(sops, 'all.yaml')}`,
  },
  'import:esc-cloud': {
    performs: 'import-environments',
    fails: true,
    words: 'import esc-cloud a/b/c/d --organization acme --token-file -',
    input: 'not-a-real-token',
  },
  'env:init': [
    { performs: 'create-environment', words: 'env init new/{last}' },
    { asks: 'open', performs: 'create-environment', words: 'env init theirs/{last} --copy-config-from {}' },
  ],
  'env:ls': { performs: 'list-environments', words: 'env ls' },
  'env:open': { performs: 'open-environment require-known', words: 'env open {}' },
  'env:open-request': { performs: 'require-environment', fails: true, words: 'env open-request {}' },
  'env:renumber': { performs: 'renumber-environment', fails: true, words: 'env renumber {}' },
  'env:provider:aws-login:oidc': {
    performs: 'set-login-provider',
    words: 'env provider aws-login oidc {} arn:aws:iam::1:role/a session',
  },
  'env:provider:aws-login:static': {
    performs: 'set-login-provider',
    words: 'env provider aws-login static {} id secret',
  },
  'env:provider:azure-login:oidc': {
    performs: 'set-login-provider',
    fails: true,
    words: 'env provider azure-login oidc {} tenant /s client',
  },
  'env:provider:azure-login:static': {
    performs: 'set-login-provider',
    fails: true,
    words: 'env provider azure-login static {} tenant /s client secret',
  },
  'env:provider:gcp-login:oidc': {
    performs: 'set-login-provider',
    fails: true,
    words: 'env provider gcp-login oidc {} 1 --workload-pool-id w --provider-id p --service-account a',
  },
  'env:provider:gcp-login:static': {
    performs: 'set-login-provider',
    fails: true,
    words: 'env provider gcp-login static {} 1 token',
  },
  'env:prune': [
    // The first in a store changes its format, which is for whoever administers the store.
    { performs: 'prune-environment', words: 'env prune {} --keep 2', before: ['env prune {} --keep 2'] },
    { performs: 'plan-prune', words: 'env prune {} --keep 2 --dry-run' },
  ],
  'env:referrer:list': { performs: 'list-referrers', words: 'env referrer list {}' },
  'env:restore': { performs: 'restore-environment', words: 'env restore {}', before: ['env rm {} --yes'] },
  'env:rewrap': { performs: 'rewrap-key', words: 'env rewrap {}' },
  'env:rm': [
    { performs: 'remove-environment', words: 'env rm {} --yes' },
    { performs: 'remove-value', words: 'env rm {} a' },
  ],
  'env:rm-all': { performs: 'remove-values', words: 'env rm-all {} a' },
  'env:rotate': [
    { performs: 'rotate-environment:write', words: 'env rotate {}' },
    { performs: 'rotate-environment:write', words: 'env rotate {} --plan' },
    { performs: 'rotate-environment:write', words: 'env rotate {} --failed' },
    { performs: 'rotate-environment:write', words: 'env rotate {} --resume' },
  ],
  'env:rotators': [
    { performs: 'expand-references require-environment list-rotators', words: 'env rotators {}' },
    { performs: 'list-environments list-rotators', words: 'env rotators' },
  ],
  'env:rotate:doctor': { performs: 'rotate-environment:open', words: 'env rotate doctor {}' },
  'env:rotate:journal': [
    { performs: 'list-journal-records', words: 'env rotate journal {}' },
    { performs: 'forget-journal-record', fails: true, words: 'env rotate journal {} password --forget --yes' },
    { performs: 'retarget-journal-record', fails: true, words: 'env rotate journal {} password --retarget --yes' },
  ],
  'env:rotate:history': { performs: 'list-rotations', words: 'env rotate history {}' },
  'env:run': { performs: 'open-environment check-variables require-known', words: 'env run {} -- true' },
  'env:save': { performs: 'save-working-definition', words: 'env save {}' },
  'env:schedule:edit': {
    performs: 'edit-schedule',
    words: 'env schedule edit {} sched-1 --cron 0+1+*+*+*',
    before: scheduled,
  },
  'env:schedule:get': { performs: 'get-schedule', words: 'env schedule get {} sched-1', before: scheduled },
  'env:schedule:history': {
    performs: 'list-scheduled-runs',
    words: 'env schedule history {} sched-1',
    before: scheduled,
  },
  'env:schedule:list': { performs: 'list-schedules', words: 'env schedule list {}', before: scheduled },
  'env:schedule:new': { performs: 'create-schedule get-scheduler-look', words: 'env schedule new {} --cron 0+0+*+*+*' },
  'env:schedule:pause': { performs: 'pause-schedule', words: 'env schedule pause {} sched-1', before: scheduled },
  'env:schedule:remove': {
    performs: 'remove-schedule',
    words: 'env schedule remove {} sched-1 --yes',
    before: scheduled,
  },
  'env:schedule:resume': { performs: 'pause-schedule', words: 'env schedule resume {} sched-1', before: scheduled },
  'env:schema': { performs: '', words: 'env schema' },
  'env:set': { performs: 'set-value', words: 'env set {} a 2' },
  'env:set-all': { performs: 'set-values', words: 'env set-all {} a=2 c=3' },
  'env:settings:get': { performs: 'get-environment-settings', words: 'env settings get {}' },
  'env:settings:set': {
    performs: 'change-environment-settings',
    words: 'env settings set {} deletion-protected false',
  },
  'env:status': { asks: 'read', performs: 'get-status', words: 'env status {}' },
  'env:tag': { performs: 'set-environment-tag', words: 'env tag {} owner me' },
  'env:tag:get': { performs: 'get-environment-tag', words: 'env tag get {} team' },
  'env:tag:ls': { performs: 'list-environment-tags', words: 'env tag ls {}' },
  'env:tag:mv': { performs: 'rename-environment-tag', words: 'env tag mv {} team crew' },
  'env:tag:rm': { performs: 'remove-environment-tag', words: 'env tag rm {} team' },
  'env:trust': [
    { performs: 'trust-key', words: 'env trust {} --yes' },
    { performs: 'trust-keys', words: 'env trust --all' },
  ],
  'env:types': { performs: 'environment-types', words: 'env types {}' },
  'env:version': { performs: 'describe-version', words: 'env version {}@1' },
  'env:version:history': { performs: 'list-revisions', words: 'env version history {}' },
  'env:version:retract': { performs: 'retract-revision', words: 'env version retract {}@2' },
  'env:version:rollback': { performs: 'roll-back', words: 'env version rollback {}@2' },
  'env:version:tag': { performs: 'tag-revision', words: 'env version tag {}@new @1' },
  'env:version:tag:ls': { performs: 'list-revision-tags', words: 'env version tag ls {}' },
  'env:version:tag:rm': { performs: 'remove-revision-tag', words: 'env version tag rm {}@stable' },
  'env:webhook:deliver': { performs: 'deliver-webhooks', words: 'env webhook deliver' },
  'env:webhook:delivery:list': {
    performs: 'list-webhook-deliveries',
    words: 'env webhook delivery list {} hook-1',
    before: hooked,
  },
  'env:webhook:delivery:redeliver': {
    performs: 'redeliver-webhook',
    fails: true,
    words: 'env webhook delivery redeliver {} hook-1 dlv-0',
    before: hooked,
  },
  'env:webhook:edit': { performs: 'edit-webhook', words: 'env webhook edit {} hook-1 --active=false', before: hooked },
  'env:webhook:get': { performs: 'get-webhook', words: 'env webhook get {} hook-1', before: hooked },
  'env:webhook:list': { performs: 'list-webhooks', words: 'env webhook list {}', before: hooked },
  'env:webhook:new': { performs: 'create-webhook', words: 'env webhook new {} me --url https://example.com/' },
  'env:webhook:ping': { performs: 'ping-webhook', fails: true, words: 'env webhook ping {} hook-1', before: hooked },
  'env:webhook:rm': { performs: 'remove-webhook', words: 'env webhook rm {} hook-1', before: hooked },
  hook: { performs: '', words: 'hook bash' },
  init: { performs: '', words: 'init other-{last}' },
  login: { performs: '', words: 'login' },
  lsp: { performs: '', words: 'lsp', fails: true },
  logout: { performs: '', words: 'logout --all' },
  'export:docker': { performs: 'open-environment require-known check-variables', words: 'export docker {}' },
  'export:dotenv': { performs: 'open-environment require-known check-variables', words: 'export dotenv {}' },
  'export:github': {
    performs: 'open-environment require-known check-variables',
    words: 'export github {}',
    fails: true,
  },
  'export:gitlab': { performs: 'open-environment require-known check-variables', words: 'export gitlab {}' },
  'export:k8s-secret': { performs: 'open-environment require-known', words: 'export k8s-secret {}' },
  'export:tfvars': { performs: 'open-environment', words: 'export tfvars {}', fails: true },
  'export:pulumi': {
    performs: 'open-environment require-known export-pulumi-stack',
    words: 'export pulumi {} --stack dev --project p',
    before: ['config set --env {} a:b c'],
  },
  'oidc:init': [
    { performs: 'init-issuer:none', words: 'oidc init' },
    { performs: 'init-issuer:admin', words: 'oidc init --issuer https://esc.example.org' },
  ],
  'oidc:jwks': { performs: '', words: 'oidc jwks' },
  'oidc:publish': {
    performs: 'publish-issuer',
    words: 'oidc publish site',
    before: ['oidc init --issuer https://esc.example.org'],
  },
  'oidc:rotate-key': { performs: 'rotate-signing-key', words: 'oidc rotate-key', before: ['oidc init'] },
  'oidc:token': {
    performs: 'issue-token',
    words: 'oidc token {} --show',
    before: ['oidc init --issuer https://esc.example.org'],
  },
  open: { performs: 'open-environment require-known', words: 'open {}' },
  providers: { performs: '', words: 'providers' },
  rotators: { performs: '', words: 'rotators --schema password' },
  run: { performs: 'open-environment check-variables require-known', words: 'run {} -- true' },
  // They rotate what the rules let them, environment by environment: a refusal is the result of a
  // run.
  mcp: { performs: '', words: 'mcp --level read --command true', fails: true },
  'scheduler:install': { performs: '', words: 'scheduler install --cron' },
  'scheduler:start': { performs: '', words: 'scheduler start --every 0s', fails: true },
  'scheduler:tick': { performs: 'claim-scheduler get-scheduler-settings note-scheduler-look', words: 'scheduler tick' },
  'server:import': {
    performs: 'import-store-into-database',
    words: 'server import --database postgres://127.0.0.1:1/x',
    fails: true,
  },
  'server:export': { performs: '', words: 'server export copy --database postgres://127.0.0.1:1/x', fails: true },
  'server:start': { performs: '', words: 'server start --listen 127.0.0.1:x', fails: true },
  'server:token:create': { performs: 'create-token', words: 'server token create --user ada' },
  'server:token:list': { performs: 'list-tokens', words: 'server token list' },
  'server:token:rotate': {
    performs: 'rotate-token',
    words: 'server token rotate ada',
    before: ['server token create --user ada'],
  },
  'server:token:revoke': {
    performs: 'revoke-token',
    words: 'server token revoke ada',
    before: ['server token create --user ada'],
  },
  setup: { performs: 'plan-trust-setup', words: 'setup aws', before: ['oidc init --issuer https://esc.example.org'] },
  select: { performs: 'select-environment', words: 'select {}' },
  status: { performs: 'show-store-status', words: 'status' },
  ui: { performs: '', words: 'ui --listen 127.0.0.1:x', fails: true },
  trust: { performs: 'review-trust', words: 'trust --yes' },
  'trust:folder': { performs: '', words: 'trust folder', fails: true },
  'trust:list': { performs: '', words: 'trust list' },
  'trust:revoke': { performs: '', words: 'trust revoke' },
  'trust:show': { performs: 'review-trust', words: 'trust show' },
  version: { performs: '', words: 'version' },
  whoami: { performs: '', words: 'whoami' },
}
