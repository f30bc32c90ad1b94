import { EscError } from '../../../errors.ts'
import type { Lookup, TlsOptions } from '../../../http/index.ts'
import type { Plain } from '../../../plain.ts'
import { rich } from '../../../rich-text.ts'
import { secret } from '../../../secret.ts'
import { forgetHint } from '../../another-target.ts'
import { madeReady } from '../../made-ready.ts'
import { wayToNamedHost } from '../../named-host.ts'
import type { Rotator, RotatorContext } from '../../rotator.ts'
import { httpsOptions, requireEncryption, type Tls } from '../../tls/index.ts'
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
import { type HttpCredential, type HttpDefinition, hasMarks, subjectOf } from './definition.ts'
import { limitMet, repeatedTiming, usesCredential } from './issuer-parts.ts'
import { requireUsable } from './require-usable.ts'
import { credentialSchema, inputsSchema } from './schema.ts'
import { httpSession } from './session.ts'

const example = `values:
  mail:
    fn::rotate::http-issued:
      inputs:
        url: https://api.example.org/v1
        auth: {bearer: {fn::secret: "…"}}
        list: {path: keys, items: data, id: id, name: name}
        create:
          path: keys
          body: {name: "esc {{mark}}", scopes: [send]}
          id: id
          values: {key: secret}
        delete: {path: "keys/{{id}}"}
        verify: {path: whoami, auth: {bearer: "{{key}}"}}
`

export type HttpIssuedInputs = HttpDefinition & { readonly tls?: Tls }
export type HttpIssuedState = IssuedState<HttpCredential>
export type HttpIssuedPending = IssuedPending<HttpCredential>

/** The way to the hosts that definitions name, and the times to wait. Tests hand them in. */
export interface HttpIssuedOptions {
  /** Resolves a host name to all of its addresses. Default: as the system does. */
  readonly lookup?: Lookup
  /** Default: Node's. */
  readonly tls?: TlsOptions
  readonly timing?: IssuedTiming
}

const name = 'http-issued'

type HttpIssuedRotator = Rotator<HttpIssuedInputs, HttpIssuedState, HttpIssuedPending, IssuedPlan>

/**
 * Rotates what an API over HTTP issues, as the definition describes the API.
 *
 * What a definition sends goes to the host that it names, log-in and all. So that host must have
 * been allowed on this machine, as it is written there.
 */
export function httpIssuedRotator(options: HttpIssuedOptions = {}): HttpIssuedRotator {
  const kit = (inputs: HttpIssuedInputs) => issuedCredentialRotator(issuerOf(inputs, options))
  const state = {
    type: 'object',
    properties: { current: credentialSchema, previous: credentialSchema },
    required: ['current'],
  } as const
  const rotator: HttpIssuedRotator = {
    name,
    description: 'Keys and tokens that an API over HTTP issues, which the definition describes.',
    example,
    inputs: inputsSchema,
    state,
    outputs: state,

    open: (held) => held as Plain | undefined,

    target: (inputs) => `${name} ${subjectOf(inputs)}`,

    plan: (request, context) => kit(request.inputs).plan(request, context),

    rotate: (plan, request, stage, context) => kit(request.inputs).rotate(plan, request, stage, context),

    async reconcile(pending, request, context) {
      requireSameSearch(pending, request.inputs)
      return kit(request.inputs).reconcile(pending, request, context)
    },

    retire: async (superseded, request, context) => kit(request.inputs).retire?.(superseded, request, context),

    check: async (request, context) => (await kit(request.inputs).check?.(request, context)) ?? [],
  }
  return madeReady(rotator, { tls: ['tls'] })
}

export const httpIssued = httpIssuedRotator()

function issuerOf(inputs: HttpIssuedInputs, options: HttpIssuedOptions): Issuer<HttpIssuedInputs, HttpCredential> {
  const timing = repeatedTiming(inputs, options.timing ?? issuedTiming)
  return {
    name,
    description: '',
    inputs: inputsSchema,
    credential: credentialSchema,
    timing,
    marks: hasMarks(inputs),
    retires: 'after commit',
    noun: inputs.noun ?? 'credential',
    ...limitMet(inputs.limit),
    subject: subjectOf,
    idOf: ({ id }) => id,
    checkInputs,
    loginUses: usesCredential,
    connect: async (definition, context) => {
      const { url, tls } = definition
      await context.network?.allowOrigin?.(new URL(url).origin)
      const { lookup, tls: extra } = options
      const host = { rotator: name, url, tls: { ...extra, ...httpsOptions(tls) }, lookup, input: 'url' }
      const way = await wayToNamedHost(host, context)
      const session = httpSession({ rotator: name, definition, way, timing }, context)
      return Object.assign(session, { requireSubject: () => requireProof(session, definition, context) })
    },
  }
}

function checkInputs(inputs: HttpIssuedInputs): void {
  requireUsable(name, inputs)
  const { url, tls } = inputs
  if (url.startsWith('https:')) requireEncryption(tls, { rotator: name, place: 'tls' })
  else if (tls !== undefined) {
    throw new EscError('invalid_input', `${name}: \`tls\` is given, but \`url\` is an http:// address`, {
      hint: 'remove `tls`, or write https://',
    })
  }
}

/** A request that anybody may make would prove every credential, also one that does not work. */
async function requireProof(
  session: IssuerSession<HttpCredential>,
  { create }: HttpDefinition,
  { random }: RotatorContext,
): Promise<void> {
  const bogus = () => Buffer.from(random(20)).toString('hex')
  const values = Object.keys(create.values).map((value) => [value, secret(bogus())] as const)
  const trial = await session.tryLogin({ id: bogus(), values: Object.fromEntries(values) })
  if (trial.kind !== 'works') return
  throw new EscError('invalid_input', `${name}: \`verify\` succeeds with a made-up credential, so it proves nothing`, {
    hint: 'let it ask for something that only a credential may see; and check `verify.works`',
  })
}

/** A record of a credential with a mark can be reconciled only where marks are listed. */
function requireSameSearch(pending: HttpIssuedPending, inputs: HttpIssuedInputs): void {
  if (pending.phase !== 'creating' || pending.subject !== subjectOf(inputs)) return
  if ((pending.before === undefined) === hasMarks(inputs)) return
  const what = hasMarks(inputs) ? 'has no mark, and `list.name` was added' : 'has a mark, and `list.name` is gone'
  throw new EscError('conflict', `${name}: what an interrupted rotation may have created ${what}`, {
    hint: rich`put \`list\` and \`create\` back as they were and run again; ${forgetHint}`,
  })
}
