import { EscError, messageOf } from '../../errors.ts'
import { type KeyContext, openSecretsProvider, secretsProviderKind } from '../../keys/index.ts'
import type { Environment } from '../../store/index.ts'
import { type ExposedSecrets, exposedOf } from '../access/exposed-secrets.ts'
import { owedRotations, oweRotations } from '../access/owed-rotations.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import type { Permitted } from '../session/audit-trail.ts'
import { permit, wholeStore } from '../session/permit.ts'
import { keyContext, type Workspace } from '../session/workspace.ts'
import { allowTypedProvider } from '../trust/typed-provider.ts'
import { reencrypt } from './reencrypt.ts'

export interface SecretsProviderRequest {
  /** Undefined: all environments, and those that will be made. */
  readonly reference: EnvironmentReference | undefined
  /** URL or bare kind. */
  readonly secretsProvider: string
  /**
   * Whether what was known under the former key is rotated afterwards. Then a second run goes on
   * where the first one ended.
   */
  readonly rotates?: boolean
}

/**
 * What became of one environment. `already`: it was under the new provider before this began, as
 * after a run that was interrupted. `failed`: it is as it was.
 */
export interface EnvironmentKeyChange {
  readonly name: string
  readonly status: 'changed' | 'already' | 'failed'
  readonly from: string
  /** How many revisions were encrypted anew. */
  readonly revisions: number
  readonly error?: string
  readonly hint?: string | undefined
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
   * Whether new environments get the new provider: only when all were to be
   * changed and none failed.
   */
  readonly isDefault: boolean
}

const changer = 'env change-secrets-provider'
const nothing: ExposedSecrets = { rotators: [], secrets: [], webhooks: [] }

/**
 * Gives an environment, or each of them, a new data key under a secrets provider. All or
 * nothing for each environment; those that fail keep no other from being changed, and a
 * second run does what is left.
 *
 * @throws EscError `usage`, `invalid_input` for a URL that cannot be used, `not_found`. What
 *   happens to one environment after that is in the report, unless only one was asked for.
 */
export async function changeSecretsProvider(
  workspace: Workspace,
  request: SecretsProviderRequest,
): Promise<SecretsProviderReport> {
  const { store } = workspace
  const { reference, secretsProvider, rotates = false } = request
  const kind = secretsProviderKind(secretsProvider)
  const names = reference === undefined ? store.list() : [store.environment(reference.name).name]
  const permitted = new Map<string, Permitted>()
  for (const name of names) permitted.set(name, await permit(workspace, name, 'admin', 'environment-key-changed'))
  if (reference === undefined) await permit(workspace, wholeStore, 'admin', 'store-settings-updated')
  const remember = await allowTypedProvider(workspace, secretsProvider)
  const { before, unreadable } = providersBefore(workspace, names)
  const [firstFault] = unreadable.values()
  if (firstFault !== undefined && reference !== undefined) throw firstFault
  const owed = new Map<string, readonly string[]>()
  for (const name of rotates ? before.keys() : []) owed.set(name, owedOf(workspace, name))
  // With all of it there already, what is wanted are new keys; else what is
  // left of an interrupted run.
  const renewed =
    [...before.values()].every((from) => from === secretsProvider) &&
    (reference !== undefined || store.configuration.defaultSecretsProvider === secretsProvider)
  // An earlier run has changed the keys, and not rotated all that was known under the former ones.
  const resumes = [...owed.values()].some((paths) => paths.length > 0)
  const keys = kind === 'passphrase' ? newPassphrase(workspace, { replaces: renewed && !resumes }) : undefined
  const isDone = async (name: string) => {
    if (before.get(name) !== secretsProvider) return false
    // With a passphrase given apart, one that is there may be under another passphrase.
    if (keys !== undefined) return resumes && opensWith(store.environment(name), { secretsProvider, keys })
    return !renewed || resumes
  }

  const change = async (name: string): Promise<EnvironmentKeyChange> => {
    if (unreadable.has(name)) throw unreadable.get(name)
    const from = before.get(name) as string
    if (await isDone(name)) {
      const exposed = (owed.get(name) ?? []).length > 0 ? exposedOf(store.environment(name), name) : nothing
      return { name, status: 'already', from, revisions: 0, exposed }
    }
    if (rotates) oweRotations(workspace, name, { by: changer })
    workspace.options.progress?.(`encrypting ${name} (${names.indexOf(name) + 1} of ${names.length})`)
    const { revisions } = await store.changeSecretsProvider(name, {
      secretsProvider,
      reencrypt,
      ...(keys === undefined ? {} : { keys }),
    })
    permitted.get(name)?.done({ from, to: secretsProvider })
    return { name, status: 'changed', from, revisions, exposed: exposedOf(store.environment(name), name) }
  }

  const environments: EnvironmentKeyChange[] = []
  for (const name of names) {
    try {
      environments.push(await change(name))
    } catch (error) {
      permitted.get(name)?.failed(error)
      if (reference !== undefined) throw error
      const from = before.get(name) ?? ''
      if (
        keys !== undefined &&
        !unreadable.has(name) &&
        (await opensWith(store.environment(name), { secretsProvider, keys }))
      ) {
        environments.push({ name, status: 'already', from, revisions: 0, exposed: nothing })
        continue
      }
      const hint = error instanceof EscError ? error.hint : undefined
      const failed = { name, status: 'failed', from, revisions: 0, exposed: nothing } as const
      environments.push({ ...failed, error: messageOf(error), hint })
    }
  }
  if (environments.some(({ status }) => status !== 'failed')) remember()
  const isDefault = reference === undefined && environments.every(({ status }) => status !== 'failed')
  if (isDefault) await store.configuration.setDefaultSecretsProvider(secretsProvider)
  return { secretsProvider, environments, isDefault }
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
    return owedRotations(workspace, name, changer)
  } catch {
    return []
  }
}

function providerOf(workspace: Workspace, environment: Environment): string {
  return environment.settings.secretsProvider ?? workspace.store.configuration.defaultSecretsProvider
}

/**
 * Where a new passphrase comes from: ESC_NEW_PASSPHRASE, the file ESC_NEW_PASSPHRASE_FILE names,
 * or, when it replaces another, a question asked twice; never ESC_PASSPHRASE, which opens what
 * there is. Undefined: as the passphrase of any new environment.
 */
function newPassphrase(workspace: Workspace, { replaces }: { readonly replaces: boolean }): KeyContext | undefined {
  const { options } = workspace
  const {
    ESC_NEW_PASSPHRASE,
    ESC_NEW_PASSPHRASE_FILE,
    ESC_PASSPHRASE: _,
    ESC_PASSPHRASE_FILE: __,
    ...env
  } = options.env
  const given = ESC_NEW_PASSPHRASE !== undefined || Boolean(ESC_NEW_PASSPHRASE_FILE)
  if (!given && !replaces) return undefined
  if (!given && options.prompt === undefined) {
    throw new EscError(
      'usage',
      'it is under a passphrase already: a new passphrase must be given apart from the present one',
      {
        hint: 'set ESC_NEW_PASSPHRASE or ESC_NEW_PASSPHRASE_FILE, or run the command on a terminal',
      },
    )
  }
  const passphrase = {
    ...(ESC_NEW_PASSPHRASE === undefined ? {} : { ESC_PASSPHRASE: ESC_NEW_PASSPHRASE }),
    ...(ESC_NEW_PASSPHRASE_FILE ? { ESC_PASSPHRASE_FILE: ESC_NEW_PASSPHRASE_FILE } : {}),
  }
  return keyContext({ ...options, env: { ...env, ...passphrase } })
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
