import { EscError, hintOf, messageOf } from '../../errors.ts'
import { type KeyContext, openSecretsProvider, secretsProviderKind } from '../../keys/index.ts'
import type { Text } from '../../rich-text.ts'
import type { Environment } from '../../store/index.ts'
import { type ExposedSecrets, exposedOf } from '../access/exposed-secrets.ts'
import { owedPaths, oweRotations } from '../access/owed-rotations.ts'
import type { Permitted } from '../session/audit-trail.ts'
import { operation, storeOperation } from '../session/operation.ts'
import { permit } from '../session/permit.ts'
import { keyContext, type Workspace } from '../session/workspace.ts'
import { allowTypedProvider } from '../trust/typed-provider.ts'
import { reencrypt } from './reencrypt.ts'

interface SecretsProviderRequest {
  /** URL or bare kind. */
  readonly secretsProvider: string
  /**
   * True when what was known under the former key is rotated afterwards. Then a second run goes on
   * where the first one ended.
   */
  readonly rotates?: boolean
}

/**
 * The outcome for one environment. `already`: it was under the new provider before this began, as
 * after a run that was interrupted. `failed`: it is as it was.
 */
export interface EnvironmentKeyChange {
  readonly name: string
  readonly status: 'changed' | 'already' | 'failed'
  readonly from: string
  /** The number of revisions that were encrypted anew. */
  readonly revisions: number
  readonly error?: string
  readonly hint?: Text | undefined
  /**
   * Known to those who could open it before; empty unless it was changed, now or by an earlier run
   * whose rotations are not done.
   */
  readonly exposed: ExposedSecrets
}

export interface SecretsProviderReport {
  readonly secretsProvider: string
  readonly environments: readonly EnvironmentKeyChange[]
  /**
   * True when new environments get the new provider: only when all were to be
   * changed and none failed.
   */
  readonly isDefault: boolean
}

const changer = 'env change-secrets-provider'
const nothing: ExposedSecrets = { rotators: [], secrets: [], webhooks: [] }

/**
 * Gives an environment a new data key under a secrets provider, all or nothing. Throws EscError
 * `usage`, `invalid_input` for a URL that cannot be used, `not_found`.
 */
export const changeSecretsProvider = operation({
  name: 'change-secrets-provider',
  level: 'admin',
  audit: 'environment-key-changed',
  input: (z) => z.strictObject({ secretsProvider: z.string(), rotates: z.boolean().optional() }),
  async run(work, request: SecretsProviderRequest): Promise<SecretsProviderReport> {
    const { name } = work.store.environment(work.subject.name)
    const plan = planFor(work, [name], request)
    const remember = await allowTypedProvider(work, plan.secretsProvider)
    const changed = await changeKey(work, plan, name)
    await remember()
    return { secretsProvider: plan.secretsProvider, environments: [changed], isDefault: false }
  },
  outcome: ({ environments: [changed], secretsProvider }) =>
    changed?.status === 'changed' ? { details: { from: changed.from, to: secretsProvider } } : {},
})

/**
 * Gives each environment a new data key under a secrets provider, which those that will be made
 * are under too. All or nothing for each; those that fail keep no other from being changed, and a
 * second run does what is left. Throws EscError `usage`, `invalid_input` for a URL that cannot be
 * used.
 */
export const changeStoreSecretsProvider = storeOperation({
  name: 'change-store-secrets-provider',
  level: 'admin',
  audit: 'store-settings-updated',
  input: (z) => z.strictObject({ secretsProvider: z.string(), rotates: z.boolean().optional() }),
  async run(work, request: SecretsProviderRequest): Promise<SecretsProviderReport> {
    const { store } = work
    const { secretsProvider } = request
    // One that cannot be used is refused before it is written down that keys will be changed.
    secretsProviderKind(secretsProvider)
    const names = store.list()
    const permitted = new Map<string, Permitted>()
    for (const name of names) permitted.set(name, await permit(work, name, 'admin', 'environment-key-changed'))
    const plan = planFor(work, names, { ...request, all: true })
    const remember = await allowTypedProvider(work, secretsProvider)
    const environments: EnvironmentKeyChange[] = []
    for (const name of names) {
      try {
        const changed = await changeKey(work, plan, name)
        environments.push(changed)
        if (changed.status === 'changed') permitted.get(name)?.done({ from: changed.from, to: secretsProvider })
      } catch (error) {
        permitted.get(name)?.failed(error)
        environments.push(await notChanged(work, plan, { name, error }))
      }
    }
    const failed = environments.filter(({ status }) => status === 'failed')
    if (failed.length < environments.length) await remember()
    if (failed.length === 0) await store.configuration.setDefaultSecretsProvider(secretsProvider)
    return { secretsProvider, environments, isDefault: failed.length === 0 }
  },
})

/** Facts about environments before any of their keys is changed. */
interface Plan {
  readonly names: readonly string[]
  readonly secretsProvider: string
  readonly rotates: boolean
  /** The present providers. */
  readonly before: ReadonlyMap<string, string>
  /** Environments whose provider is not known, with the reason. */
  readonly unreadable: ReadonlyMap<string, EscError>
  /** Paths that wait to be rotated since an earlier run has changed a key. */
  readonly owed: ReadonlyMap<string, readonly string[]>
  /** All is under the new provider already: what is wanted are new keys. */
  readonly renewed: boolean
  /** An earlier run has changed keys, and not rotated all that was known under the former ones. */
  readonly resumes: boolean
  /** The source of the new passphrase, when it is given apart from the present one. */
  readonly keys: KeyContext | undefined
}

interface PlanRequest extends SecretsProviderRequest {
  /** True when new environments are to be under it too, and a fault of one stops no other. */
  readonly all?: boolean
}

function planFor(
  workspace: Workspace,
  names: readonly string[],
  { secretsProvider, rotates = false, all = false }: PlanRequest,
): Plan {
  const kind = secretsProviderKind(secretsProvider)
  const { before, unreadable } = providersBefore(workspace, names)
  const [fault] = unreadable.values()
  if (fault !== undefined && !all) throw fault
  const owed = new Map<string, readonly string[]>()
  for (const name of rotates ? before.keys() : []) owed.set(name, owedOf(workspace, name))
  const { defaultSecretsProvider } = workspace.store.configuration
  const renewed =
    [...before.values()].every((from) => from === secretsProvider) &&
    (!all || defaultSecretsProvider === secretsProvider)
  const resumes = [...owed.values()].some((paths) => paths.length > 0)
  const keys = kind === 'passphrase' ? newPassphrase(workspace, { replaces: renewed && !resumes }) : undefined
  return { names, secretsProvider, rotates, before, unreadable, owed, renewed, resumes, keys }
}

async function changeKey(workspace: Workspace, plan: Plan, name: string): Promise<EnvironmentKeyChange> {
  const { store, host } = workspace
  const { names, secretsProvider, keys } = plan
  const unreadable = plan.unreadable.get(name)
  if (unreadable !== undefined) throw unreadable
  const from = plan.before.get(name) as string
  if (await isDone(store.environment(name), plan)) {
    const exposed = (plan.owed.get(name) ?? []).length > 0 ? exposedOf(store.environment(name), name) : nothing
    return { name, status: 'already', from, revisions: 0, exposed }
  }
  if (plan.rotates) oweRotations(workspace, name, { by: changer })
  host.progress?.(`encrypting ${name} (${names.indexOf(name) + 1} of ${names.length})`)
  const { revisions } = await store.keys.changeSecretsProvider(name, {
    secretsProvider,
    reencrypt,
    keys,
  })
  return { name, status: 'changed', from, revisions, exposed: exposedOf(store.environment(name), name) }
}

async function isDone(environment: Environment, plan: Plan): Promise<boolean> {
  const { secretsProvider, keys, renewed, resumes } = plan
  if (plan.before.get(environment.name) !== secretsProvider) return false
  // With a passphrase given apart, one that is there may be under another passphrase.
  if (keys !== undefined) return resumes && opensWith(environment, { secretsProvider, keys })
  return !renewed || resumes
}

/** The line of the report for an environment whose key could not be changed. */
async function notChanged(
  { store }: Workspace,
  { before, keys, secretsProvider, unreadable }: Plan,
  { name, error }: { readonly name: string; readonly error: unknown },
): Promise<EnvironmentKeyChange> {
  const unchanged = { name, from: before.get(name) ?? '', revisions: 0, exposed: nothing } as const
  const isOpened =
    keys !== undefined && !unreadable.has(name) && (await opensWith(store.environment(name), { secretsProvider, keys }))
  if (isOpened) return { ...unchanged, status: 'already' }
  const hint = hintOf(error)
  return { ...unchanged, status: 'failed', error: messageOf(error), hint }
}

/** The present providers, and why those of damaged environments are not known. */
function providersBefore(workspace: Workspace, names: readonly string[]) {
  const before = new Map<string, string>()
  const unreadable = new Map<string, EscError>()
  for (const name of names) {
    try {
      before.set(name, providerOf(workspace, workspace.store.environment(name)))
    } catch (error) {
      if (!(error instanceof EscError)) throw error
      unreadable.set(name, error)
    }
  }
  return { before, unreadable }
}

/** Nothing for what cannot be read: the change of its key says so. */
function owedOf(workspace: Workspace, name: string): readonly string[] {
  try {
    return owedPaths(workspace, name, changer)
  } catch {
    return []
  }
}

function providerOf(workspace: Workspace, environment: Environment): string {
  return environment.settings.secretsProvider ?? workspace.store.configuration.defaultSecretsProvider
}

/**
 * Returns the source of a new passphrase: ESC_NEW_PASSPHRASE, the file ESC_NEW_PASSPHRASE_FILE
 * names, or, when it replaces another, a question asked twice; never ESC_PASSPHRASE, which opens
 * what there is. Undefined: as the passphrase of any new environment.
 */
function newPassphrase(workspace: Workspace, { replaces }: { readonly replaces: boolean }): KeyContext | undefined {
  const { host } = workspace
  const { ESC_NEW_PASSPHRASE, ESC_NEW_PASSPHRASE_FILE, ESC_PASSPHRASE: _, ESC_PASSPHRASE_FILE: __, ...env } = host.env
  const given = ESC_NEW_PASSPHRASE !== undefined || Boolean(ESC_NEW_PASSPHRASE_FILE)
  if (!given && !replaces) return undefined
  if (!given && host.prompt === undefined) {
    throw new EscError(
      'usage',
      'it is under a passphrase already: a new passphrase must be given apart from the present one',
      {
        hint: 'set ESC_NEW_PASSPHRASE or ESC_NEW_PASSPHRASE_FILE, or run the command on a terminal',
      },
    )
  }
  const passphrase = {
    ESC_PASSPHRASE: ESC_NEW_PASSPHRASE,
    ...(ESC_NEW_PASSPHRASE_FILE ? { ESC_PASSPHRASE_FILE: ESC_NEW_PASSPHRASE_FILE } : {}),
  }
  return keyContext({ ...host, env: { ...env, ...passphrase } })
}

async function opensWith(
  environment: Environment,
  { secretsProvider, keys }: { readonly secretsProvider: string; readonly keys: KeyContext },
): Promise<boolean> {
  const { id, name, settings } = environment
  if (settings.wrappedDataKey === undefined) return false
  try {
    const provider = await openSecretsProvider(secretsProvider, keys, { id, name })
    await provider.unwrapKey(settings.wrappedDataKey)
    return true
  } catch {
    return false
  }
}
