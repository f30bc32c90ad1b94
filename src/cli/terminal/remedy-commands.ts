import type { InputName, Remedy } from '../../remedy.ts'
import { shellWord } from '../../shell-word.ts'

type Words<Do extends Remedy['do']> = (remedy: Extract<Remedy, { readonly do: Do }>) => string

/** The command to type for each remedy, without the name of the program. */
export const REMEDY_COMMANDS: { readonly [Do in Exclude<Remedy['do'], 'repeat'>]: Words<Do> } = {
  'list-environments': () => 'env ls',
  'create-environment': ({ environment }) => `env init ${environment}`,
  'show-environment': ({ environment, path }) =>
    `env get ${environment}${path === undefined ? '' : ` ${shellWord(path)}`}`,
  'edit-definition': ({ environment }) => `env edit${after(environment)}`,
  'save-definition': ({ environment }) => `env save ${environment}`,
  'discard-edit': ({ environment }) => `env discard ${environment}`,
  'encrypt-value': ({ environment, path }) => `env set ${environment} ${shellWord(path)} --secret`,
  'clone-environment': ({ environment, to }) =>
    `env clone ${environment} ${to === undefined ? '…' : `${to} --preserve-history`}`,
  'restore-environment': () => 'env restore',
  'allow-removal': ({ environment }) => `env settings set ${environment} deletion-protected false`,
  'import-values': ({ format, from }) => `env import ${format}${from === undefined ? '' : ' <environment> -'}`,
  'show-history': () => 'env version history',
  'list-revision-tags': ({ environment }) => `env version tag ls ${environment}`,
  'roll-back': () => 'env version rollback',
  'retract-revision': ({ environment, revision }) => `env version retract ${environment}@${revision}`,
  'renumber-revisions': ({ environment }) => `env renumber${after(environment)}`,
  rotate: ({ environment, paths }) => ['env rotate', environment, ...paths.map(shellWord)].join(' '),
  'resume-rotation': ({ environment = 'ENV' }) => `env rotate ${environment} --resume`,
  'abandon-rotation': ({ environment }) => `env rotate ${environment} --resume --force`,
  'adopt-credential': (place) => `env rotate${placed(place)} --adopt FILE`,
  'show-journal': ({ environment }) => `env rotate journal${after(environment)}`,
  'forget-record': (place) => `env rotate journal${journaled(place)} --forget`,
  'retarget-record': (place) => `env rotate journal${journaled(place)} --retarget`,
  'run-schedules': () => 'scheduler tick',
  'install-scheduler': () => 'scheduler install',
  'list-schedules': ({ environment }) => `env schedule list ${environment}`,
  'create-schedule': ({ environment }) => `env schedule new ${environment} --cron …`,
  'edit-schedule': ({ environment, schedule }) => `env schedule edit ${environment} ${schedule}`,
  'rewrap-key': ({ environment }) => `env rewrap ${environment}`,
  'change-secrets-provider': ({ environment, provider }) => `env change-secrets-provider ${environment} ${provider}`,
  'accept-key': ({ environment }) => `env trust ${environment}`,
  'trust-store': () => 'trust',
  'trust-folder': () => 'trust folder',
  'show-trust': () => 'trust show',
  'join-store': () => 'access join',
  'list-access-rules': () => 'access list',
  'explain-access': ({ environment }) => `access explain${after(environment)}`,
  'show-signing-keys': () => 'oidc jwks',
  'create-signing-key': () => 'oidc init',
  'create-issuer': () => 'oidc init --issuer https://…',
  'publish-issuer': () => 'oidc publish',
  'log-in': ({ url }) => `login ${url}`,
  'create-store': ({ secretsProvider }) =>
    `init${secretsProvider === undefined ? '' : ` --secrets-provider ${secretsProvider}`}`,
  'check-store': () => 'check',
  'repair-store': () => 'check --fix',
  'create-webhook': ({ environment }) => `env webhook new ${environment}`,
  'edit-webhook': () => 'env webhook edit',
  'list-deliveries': ({ environment, webhook }) => `env webhook delivery list ${environment} ${webhook}`,
}

/** The flag of each input. */
const FLAGS: Readonly<Record<InputName, string>> = {
  'allow-http': '--allow-http',
  'allow-unknown': '--allow-unknown',
  'allow-unmasked': '--allow-unmasked',
  'allow-variable': '--allow-variable',
  create: '--create',
  cron: '--cron',
  destination: '--dest',
  draft: '--draft',
  event: '--event',
  exact: '--exact',
  failed: '--failed',
  force: '--force',
  format: '--format',
  group: '--group',
  header: '--header',
  keep: '--keep',
  keys: '--keys',
  listen: '--listen',
  metrics: '--metrics',
  'metrics-host': '--metrics-host',
  'no-history': '--no-history',
  once: '--once',
  path: '--path',
  plaintext: '--plaintext',
  project: '--project',
  recipient: '--recipient',
  'replace-with': '--replace-with',
  secret: '--secret',
  'secrets-provider': '--secrets-provider',
  string: '--string',
  timezone: '--timezone',
  'with-sops': '--with-sops',
  url: '--url',
  yaml: '--yaml',
}

/** The command line of a remedy. */
export function commandOf(remedy: Exclude<Remedy, { readonly do: 'repeat' }>): string {
  const words = REMEDY_COMMANDS[remedy.do] as (remedy: Remedy) => string
  return `esc ${words(remedy)}`
}

/** The flag of an input. */
export function flagText(input: InputName): string {
  return FLAGS[input]
}

function after(environment: string | undefined): string {
  return environment === undefined ? '' : ` ${environment}`
}

interface Place {
  readonly environment?: string
  readonly path?: string
}

/** The place of a rotator, with words to be replaced for what is not known. */
function placed({ environment = 'ENV', path }: Place): string {
  return ` ${environment} ${path === undefined ? 'PATH' : shellWord(path)}`
}

/** The place of a record: without its path where that is not known. */
function journaled({ environment = 'ENV', path }: Place): string {
  return ` ${environment}${path === undefined ? '' : ` ${shellWord(path)}`}`
}
