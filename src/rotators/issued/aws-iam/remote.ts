import { quoted } from '../../../http/index.ts'
import { secret } from '../../../secret.ts'
import { rfc3339 } from '../../rfc3339.ts'
import { isPassingFault, VendorError } from '../../vendor-error.ts'
import type { AccessKey, IamLogin } from './types.ts'
import { iamRegion } from './user-arn.ts'

/** A key as IAM lists it. */
export interface ListedKey {
  readonly accessKeyId: string
  readonly createdAt: Date
  /** False for keys that AWS refuses: `Inactive`, and `Expired`. */
  readonly active: boolean
}

export interface CallerIdentity {
  readonly account: string
  readonly arn: string
}

/** The calls this rotator makes, with errors as `VendorError`. */
export interface IamRemote {
  getCallerIdentity(): Promise<CallerIdentity>
  /** The user's ARN; undefined where the login may not ask. */
  getUserArn(userName: string): Promise<string | undefined>
  /** All pages; `at` is the clock of AWS. */
  listAccessKeys(userName: string): Promise<{ readonly keys: readonly ListedKey[]; readonly at: Date }>
  /**
   * One request, repeated only when AWS refused it: a second one after a lost answer would
   * leave a key nobody knows.
   */
  createAccessKey(userName: string): Promise<AccessKey>
  /** A key that is gone already counts as deleted, and is said to be `absent`. */
  deleteAccessKey(userName: string, accessKeyId: string): Promise<'absent' | undefined>
  /** True when the key was ever used; undefined where the login may not ask. */
  wasEverUsed(accessKeyId: string): Promise<boolean | undefined>
  close(): void
}

const requestTimeoutMs = 20_000

type Sdk = typeof import('../../../vendor/aws.ts')

async function loadSdk(): Promise<Sdk> {
  // The SDK otherwise prints a notice about old Node releases on stderr whenever a client is made.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  return import('../../../vendor/aws.ts')
}

function clientOptions(login: IamLogin, region: string, maxAttempts: number) {
  return {
    region,
    maxAttempts,
    credentials: {
      accessKeyId: login.accessKeyId,
      secretAccessKey: login.secretAccessKey.reveal(),
      ...(login.sessionToken !== undefined && { sessionToken: login.sessionToken.reveal() }),
    },
    requestHandler: { connectionTimeout: 5_000, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
  }
}

export async function connectIam(login: IamLogin, region: string): Promise<IamRemote> {
  return new IamClients(await loadSdk(), login, region)
}

class IamClients implements IamRemote {
  readonly #sdk: Sdk
  readonly #login: IamLogin
  /** Repeats its requests. */
  readonly #reading: InstanceType<Sdk['IAMClient']>
  readonly #writing: InstanceType<Sdk['IAMClient']>
  readonly #sts: InstanceType<Sdk['STSClient']>
  #clockOfAws: Date | undefined

  constructor(sdk: Sdk, login: IamLogin, region: string) {
    this.#sdk = sdk
    this.#login = login
    this.#reading = new sdk.IAMClient(clientOptions(login, iamRegion(region), 3))
    this.#writing = new sdk.IAMClient(clientOptions(login, iamRegion(region), 1))
    this.#sts = new sdk.STSClient(clientOptions(login, region, 3))
    this.#reading.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        const { headers } = result.response as { headers?: Record<string, string> }
        const date = new Date(headers?.date ?? Number.NaN)
        if (!Number.isNaN(date.getTime())) this.#clockOfAws = date
        return result
      },
      { step: 'deserialize', name: 'clockOfAws', priority: 'low' },
    )
  }

  async #call<T>(action: string, about: string, send: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await send(AbortSignal.timeout(3 * requestTimeoutMs))
    } catch (error) {
      throw asAwsError(error, action, about, this.#login)
    }
  }

  async getCallerIdentity() {
    const answer = await this.#call('sts:GetCallerIdentity', `as ${this.#login.accessKeyId}`, (abortSignal) =>
      this.#sts.send(new this.#sdk.GetCallerIdentityCommand({}), { abortSignal }),
    )
    return { account: answer.Account ?? '', arn: answer.Arn ?? '' }
  }

  async getUserArn(userName: string) {
    try {
      const answer = await this.#call('iam:GetUser', `for user ${userName}`, (abortSignal) =>
        this.#reading.send(new this.#sdk.GetUserCommand({ UserName: userName }), { abortSignal }),
      )
      return answer.User?.Arn
    } catch (error) {
      if (isAwsError(error, 'AccessDenied', 'AccessDeniedException')) return undefined
      throw error
    }
  }

  async listAccessKeys(userName: string) {
    const keys: ListedKey[] = []
    let marker: string | undefined
    do {
      const command = new this.#sdk.ListAccessKeysCommand({ UserName: userName, ...(marker && { Marker: marker }) })
      const page = await this.#call('iam:ListAccessKeys', `for user ${userName}`, (abortSignal) =>
        this.#reading.send(command, { abortSignal }),
      )
      for (const key of page.AccessKeyMetadata ?? []) {
        if (key.AccessKeyId !== undefined) {
          keys.push({
            accessKeyId: key.AccessKeyId,
            createdAt: key.CreateDate ?? new Date(Number.NaN),
            active: key.Status === undefined || key.Status === 'Active',
          })
        }
      }
      marker = page.IsTruncated ? page.Marker : undefined
    } while (marker !== undefined)
    return { keys, at: this.#clockOfAws ?? new Date() }
  }

  async createAccessKey(userName: string): Promise<AccessKey> {
    const create = () =>
      this.#call('iam:CreateAccessKey', `for user ${userName}`, (abortSignal) =>
        this.#writing.send(new this.#sdk.CreateAccessKeyCommand({ UserName: userName }), { abortSignal }),
      )
    const { AccessKey: key } = await create().catch((error) => {
      // With a wrong clock the first signature is refused; the SDK has
      // since learnt the time of AWS.
      if (isAwsError(error, 'SignatureDoesNotMatch', 'RequestTimeTooSkewed') && error.refused) return create()
      throw error
    })
    if (!key?.AccessKeyId || !key.SecretAccessKey) {
      throw new VendorError(`aws-iam: iam:CreateAccessKey for user ${userName} answered without a key`, {
        code: 'IncompleteAnswer',
        refused: false,
        hint: undefined,
      })
    }
    return {
      accessKeyId: key.AccessKeyId,
      secretAccessKey: secret(key.SecretAccessKey),
      ...(key.CreateDate && { createdAt: rfc3339(key.CreateDate) }),
    }
  }

  async deleteAccessKey(userName: string, accessKeyId: string): Promise<'absent' | undefined> {
    const command = new this.#sdk.DeleteAccessKeyCommand({ UserName: userName, AccessKeyId: accessKeyId })
    try {
      // Deleting twice does no harm, so this one may be repeated.
      await this.#call('iam:DeleteAccessKey', `of ${accessKeyId} of user ${userName}`, (abortSignal) =>
        this.#reading.send(command, { abortSignal }),
      )
      return undefined
    } catch (error) {
      if (isAwsError(error, 'NoSuchEntity', 'NoSuchEntityException')) return 'absent'
      throw error
    }
  }

  async wasEverUsed(accessKeyId: string) {
    try {
      const answer = await this.#call('iam:GetAccessKeyLastUsed', `of ${accessKeyId}`, (abortSignal) =>
        this.#reading.send(new this.#sdk.GetAccessKeyLastUsedCommand({ AccessKeyId: accessKeyId }), { abortSignal }),
      )
      return answer.AccessKeyLastUsed?.LastUsedDate !== undefined
    } catch (error) {
      if (error instanceof VendorError && error.refused) return undefined
      throw error
    }
  }

  close(): void {
    this.#reading.destroy()
    this.#writing.destroy()
    this.#sts.destroy()
  }
}

export function isAwsError(
  error: unknown,
  ...codes: readonly string[]
): error is VendorError & { readonly vendorCode: string } {
  return error instanceof VendorError && error.vendorCode !== undefined && codes.includes(error.vendorCode)
}

const hints: Readonly<Record<string, string>> = {
  AccessDenied: 'the login needs iam:ListAccessKeys, iam:CreateAccessKey and iam:DeleteAccessKey on the user',
  InvalidClientTokenId: 'the access key of `login` is unknown or inactive at AWS',
  SignatureDoesNotMatch: 'the secret access key of `login` does not belong to its access key id',
  ExpiredToken: 'the session of `login` has expired',
  NoSuchEntity: 'check the user name in `userArn` and the account of `login`',
}

/**
 * An answer of AWS, or the lack of one. Made without the SDK's error as its cause, which
 * holds the signed request.
 */
function asAwsError(error: unknown, action: string, about: string, login: IamLogin): VendorError {
  const fault = error as {
    name?: string
    code?: string
    message?: string
    hostname?: string
    address?: string
    port?: number
    $metadata?: { httpStatusCode?: number; requestId?: string }
  }
  const status = fault.$metadata?.httpStatusCode
  const code = (status === undefined ? (fault.code ?? fault.name) : fault.name) ?? 'Error'
  // Only AWS gives request ids: a proxy's 4xx may stand for a request that was
  // carried out all the same.
  const refused = status !== undefined && status >= 400 && status < 500 && fault.$metadata?.requestId !== undefined
  const text = status === undefined ? endpointOf(fault) : spokenText(code, fault.message ?? '', login)
  const detail = text === '' || text === code ? '' : `: ${text}`
  const hint =
    status === undefined ? 'check the network, proxy and endpoint settings' : hints[code.replace(/Exception$/, '')]
  return new VendorError(`aws-iam: ${action} ${about} failed: ${code}${detail}`, {
    code: code.replace(/Exception$/, ''),
    refused,
    transient:
      status === undefined
        ? isPassingFault(code)
        : status >= 500 || status === 429 || /throttl|^TooManyRequests/i.test(code),
    hint,
  })
}

/**
 * Returns the endpoint where nobody answered, such as `iam.amazonaws.com` or `127.0.0.1:4566`;
 * empty where Node does not say.
 */
function endpointOf({
  hostname,
  address,
  port,
}: {
  readonly hostname?: string
  readonly address?: string
  readonly port?: number
}): string {
  const host = hostname ?? address ?? ''
  return host === '' || port === undefined ? host : `${host}:${port}`
}

/**
 * The vendor's words on one line. Those about signatures quote the request, session token and
 * all, so they are left out.
 */
function spokenText(code: string, message: string, login: IamLogin): string {
  if (/signature/i.test(code) || /signature|canonical/i.test(message)) return ''
  const hidden = [login.secretAccessKey.reveal(), login.sessionToken?.reveal() ?? '']
  return quoted(message.split('\n', 1)[0] ?? '', hidden)
}
