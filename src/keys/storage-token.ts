import type { OtherCall } from './key-fault.ts'
import type { KeyContext } from './provider.ts'
import { entraToken } from './providers/azure-token.ts'
import { googleToken } from './providers/google-token.ts'

/** The store of objects that is read: Google Cloud Storage, or a host of Azure Blob Storage. */
export type ObjectStore = { readonly kind: 'google' } | { readonly kind: 'azure'; readonly host: string }

const forReading = 'https://www.googleapis.com/auth/devstorage.read_only'

/**
 * An access token of the user's own for reading objects, from where tokens for keys come from.
 *
 * @throws EscError `key_unavailable` where there is none.
 */
export async function storageToken(store: ObjectStore, context: KeyContext, call: OtherCall): Promise<string> {
  if (store.kind === 'google') return googleToken(context, call, forReading)
  const given = 'AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN'
  return entraToken({ resource: 'https://storage.azure.com', host: store.host, given }, context, call)
}
