import { EscError } from '../errors.ts'
import type { HttpAnswer } from '../http/index.ts'
import { secret } from '../secret.ts'
import type { AwsLogin } from './aws-signature.ts'
import { azureBlob } from './azure-blob.ts'
import { machineOf } from './machine.ts'
import { gcsObject, type ObjectRead, s3Object } from './object-stores.ts'
import type { MachineAccess, ProviderContext, Variables } from './provider.ts'
import { checkpointNames, isOfProject, noSuchStack, type PulumiBackend } from './pulumi-checkpoint.ts'
import { shownAddress, siteAddress } from './site-address.ts'
import { isRefusal, malformedAnswer, type ProviderNetwork } from './vendor-call.ts'

type ReadObject = (name: string, read: ObjectRead) => Promise<HttpAnswer>

/** Matches how stores of objects say that there is none of this name. */
const missing = ['NoSuchKey', 'BlobNotFound', 'NOT_FOUND']

/** A backend in S3, Azure Blob Storage or Google Cloud Storage, by the user's own login. */
export async function pulumiObjects(
  url: string,
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<PulumiBackend> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const open = parsed === undefined ? undefined : schemes[parsed.protocol]
  if (parsed === undefined || open === undefined) {
    throw new EscError('invalid_input', `pulumi-stacks: the backend ${shownAddress(url)} is of no known kind`, {
      hint: 'PULUMI_BACKEND_URL begins with https://, file://, s3://, azblob:// or gs://',
    })
  }
  const readObject = await open(parsed, context)
  const prefix = parsed.pathname.replace(/^\/+|\/+$/g, '')
  const place = `${parsed.protocol}//${parsed.host}${parsed.pathname}`.replace(/\/+$/, '')
  return {
    async read(stack) {
      const doing = `reading ${stack.project}/${stack.name} from ${place}`
      for (const name of checkpointNames(stack)) {
        const key = `${prefix === '' ? '' : `${prefix}/`}.pulumi/stacks/${name}`
        try {
          const { json } = await readObject(key, { provider: 'pulumi-stacks', doing, network, context })
          if (json === undefined) throw malformedAnswer('pulumi-stacks', doing)
          if (isOfProject(json, stack)) return json
        } catch (error) {
          if (!isRefusal(error, ...missing)) throw error
        }
      }
      throw noSuchStack(stack, place)
    },
  }
}

const schemes: Readonly<Record<string, (url: URL, context: ProviderContext) => Promise<ReadObject> | ReadObject>> = {
  async 's3:'({ host: bucket, searchParams }, context) {
    const env = context.env ?? {}
    const endpoint = searchParams.get('endpoint')
    const given =
      endpoint === null ? {} : { AWS_ENDPOINT_URL_S3: /^https?:/.test(endpoint) ? endpoint : `https://${endpoint}` }
    const own = { ...context, env: { ...env, ...given } }
    const region = searchParams.get('region') ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1')
    const login = await awsLogin(env)
    return (key, read) => s3Object({ bucket, key, region, login }, { ...read, context: own })
  },
  async 'azblob:'({ host: container, searchParams }, context) {
    const { env = {} } = context
    const account = searchParams.get('storage_account') ?? env.AZURE_STORAGE_ACCOUNT ?? ''
    if (!/^[a-z0-9]+$/.test(account)) {
      throw notLoggedIn('Azure Storage', 'set AZURE_STORAGE_ACCOUNT, and AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN')
    }
    const { AZURE_STORAGE_SAS_TOKEN: sas, AZURE_STORAGE_KEY: accountKey } = env
    const endpoint = blobEndpoint(account, searchParams, env)
    const store = { kind: 'azure', host: new URL(endpoint).hostname } as const
    const credential = sas ? { sas } : accountKey ? { accountKey } : { token: await ownToken(store, context) }
    return (name, read) => azureBlob({ account, container, name, endpoint }, credential, read)
  },
  async 'gs:'({ host: bucket }, context) {
    const token = secret(await ownToken({ kind: 'google' }, context))
    return (name, read) => gcsObject({ bucket, name, token }, read)
  },
}

async function ownToken(
  store: Parameters<MachineAccess['storageToken']>[0],
  context: ProviderContext,
): Promise<string> {
  const machine = await machineOf(context, 'pulumi-stacks')
  return machine.storageToken(store, 'pulumi-stacks: login to where the backend is')
}

/**
 * The endpoint of a storage account, as Pulumi's query and variables say: `domain` for the other
 * clouds of Azure, `localemu` for the emulator, which has the account in the path.
 */
function blobEndpoint(account: string, query: URLSearchParams, env: Variables): string {
  const domain = query.get('domain') || env.AZURE_STORAGE_DOMAIN || 'blob.core.windows.net'
  const protocol = query.get('protocol') || env.AZURE_STORAGE_PROTOCOL || 'https'
  const isEmulator = (query.get('localemu') ?? env.AZURE_STORAGE_IS_LOCAL_EMULATOR) === 'true'
  const address = isEmulator ? `${protocol}://${domain}/${account}` : `${protocol}://${account}.${domain}`
  return siteAddress('pulumi-stacks: the domain of the storage account', address, 'blob.core.windows.net')
}

function notLoggedIn(vendor: string, hint: string): EscError {
  return new EscError('provider_failed', `pulumi-stacks: you are not logged in to ${vendor}, where the backend is`, {
    hint,
  })
}

/** The login that programs of AWS find: variables, else profile, files and the machine. */
async function awsLogin(env: Variables): Promise<AwsLogin> {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key, AWS_SESSION_TOKEN: token } = env
  if (id && key) {
    return { accessKeyId: id, secretAccessKey: secret(key), ...(token && { sessionToken: secret(token) }) }
  }
  try {
    const { defaultProvider } = await import('../vendor/aws-kms.ts')
    const found = await defaultProvider(env.AWS_PROFILE ? { profile: env.AWS_PROFILE } : {})()
    const session = found.sessionToken === undefined ? {} : { sessionToken: secret(found.sessionToken) }
    return { accessKeyId: found.accessKeyId, secretAccessKey: secret(found.secretAccessKey), ...session }
  } catch {
    throw notLoggedIn('AWS', 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE')
  }
}
