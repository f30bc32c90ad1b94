import { EscError } from '../../errors.ts'
import type { SchemaObject } from '../../schema/index.ts'
import { type Secret, secret } from '../../secret.ts'
import { VendorHttpError } from '../vendor-http.ts'
import { type KnownApiOptions, knownApiRotator } from './http-issued/known-api.ts'

const example = `values:
  mail:
    fn::rotate::sendgrid-api-key:
      inputs:
        login: {apiKey: {fn::secret: "…"}}
        scopes: [mail.send]
`

export type SendGridApiKeyInputs = {
  readonly login: { readonly apiKey: Secret<string> }
  readonly name?: string
  /** Powers of the keys, such as `mail.send`. */
  readonly scopes: readonly string[]
  readonly region?: 'global' | 'eu'
  /** The subuser that the keys belong to. */
  readonly onBehalfOf?: string
}

const hosts = { global: 'https://api.sendgrid.com', eu: 'https://api.eu.sendgrid.com' } as const

/**
 * The most keys of an account. One more is refused with 403, as is a login without a scope, which
 * must cost nobody a key.
 */
const limit = {
  count: 100,
  met: (error: unknown) =>
    error instanceof VendorHttpError && error.status === 403 && !/forbidden/i.test(error.vendorCode),
}

const inputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    login: {
      type: 'object',
      additionalProperties: false,
      properties: {
        apiKey: { type: 'string', secret: true, description: 'A key that may manage keys and has all of `scopes`.' },
      },
      required: ['apiKey'],
    },
    name: {
      type: 'string',
      description: 'What the keys are called at SendGrid; a mark of each rotation is appended. Default: esc.',
    },
    scopes: { type: 'array', items: { type: 'string' }, description: 'What the keys may do, such as mail.send.' },
    region: { type: 'string', enum: ['global', 'eu'], default: 'global' },
    onBehalfOf: { type: 'string', description: 'The subuser that the keys belong to. Default: the account itself.' },
  },
  required: ['login', 'scopes'],
  rotateOnly: ['login', 'name', 'scopes'],
}

const hints: Readonly<Record<string, string>> = {
  'HTTP 401': 'check `login.apiKey` and `region`',
  'HTTP 403':
    'the key in `login.apiKey` must have the scopes api_keys.create, api_keys.read and api_keys.delete, and each of `scopes`; an account holds 100 keys',
  'HTTP 400': 'check `scopes`: the key in `login.apiKey` must have each of them',
}

/** Rotates API keys of an account of Twilio SendGrid. */
export function sendGridApiKeyRotator(options: KnownApiOptions = {}) {
  return knownApiRotator<SendGridApiKeyInputs>(
    {
      name: 'sendgrid-api-key',
      description: 'API keys of an account of Twilio SendGrid.',
      example,
      inputs: inputsSchema,
      subject: ({ region = 'global', onBehalfOf }) =>
        `${onBehalfOf === undefined ? 'the account' : `subuser ${onBehalfOf}`} (${region})`,
      checkInputs,
      definition({ login, name, scopes, region = 'global', onBehalfOf }) {
        return {
          url: `${hosts[region]}/v3`,
          auth: { bearer: login.apiKey },
          ...(onBehalfOf !== undefined && { headers: { 'on-behalf-of': secret(onBehalfOf) } }),
          list: { path: 'api_keys?limit=100', items: 'result', id: 'api_key_id', name: 'name' },
          create: {
            path: 'api_keys',
            body: { name: `${name || 'esc'} {{mark}}`, scopes: [...scopes] },
            id: 'api_key_id',
            values: { apiKey: 'api_key' },
          },
          delete: { path: 'api_keys/{{id}}' },
          // Known, and without the right to read scopes: it logs in.
          verify: { path: 'scopes', auth: { bearer: '{{apiKey}}' }, works: [403] },
          // It has no other code.
          error: { code: 'errors[0].message', message: 'errors[0].message' },
        }
      },
      hints,
    },
    options,
    limit,
  )
}

export const sendGridApiKey = sendGridApiKeyRotator()

function checkInputs({ login, scopes, onBehalfOf }: SendGridApiKeyInputs): void {
  const refuse = (problem: string, hint: string) =>
    new EscError('invalid_input', `sendgrid-api-key: ${problem}`, { hint })
  if (!/^SG\.[\w-]+\.[\w-]+$/.test(login.apiKey.reveal())) {
    throw refuse(
      '`login.apiKey` is not a key of SendGrid',
      'it looks like SG.….…; make one that may manage keys in the settings',
    )
  }
  // Without any, SendGrid would give the new key all that there are.
  if (scopes.length === 0) throw refuse('`scopes` is empty', 'name what the keys may do, such as [mail.send]')
  const odd = scopes.find((scope) => !/^[a-z0-9_.-]+$/i.test(scope))
  if (odd !== undefined) throw refuse(`\`scopes\` holds ${JSON.stringify(odd)}`, 'a scope looks like mail.send')
  if (onBehalfOf !== undefined && !/^[\x21-\x7e]+$/.test(onBehalfOf)) {
    throw refuse(`\`onBehalfOf\` ${JSON.stringify(onBehalfOf)} is not the name of a subuser`, 'write its user name')
  }
}
