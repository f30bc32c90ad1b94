import type { EnvironmentContext } from './environment-context.ts'
import type { StoreTransaction } from './records/records.ts'
import type { SettingsFile } from './settings/settings-file.ts'

/** Purpose of one change of an environment. */
interface EnvironmentWrite {
  readonly purpose: string
  /** True when the caller holds the environment's lock. */
  readonly underLock?: boolean
}

/**
 * Runs one change of an environment while nobody else changes it. The settings are read anew at the
 * start.
 * @throws EscError `forbidden`, `locked`, `io`; what `write` throws.
 */
export async function changeEnvironment<Result>(
  { context, settings }: { readonly context: EnvironmentContext; readonly settings: SettingsFile },
  { purpose, underLock = false }: EnvironmentWrite,
  write: (transaction: StoreTransaction) => Result,
): Promise<Result> {
  const { name, host, records } = context
  host.guard(name, 'write')
  try {
    return await records.transaction({ environment: name, purpose, underLock }, (transaction) => {
      settings.read()
      return write(transaction)
    })
  } catch (error) {
    // What the transaction has read and written may not be what is kept.
    settings.forget()
    throw error
  }
}
