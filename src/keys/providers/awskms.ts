import { EscError } from '../../errors.ts'
import { present } from '../../present.ts'
import { exactKey, malformedWrapping } from '../bound-key.ts'
import { dataKeyText, type KeyOwner } from '../data-key.ts'
import { type KeyCall, type KeyProblem, keyFault, malformedKeyAnswer } from '../key-fault.ts'
import { completeNetwork, type KeyNetwork } from '../network.ts'
import type { KeyContext, SecretsProvider } from '../provider.ts'
import { exactBytes } from '../wrapping.ts'
import { type AwsEndpoints, endpointsOf } from './awskms-endpoints.ts'
import { type AwsKeyUrl, environmentContextKey } from './awskms-key.ts'

type Sdk = typeof import('../../vendor/aws-kms.ts')
/** Options for the clients of both KMS and STS. */
type ClientOptions = NonNullable<ConstructorParameters<Sdk['KMSClient']>[0]> &
  NonNullable<ConstructorParameters<Sdk['STSClient']>[0]>

/**
 * `awskms://`: a symmetric key of AWS KMS. The environment's id is in the encryption context,
 * where key policies and CloudTrail see it. Wrapped form: `v1:awskms:<ARN of the key>:<base64>`:
 * an alias may be pointed at another key and what the first one wrapped stays readable. A key that
 * AWS rotates keeps its ARN.
 */
export function awskmsProvider(url: AwsKeyUrl, context: KeyContext, owner: KeyOwner): SecretsProvider {
  const network = completeNetwork(context.network)
  const EncryptionContext = { ...url.context, [environmentContextKey]: owner.id }
  const foreignContext = Object.keys(url.context).length === 0 ? {} : { EncryptionContext: url.context }

  async function ask<T>(
    call: KeyCall,
    send: (kms: InstanceType<Sdk['KMSClient']>, sdk: Sdk, options: SendOptions) => Promise<T>,
  ): Promise<T> {
    const sdk = await loadSdk()
    const endpoints = await endpointsOf(sdk, url, context)
    const options = clientOptions(url, context, { sdk, network, endpoints })
    // Two attempts, and what comes between.
    const sending = { abortSignal: AbortSignal.timeout(2 * network.timeoutMs + 2000) }
    const sts = url.role === undefined ? undefined : new sdk.STSClient({ ...options, endpoint: endpoints.sts })
    const kms = new sdk.KMSClient({
      ...options,
      ...(sts && { credentials: () => assumeRole(sdk, sts, present(url.role), sending) }),
    })
    try {
      return await send(kms, sdk, sending)
    } catch (error) {
      throw asKeyFault(error, { ...call, hidden: [...call.hidden, ...secretsOf(context)] })
    } finally {
      kms.destroy()
      sts?.destroy()
    }
  }

  /** An alias may have been pointed elsewhere; the id of a key is for ever. */
  function refuseOtherKey(arn: string): void {
    const id = /(?:^|:key\/)([\w-]+)$/.exec(url.keyId)?.[1]
    if (id === undefined || arn.endsWith(`:key/${id}`)) return
    throw new EscError('tampered', `${dataKeyText(owner)} was wrapped with AWS KMS key ${arn}, not with ${url.keyId}`, {
      hint: 'restore secretsProvider and wrappedDataKey in its settings.yaml from the git history',
    })
  }

  return {
    async wrapKey(dataKey) {
      const call = callOf('wrap', url.keyId, owner, [Buffer.from(dataKey).toString('base64')])
      const answer = await ask(call, (kms, sdk, options) =>
        kms.send(new sdk.EncryptCommand({ KeyId: url.keyId, Plaintext: dataKey, EncryptionContext }), options),
      )
      const { CiphertextBlob: ciphertext, KeyId: arn } = answer
      if (!ciphertext?.length || !keyArnForm.test(arn ?? '')) throw malformedKeyAnswer(call, 'AWS KMS')
      return `v1:awskms:${arn}:${Buffer.from(ciphertext).toString('base64')}`
    },

    async unwrapKey(wrapped) {
      const [, arn = '', ciphertext = ''] = /^v1:awskms:(arn:.*):([A-Za-z0-9+/]+={0,2})$/.exec(wrapped) ?? []
      if (!keyArnForm.test(arn)) throw malformedWrapping(owner)
      refuseOtherKey(arn)
      const CiphertextBlob = exactBytes(ciphertext)
      if (CiphertextBlob === undefined) throw malformedWrapping(owner)
      const call = callOf('unwrap', arn, owner, [])
      const answer = await ask(call, async (kms, sdk, options) => {
        const KeyId = inRegion(arn, await kms.config.region())
        return kms.send(new sdk.DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext }), options)
      })
      if (!answer.Plaintext?.length) throw malformedKeyAnswer(call, 'AWS KMS')
      return exactKey(answer.Plaintext, owner)
    },

    async encryptForeign(Plaintext) {
      const call = callOf('wrap', url.keyId, owner, [Buffer.from(Plaintext).toString('base64')])
      const answer = await ask(call, (kms, sdk, options) =>
        kms.send(new sdk.EncryptCommand({ KeyId: url.keyId, Plaintext, ...foreignContext }), options),
      )
      if (!answer.CiphertextBlob?.length) throw malformedKeyAnswer(call, 'AWS KMS')
      return answer.CiphertextBlob
    },

    // The ciphertext names its key; an alias may have been pointed elsewhere since.
    async decryptForeign(CiphertextBlob) {
      const call = callOf('unwrap', url.keyId, owner, [])
      const answer = await ask(call, (kms, sdk, options) =>
        kms.send(new sdk.DecryptCommand({ CiphertextBlob, ...foreignContext }), options),
      )
      if (!answer.Plaintext?.length) throw malformedKeyAnswer(call, 'AWS KMS')
      return answer.Plaintext
    },
  }
}

interface SendOptions {
  readonly abortSignal: AbortSignal
}

const keyArnForm = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key\/[A-Za-z0-9-]+$/

/**
 * Replicas of a multi-region key differ in the region of their ARN only, and decrypt
 * each other's ciphertexts.
 */
function inRegion(arn: string, region: string): string {
  return arn.includes(':key/mrk-') ? arn.replace(/^((?:[^:]*:){3})[^:]*/, `$1${region}`) : arn
}

async function loadSdk(): Promise<Sdk> {
  // The SDK otherwise prints a notice about old Node releases on stderr whenever a client is made.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  return import('../../vendor/aws-kms.ts')
}

/**
 * The SDK otherwise warns on the console when there are credentials in variables
 * beside those of a profile.
 */
const silent = { debug() {}, info() {}, warn() {}, error() {} }

interface Surroundings {
  readonly sdk: Sdk
  readonly network: KeyNetwork
  readonly endpoints: AwsEndpoints
}

function clientOptions(url: AwsKeyUrl, { env }: KeyContext, { sdk, network, endpoints }: Surroundings): ClientOptions {
  const region = url.region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION)
  const profile = url.profile ?? env.AWS_PROFILE
  const fixed = url.profile === undefined && env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY
  return {
    maxAttempts: 2,
    logger: silent,
    useDualstackEndpoint: url.dualstack,
    useFipsEndpoint: url.fips,
    ...(region && { region }),
    ...(endpoints.kms && { endpoint: endpoints.kms }),
    // Those of the profile are among `endpoints`; the SDK would look them up for AWS_PROFILE.
    ...(profile && { ignoreConfiguredEndpointUrls: true }),
    // What is not named here, the SDK looks for as always: shared files, single sign-on, web
    // identity, the machine's role.
    ...(fixed
      ? {
          credentials: {
            accessKeyId: present(env.AWS_ACCESS_KEY_ID),
            secretAccessKey: present(env.AWS_SECRET_ACCESS_KEY),
            ...(env.AWS_SESSION_TOKEN && { sessionToken: env.AWS_SESSION_TOKEN }),
          },
        }
      : profile && { profile, ...profileCredentials(sdk, profile, { ...endpoints, ...(region && { region }) }) }),
    ...(url.anonymous && {
      signer: { sign: async (request) => request },
      credentials: { accessKeyId: '', secretAccessKey: '' },
    }),
    requestHandler: {
      connectionTimeout: Math.min(5000, network.timeoutMs),
      requestTimeout: network.timeoutMs,
      throwOnRequestTimeout: true,
    },
  }
}

/**
 * A profile that assumes a role does so at the STS that it names. The SDK would
 * ask that of `AWS_PROFILE`.
 */
function profileCredentials(
  sdk: Sdk,
  profile: string,
  { region, sts }: Pick<AwsEndpoints, 'region' | 'sts'>,
): Pick<ClientOptions, 'credentials'> {
  if (sts === undefined) return {}
  const options = { endpoint: sts, credentialProviderLogger: silent, ...(region && { region }) }
  return {
    credentials: sdk.defaultProvider({
      profile,
      logger: silent,
      roleAssumer: sdk.getDefaultRoleAssumer(options),
      roleAssumerWithWebIdentity: sdk.getDefaultRoleAssumerWithWebIdentity(options),
    }),
  }
}

async function assumeRole(sdk: Sdk, sts: InstanceType<Sdk['STSClient']>, role: string, options: SendOptions) {
  const { Credentials: got } = await sts.send(
    new sdk.AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'esc', DurationSeconds: 900 }),
    options,
  )
  if (!got?.AccessKeyId || !got.SecretAccessKey) throw new SyntaxError('no credentials in the answer')
  return {
    accessKeyId: got.AccessKeyId,
    secretAccessKey: got.SecretAccessKey,
    ...(got.SessionToken && { sessionToken: got.SessionToken }),
    ...(got.Expiration && { expiration: got.Expiration }),
  }
}

function callOf(action: KeyCall['action'], keyId: string, owner: KeyOwner, hidden: readonly string[]): KeyCall {
  return { action, key: `AWS KMS key ${keyId}`, owner, hidden }
}

function secretsOf({ env }: KeyContext): string[] {
  return [env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN].filter((text) => text !== undefined)
}

function asKeyFault(error: unknown, call: KeyCall): EscError {
  if (error instanceof EscError) return error
  const fault = error as {
    readonly name?: string
    readonly code?: string
    readonly message?: string
    readonly $fault?: unknown
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  const name = fault.name ?? 'Error'
  const status = fault.$fault === undefined ? undefined : fault.$metadata?.httpStatusCode
  if (status !== undefined && name !== 'Error' && name !== 'SyntaxError' && name !== 'Unknown') {
    const [problem, hint] = explain(name, call.action, status)
    // Those about signatures quote the request, session token and all.
    const text =
      /signature/i.test(name) || /signature|canonical/i.test(fault.message ?? '') ? '' : (fault.message ?? '')
    return keyFault(call, problem, { code: name, text, hint })
  }
  if (/Credentials|TokenProvider|SSO/.test(name)) {
    return keyFault(call, 'credentials', {
      code: 'no credentials',
      text: 'AWS credentials were not found',
      hint: loginHint,
    })
  }
  if (/region is missing/i.test(fault.message ?? '')) {
    return keyFault(call, 'credentials', {
      code: 'no region',
      text: 'the region of the key is not known',
      hint: 'put ?region=… into the URL of the secrets provider, or set AWS_REGION',
    })
  }
  // The SDK gives a cut connection the name of a timeout as well.
  const { code = '' } = fault
  if (/^E(?!TIMEDOUT)[A-Z_]+$/.test(code)) {
    const hint = 'check the network, the region, proxy and endpoint settings'
    return keyFault(call, 'unreachable', { code, text: 'no connection to AWS', hint })
  }
  if (name === 'TimeoutError' || name === 'AbortError' || code === 'ETIMEDOUT') {
    const hint = 'check the network, proxy and endpoint settings'
    return keyFault(call, 'unreachable', { code: 'timeout', text: 'AWS did not answer in time', hint })
  }
  return malformedKeyAnswer(call, 'AWS')
}

const loginHint =
  'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or put ?profile=… into the URL of the secrets provider'

function explain(name: string, action: KeyCall['action'], status: number): [KeyProblem, string] {
  switch (name.replace(/Exception$/, '')) {
    case 'AccessDenied':
    case 'KMSAccessDenied':
      return [
        'denied',
        `the identity needs kms:${action === 'wrap' ? 'Encrypt' : 'Decrypt'} on the key, by its policy and its own`,
      ]
    case 'NotFound':
      return ['missing', 'check the key id, alias, account and region']
    case 'Disabled':
    case 'KMSInvalidState':
      return ['missing', 'enable the key, or cancel its deletion, in AWS KMS']
    case 'KeyUnavailable':
      return ['unreachable', 'try again later']
    case 'InvalidCiphertext':
    case 'IncorrectKey':
      return ['changed', 'restore secretsProvider, id and wrappedDataKey in its settings.yaml from the git history']
    case 'UnrecognizedClient':
    case 'InvalidClientTokenId':
    case 'InvalidSignature':
    case 'SignatureDoesNotMatch':
    case 'ExpiredToken':
    case 'IncompleteSignature':
    case 'MissingAuthenticationToken':
      return ['credentials', `the AWS credentials are not accepted: ${loginHint}`]
    default:
      return [
        'failed',
        status >= 500 || status === 429 ? 'try again later' : 'the key must be symmetric, for ENCRYPT_DECRYPT',
      ]
  }
}
