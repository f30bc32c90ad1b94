import { currentFetch, type Fetch } from '../../../http/index.ts'
import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'
import type { Rotator } from '../../rotator.ts'
import {
  type IssuedPending,
  type IssuedPlan,
  type IssuedState,
  type IssuedTiming,
  type Issuer,
  type IssuerSession,
  issuedCredentialRotator,
  issuedTiming,
} from '../kit/index.ts'
import type { HttpCredential, HttpDefinition } from './definition.ts'
import { usesCredential } from './issuer-parts.ts'
import { httpSession } from './session.ts'

/** A key of an API whose definition is known. */
export type ApiKey = {
  readonly id: string
  readonly apiKey: Secret<string>
  /** RFC 3339, UTC. */
  readonly createdAt?: string
}

const apiKeySchema: SchemaObject = {
  type: 'object',
  properties: { id: { type: 'string' }, apiKey: { type: 'string', secret: true }, createdAt: { type: 'string' } },
  required: ['id', 'apiKey'],
}

/** Where the vendor is, and the times to wait. Tests hand them in. */
export interface KnownApiOptions {
  readonly fetch?: Fetch
  readonly timing?: IssuedTiming
}

/** A vendor of keys whose API is known. Its keys keep names, so that one is found by its mark. */
export interface KnownApi<Inputs> {
  readonly name: string
  readonly description: string
  readonly example: string
  readonly inputs: SchemaObject
  /** Returns the owner of the keys, such as `project proj_1`. */
  readonly subject: (inputs: Inputs) => string
  /** @throws EscError `invalid_input` with a remedy. Asks nobody. */
  readonly checkInputs: (inputs: Inputs) => void
  /** The API, whose secret is called `apiKey`. */
  readonly definition: (inputs: Inputs) => HttpDefinition
  /** Remedies by the code of an error, or such as `HTTP 403`. */
  readonly hints: Readonly<Record<string, string>>
}

type KnownApiRotator<Inputs> = Rotator<Inputs, IssuedState<ApiKey>, IssuedPending<ApiKey>, IssuedPlan>

/** A rotator of API keys that goes to the host of its vendor, and nowhere else. */
export function knownApiRotator<Inputs>(
  api: KnownApi<Inputs>,
  { fetch = currentFetch, timing = issuedTiming }: KnownApiOptions,
  limit?: Issuer<never, never>['limit'],
): KnownApiRotator<Inputs> {
  const { name, description, example, inputs, subject, checkInputs, definition, hints } = api
  return issuedCredentialRotator({
    name,
    description,
    example,
    inputs,
    credential: apiKeySchema,
    timing,
    marks: true,
    retires: 'after commit',
    noun: 'API key',
    ...(limit && { limit }),
    subject,
    idOf: ({ id }) => id,
    checkInputs,
    loginUses: (given, key) => usesCredential(definition(given), toHttp(key)),
    connect: async (given, context) =>
      inWords(httpSession({ rotator: name, definition: definition(given), way: { fetch }, timing, hints }, context)),
  })
}

function inWords(session: IssuerSession<HttpCredential>): IssuerSession<ApiKey> {
  return {
    list: (expected) => session.list(expected),
    create: async (mark) => fromHttp(await session.create(mark)),
    remove: (id) => session.remove(id),
    tryLogin: (key) => session.tryLogin(toHttp(key)),
  }
}

function toHttp({ id, apiKey }: ApiKey): HttpCredential {
  return { id, values: { apiKey } }
}

function fromHttp({ id, values, createdAt }: HttpCredential): ApiKey {
  const { apiKey } = values as { readonly apiKey: Secret<string> }
  return { id, apiKey, ...(createdAt !== undefined && { createdAt }) }
}
