import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type FakeAnswer, type FakeRequest, HttpFake } from './http-fake.ts'
import { parseSignature, signatureMatches, skewMs } from './sigv4.ts'

interface KmsKey {
  readonly id: string
  readonly region: string
  /** Key material, oldest first: rotation adds some and keeps the id. */
  readonly material: Buffer[]
  state: 'Enabled' | 'Disabled' | 'PendingDeletion'
}

interface Login {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** Actions such as `kms:Decrypt`. */
  readonly allowed: readonly string[]
}

const account = '123456789012'

/**
 * KMS, and AssumeRole of STS: signatures, regions, key ids, ARNs and aliases, encryption contexts,
 * key states.
 */
export class FakeKms extends HttpFake {
  readonly keys: KmsKey[] = []
  /** Name to key, by region: `us-east-1/app`. */
  readonly aliases = new Map<string, KmsKey>()
  readonly logins: Login[] = []
  /** ARNs of roles, and what who assumes them may do. */
  readonly roles = new Map<string, readonly string[]>()

  addKey(
    region: string,
    id: string = [4, 2, 2, 2, 6].map((bytes) => randomBytes(bytes).toString('hex')).join('-'),
  ): KmsKey {
    const key: KmsKey = { id, region, material: [randomBytes(32)], state: 'Enabled' }
    this.keys.push(key)
    return key
  }

  /** The same multi-region key in another region. */
  replicate(key: KmsKey, region: string): KmsKey {
    const replica: KmsKey = { ...key, region }
    this.keys.push(replica)
    return replica
  }

  addLogin(allowed: readonly string[], sessionToken?: string): Login {
    const login = {
      accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      ...(sessionToken && { sessionToken }),
      allowed,
    }
    this.logins.push(login)
    return login
  }

  arnOf({ id, region }: KmsKey): string {
    return `arn:aws:kms:${region}:${account}:key/${id}`
  }

  protected isKeyCall({ headers }: FakeRequest): boolean {
    return headers['x-amz-target'] !== undefined
  }

  protected fault(
    status: number,
    text: string,
    code = status >= 500 ? 'KMSInternalException' : 'ValidationException',
  ): FakeAnswer {
    return {
      status,
      body: { __type: `com.amazonaws.kms#${code}`, message: text },
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomBytes(8).toString('hex') },
    }
  }

  protected answer(request: FakeRequest): FakeAnswer {
    const parts = parseSignature(request)
    if (parts === undefined)
      return this.fault(400, 'Request is missing Authentication Token', 'MissingAuthenticationTokenException')
    const login = this.logins.find(({ accessKeyId }) => accessKeyId === parts.accessKeyId)
    const token = request.headers['x-amz-security-token']
    if (login === undefined || login.sessionToken !== token) {
      return this.fault(400, 'The security token included in the request is invalid.', 'UnrecognizedClientException')
    }
    if (!signatureMatches(request, parts, login.secretAccessKey) || skewMs(parts, new Date()) > 300_000) {
      const quoted = `The Canonical String for this request should have been 'x-amz-security-token:${token}'`
      return this.fault(
        400,
        `The request signature we calculated does not match. ${quoted}`,
        'InvalidSignatureException',
      )
    }
    if (parts.service === 'sts') return this.#assumeRole(request, login)
    const operation = /^TrentService\.(\w+)$/.exec(String(request.headers['x-amz-target']))?.[1]
    const json = request.headers['content-type'] === 'application/x-amz-json-1.1'
    if (
      parts.service !== 'kms' ||
      request.method !== 'POST' ||
      request.path !== '/' ||
      !json ||
      operation === undefined
    ) {
      return this.fault(400, '', 'UnknownOperationException')
    }
    if (!login.allowed.includes(`kms:${operation}`)) {
      const text = `User: ${login.accessKeyId} is not authorized to perform: kms:${operation} on this resource`
      return this.fault(400, text, 'AccessDeniedException')
    }
    const given = JSON.parse(request.body) as Given
    if (operation === 'Encrypt') return this.#encrypt(given, parts.region)
    if (operation === 'Decrypt') return this.#decrypt(given, parts.region)
    return this.fault(400, '', 'UnknownOperationException')
  }

  #find(keyId: string, region: string): KmsKey | undefined {
    const [, itsRegion = region, resource = keyId] = /^arn:aws:kms:([^:]+):123456789012:(.*)$/.exec(keyId) ?? []
    if (itsRegion !== region) return undefined
    const alias = /^alias\/(.*)$/.exec(resource)?.[1]
    if (alias !== undefined) return this.aliases.get(`${region}/${alias}`)
    const id = resource.replace(/^key\//, '')
    return this.keys.find((key) => key.id === id && key.region === region)
  }

  #encrypt({ KeyId = '', Plaintext = '', EncryptionContext }: Given, region: string): FakeAnswer {
    const key = this.#find(KeyId, region)
    if (key === undefined) return this.fault(400, `Key '${KeyId}' does not exist`, 'NotFoundException')
    if (key.state !== 'Enabled') return this.#unusable(key)
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key.material.at(-1)!, nonce).setAAD(canonical(EncryptionContext))
    const body = [nonce, cipher.update(Plaintext, 'base64'), cipher.final(), cipher.getAuthTag()]
    const head = Buffer.from(`${key.id}\n${key.material.length}\n`)
    const CiphertextBlob = Buffer.concat([head, ...body]).toString('base64')
    return this.#ok({ CiphertextBlob, KeyId: this.arnOf(key), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' })
  }

  #decrypt({ KeyId, CiphertextBlob = '', EncryptionContext }: Given, region: string): FakeAnswer {
    const named = KeyId === undefined ? undefined : this.#find(KeyId, region)
    if (KeyId !== undefined && named === undefined) {
      return this.fault(400, `Key '${KeyId}' does not exist`, 'NotFoundException')
    }
    const bytes = Buffer.from(CiphertextBlob, 'base64')
    const [, head = '', id, version] = /^(([\w-]+)\n(\d+)\n)/.exec(bytes.toString('latin1')) ?? []
    const key = this.keys.find((each) => each.id === id && each.region === region)
    if (key === undefined) return this.fault(400, '', 'InvalidCiphertextException')
    if (named !== undefined && named !== key) {
      const text = 'The key ID in the request does not identify a CMK that can perform this operation.'
      return this.fault(400, text, 'IncorrectKeyException')
    }
    if (key.state !== 'Enabled') return this.#unusable(key)
    const sealed = bytes.subarray(head.length)
    try {
      const material = key.material[Number(version) - 1]!
      const decipher = createDecipheriv('aes-256-gcm', material, sealed.subarray(0, 12), { authTagLength: 16 })
      decipher.setAAD(canonical(EncryptionContext)).setAuthTag(sealed.subarray(-16))
      const plaintext = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
      return this.#ok({ Plaintext: plaintext.toString('base64'), KeyId: this.arnOf(key) })
    } catch {
      return this.fault(400, '', 'InvalidCiphertextException')
    }
  }

  #unusable(key: KmsKey): FakeAnswer {
    return key.state === 'Disabled'
      ? this.fault(400, `${this.arnOf(key)} is disabled.`, 'DisabledException')
      : this.fault(400, `${this.arnOf(key)} is pending deletion.`, 'KMSInvalidStateException')
  }

  #ok(body: object): FakeAnswer {
    return { status: 200, body, headers: { 'content-type': 'application/x-amz-json-1.1' } }
  }

  #assumeRole({ body }: FakeRequest, login: Login): FakeAnswer {
    const form = new URLSearchParams(body)
    const allowed = this.roles.get(form.get('RoleArn') ?? '')
    const headers = { 'content-type': 'text/xml' }
    if (form.get('Action') !== 'AssumeRole' || allowed === undefined || !login.allowed.includes('sts:AssumeRole')) {
      const text = `<Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole on resource: ${form.get('RoleArn')}</Message>`
      return { status: 403, headers, body: `<ErrorResponse><Error><Type>Sender</Type>${text}</Error></ErrorResponse>` }
    }
    const session = this.addLogin(allowed, randomBytes(40).toString('base64'))
    const credentials = [
      `<AccessKeyId>${session.accessKeyId}</AccessKeyId>`,
      `<SecretAccessKey>${session.secretAccessKey}</SecretAccessKey>`,
      `<SessionToken>${session.sessionToken}</SessionToken>`,
      `<Expiration>${new Date(Date.now() + 900_000).toISOString()}</Expiration>`,
    ].join('')
    const result = `<AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult>`
    return {
      status: 200,
      headers,
      body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}</AssumeRoleResponse>`,
    }
  }
}

interface Given {
  readonly KeyId?: string
  readonly Plaintext?: string
  readonly CiphertextBlob?: string
  readonly EncryptionContext?: Readonly<Record<string, string>>
}

function canonical(context: Readonly<Record<string, string>> = {}): Buffer {
  return Buffer.from(JSON.stringify(Object.entries(context).sort(([one], [other]) => (one < other ? -1 : 1))))
}
