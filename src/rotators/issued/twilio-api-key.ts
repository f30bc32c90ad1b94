import type { HttpAnswer, VendorFault } from '../../http/index.ts'
import { present } from '../../present.ts'
import type { SchemaObject } from '../../schema/index.ts'
import { type Secret, secret } from '../../secret.ts'
import { rfc3339 } from '../rfc3339.ts'
import type { RotatorContext } from '../rotator.ts'
import {
  asker,
  clockOf,
  fieldOf,
  inputRefusal,
  malformedVendorAnswer,
  textField,
  type Vendor,
  VendorHttpError,
  type VendorRequest,
} from '../vendor-http.ts'
import { type IssuerSession, issuedTiming, type Listed, type Listing, type Trial } from './kit/index.ts'
import { issuedOverHttp, type WayToVendor } from './kit/over-http.ts'

const example = `values:
  sms:
    fn::rotate::twilio-api-key:
      inputs:
        login: {accountSid: AC00000000000000000000000000000000, authToken: {fn::secret: "…"}}
`

/** The account's own token, or a Main API key. */
export type TwilioLogin = {
  readonly accountSid: string
  readonly authToken?: Secret<string>
  readonly apiKeySid?: string
  readonly apiKeySecret?: Secret<string>
}

export type TwilioApiKeyInputs = {
  readonly login: TwilioLogin
  readonly friendlyName?: string
  readonly keyType?: 'standard' | 'restricted'
  /** The powers of a restricted key. */
  readonly policy?: { readonly allow: readonly string[] }
}

export type TwilioApiKey = {
  readonly sid: string
  readonly secret: Secret<string>
  /** RFC 3339, UTC. */
  readonly createdAt?: string
}

const api = 'https://api.twilio.com'
const iam = 'https://iam.twilio.com'
/** Twilio's limit for a friendly name; the mark must fit in. */
const longestName = 64

const inputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    login: {
      type: 'object',
      additionalProperties: false,
      description: 'The auth token of the account, or a Main API key of it: other keys cannot manage keys.',
      properties: {
        accountSid: { type: 'string' },
        authToken: { type: 'string', secret: true },
        apiKeySid: { type: 'string' },
        apiKeySecret: { type: 'string', secret: true },
      },
      required: ['accountSid'],
    },
    friendlyName: {
      type: 'string',
      description: 'What the keys are called at Twilio; a mark of each rotation is appended. At most 64 characters.',
    },
    keyType: { type: 'string', enum: ['standard', 'restricted'], default: 'standard' },
    policy: {
      type: 'object',
      description: 'What a restricted key may do.',
      properties: { allow: { type: 'array', items: { type: 'string' } } },
      required: ['allow'],
    },
  },
  required: ['login'],
  rotateOnly: ['login'],
}

const credentialSchema: SchemaObject = {
  type: 'object',
  properties: {
    sid: { type: 'string' },
    secret: { type: 'string', secret: true },
    createdAt: { type: 'string' },
  },
  required: ['sid', 'secret'],
}

/** Rotates API keys of a Twilio account. */
export const twilioApiKeyRotator = issuedOverHttp<TwilioApiKeyInputs, TwilioApiKey>({
  name: 'twilio-api-key',
  description: 'API keys of a Twilio account.',
  example,
  inputs: inputsSchema,
  credential: credentialSchema,
  timing: issuedTiming,
  marks: true,
  retires: 'after commit',
  noun: 'API key',
  subject: ({ login }) => `account ${login.accountSid}`,
  idOf: ({ sid }) => sid,
  checkInputs,
  loginUses: ({ login }, { sid }) => login.apiKeySid === sid,
  connect: connectTwilio,
})

export const twilioApiKey = twilioApiKeyRotator()

function checkInputs({ login, friendlyName, keyType, policy }: TwilioApiKeyInputs): void {
  const refuse = inputRefusal('twilio-api-key')
  const { accountSid, authToken, apiKeySid, apiKeySecret } = login
  if (!/^AC[0-9a-fA-F]{32}$/.test(accountSid)) {
    throw refuse(
      `\`login.accountSid\` ${JSON.stringify(accountSid)} is not an account SID`,
      'it is AC and 32 hex digits',
    )
  }
  const withKey = apiKeySid !== undefined || apiKeySecret !== undefined
  if ((authToken !== undefined) === withKey || (apiKeySid === undefined) !== (apiKeySecret === undefined)) {
    throw refuse(
      '`login` must hold either `authToken`, or `apiKeySid` and `apiKeySecret`',
      'give the auth token of the account, or a Main API key made in the Twilio console',
    )
  }
  if (apiKeySid !== undefined && !/^SK[0-9a-fA-F]{32}$/.test(apiKeySid)) {
    throw refuse(
      `\`login.apiKeySid\` ${JSON.stringify(apiKeySid)} is not the SID of a key`,
      'it is SK and 32 hex digits',
    )
  }
  if (friendlyName !== undefined && [...friendlyName].length > longestName) {
    throw refuse(`\`friendlyName\` has more than ${longestName} characters`, 'shorten it')
  }
  if (policy !== undefined && keyType !== 'restricted') {
    throw refuse('`policy` is given for a standard key', 'write keyType: restricted, or remove `policy`')
  }
  if (keyType === 'restricted' && (policy === undefined || policy.allow.length === 0)) {
    throw refuse('a restricted key needs a `policy` that allows something', 'write policy: {allow: [<permission>, …]}')
  }
}

/** The name of the user's choice, cut where the mark would not fit otherwise. */
function markedName(friendlyName: string | undefined, mark: string): string {
  if (!friendlyName) return mark
  return `${[...friendlyName].slice(0, longestName - mark.length - 1).join('')} ${mark}`
}

function connectTwilio(
  { login, friendlyName, keyType, policy }: TwilioApiKeyInputs,
  way: WayToVendor,
): IssuerSession<TwilioApiKey> {
  const { accountSid } = login
  const user = login.apiKeySid ?? accountSid
  const password = (login.authToken ?? present(login.apiKeySecret)).reveal()
  const { vendor, call } = vendorAs(user, password, { ...way, about: `of account ${accountSid}` })
  const account = `${api}/2010-04-01/Accounts/${accountSid}`

  const pages = (...list: PageList) => listPages({ vendor, call, context: way.context }, ...list)
  const listAll = () =>
    pages('listing the API keys', `${account}/Keys.json?PageSize=1000`, (json) => {
      const next = textField(json, 'next_page_uri')
      return next === undefined ? undefined : sameOrigin(vendor, next, api)
    })
  const listRestricted = () =>
    pages('listing the restricted API keys', `${iam}/v1/Keys?AccountSid=${accountSid}&PageSize=1000`, (json) => {
      const next = textField(fieldOf(json, 'meta'), 'next_page_url')
      return next === undefined ? undefined : sameOrigin(vendor, next, iam)
    })

  return {
    async list(expected) {
      const { listed, at } = await listAll()
      const missing = expected.some((id) => !listed.some((each) => each.id === id))
      // Whether the older list holds restricted keys is not documented.
      if (keyType !== 'restricted' && !missing) return { listed, at }
      const restricted = await listRestricted()
      const seen = new Set(listed.map(({ id }) => id))
      return { listed: [...listed, ...restricted.listed.filter(({ id }) => !seen.has(id))], at }
    },

    async create(mark) {
      const doing = `creating a ${keyType ?? 'standard'} API key`
      const FriendlyName = markedName(friendlyName, mark)
      const repeatable = false
      const { json } = await call(
        keyType === 'restricted'
          ? {
              doing,
              method: 'POST',
              url: `${iam}/v1/Keys`,
              body: restrictedKey(accountSid, FriendlyName, policy),
              repeatable,
            }
          : {
              doing,
              method: 'POST',
              url: `${account}/Keys.json`,
              body: new URLSearchParams({ FriendlyName }),
              repeatable,
            },
      )
      const sid = textField(json, 'sid')
      const secretText = textField(json, 'secret')
      if (sid === undefined || secretText === undefined) throw malformedVendorAnswer(vendor, doing)
      const created = new Date(textField(json, 'date_created') ?? Number.NaN)
      const known = !Number.isNaN(created.getTime())
      return { sid, secret: secret(secretText), ...(known && { createdAt: rfc3339(created) }) }
    },

    async remove(sid) {
      const places = [`${account}/Keys/${sid}.json`, `${iam}/v1/Keys/${sid}`]
      // A restricted key may be known in the one place and not in the other.
      for (const url of keyType === 'restricted' ? places.reverse() : places) {
        try {
          return void (await call({ doing: `deleting API key ${sid}`, method: 'DELETE', url, repeatable: true }))
        } catch (error) {
          if (!(error instanceof VendorHttpError) || error.status !== 404 || !error.refused) throw error
        }
      }
    },

    tryLogin: (key) => logInWith(key, account, way),
  }
}

async function logInWith({ sid, secret }: TwilioApiKey, account: string, way: WayToVendor): Promise<Trial> {
  const { call } = vendorAs(sid, secret.reveal(), { ...way, about: `API key ${sid}` })
  const url = `${account}/Messages.json?PageSize=1`
  try {
    await call({ doing: 'using', method: 'GET', url, repeatable: true })
    return { kind: 'works' }
  } catch (error) {
    if (!(error instanceof VendorHttpError) || !error.refused) throw error
    // Known, and not allowed to read messages: it logs in.
    if (error.status === 403) return { kind: 'works' }
    return { kind: error.status === 401 ? 'unknown yet' : 'inconclusive', code: error.vendorCode }
  }
}

/** The first page to list, and how the next page is found. */
type PageList = readonly [doing: string, first: string, nextOf: (json: unknown) => string | undefined]

interface Caller {
  readonly vendor: Vendor
  readonly call: (request: VendorRequest) => Promise<HttpAnswer>
  readonly context: RotatorContext
}

async function listPages({ vendor, call, context }: Caller, ...[doing, first, nextOf]: PageList): Promise<Listing> {
  const listed: Listed[] = []
  for (let url = first; ; ) {
    const answer = await call({ doing, method: 'GET', url, repeatable: true })
    const keys = fieldOf(answer.json, 'keys')
    if (!Array.isArray(keys)) throw malformedVendorAnswer(vendor, doing)
    for (const key of keys) {
      const id = textField(key, 'sid')
      const name = textField(key, 'friendly_name')
      const createdAt = new Date(textField(key, 'date_created') ?? Number.NaN)
      if (id !== undefined) listed.push({ id, createdAt, ...(name !== undefined && { name }) })
    }
    const next = nextOf(answer.json)
    if (next === undefined) return { listed, at: clockOf(answer, context) }
    url = next
  }
}

function restrictedKey(
  AccountSid: string,
  FriendlyName: string,
  policy: TwilioApiKeyInputs['policy'],
): URLSearchParams {
  return new URLSearchParams({ AccountSid, FriendlyName, KeyType: 'restricted', Policy: JSON.stringify(policy) })
}

function vendorAs(
  user: string,
  password: string,
  { fetch, context, about }: WayToVendor & { readonly about: string },
): Pick<Caller, 'vendor' | 'call'> {
  const basic = Buffer.from(`${user}:${password}`).toString('base64')
  const rotator = 'twilio-api-key'
  const vendor = { rotator, fetch, context, hidden: [password, basic], readFault: twilioFault, hints }
  return { vendor, call: asker(vendor, { headers: { authorization: `Basic ${basic}` }, about }) }
}

/** The list's next page, which must not lead the password elsewhere. */
function sameOrigin(vendor: Vendor, next: string, origin: string): string {
  const url = new URL(next, origin)
  if (url.origin !== origin) throw malformedVendorAnswer(vendor, 'listing the API keys')
  return url.href
}

function twilioFault(json: unknown): VendorFault | undefined {
  const code = fieldOf(json, 'code')
  const text = textField(json, 'message')
  return typeof code === 'number' && text !== undefined ? { code: String(code), text } : undefined
}

// https://www.twilio.com/docs/api/errors
const hints: Readonly<Record<string, string>> = {
  '20003': 'check the SIDs and the token or secret in `login`; standard keys cannot manage keys, a Main key can',
  '20008': 'test credentials cannot manage keys: use the live ones',
  '20404': 'check `login.accountSid`',
  '70051': 'the key in `login` may not manage keys: use a Main key, or the auth token',
}
