import type { EnvironmentContext } from './environment-context.ts'
import type { StoreTransaction, TransactionRequest } from './records/records.ts'
import type { SettingsFile } from './settings/settings-file.ts'

/** A change of an environment that is known. */
export type EnvironmentWrite = Omit<TransactionRequest, 'environment' | 'also'>

/**
 * Runs one change of an environment while nobody else changes it. The settings are read anew at the
 * start.
 * @throws EscError `forbidden`, `locked`, `io`; what `write` throws.
 */
export async function changeEnvironment<Result>(
  { context, settings }: { readonly context: EnvironmentContext; readonly settings: SettingsFile },
  request: EnvironmentWrite,
  write: (transaction: StoreTransaction) => Result,
): Promise<Result> {
  const { name, host, records } = context
  host.guard(name, 'write')
  try {
    return await records.transaction({ environment: name, ...request }, (transaction) => {
      settings.read()
      return write(transaction)
    })
  } catch (error) {
    // What the transaction has read and written may not be what is kept.
    settings.forget()
    throw error
  }
}
