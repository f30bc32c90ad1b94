import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { EscError } from '../../errors.ts'
import { type HttpAnswer, NoAnswer, retryAfterMs } from '../../http/index.ts'
import type { Plain, PlainObject } from '../../plain.ts'
import { rich, step } from '../../rich-text.ts'
import type { SchemaObject } from '../../schema/index.ts'
import { type Secret, secret } from '../../secret.ts'
import { retargetHint } from '../another-target.ts'
import { madeReady } from '../made-ready.ts'
import type { Plan, Reconciled, ReconcileRequest, RotationRequest, Rotator, RotatorContext } from '../rotator.ts'
import { requireEncryption, type Tls, tlsFault, tlsHint, tlsSchema } from '../tls/index.ts'
import { type AdapterNetwork, callAdapter, requirePublicHost } from './adapter-call.ts'
import { adapterClaims } from './claims.ts'

const example = `values:
  coupon:
    fn::rotate::external:
      inputs:
        url: https://adapter.example.org/rotate
        request: {shop: api}
`

export type { AdapterNetwork } from './adapter-call.ts'
export { bodyHash } from './claims.ts'

export type ExternalInputs = {
  readonly url: string
  /** Whatever the adapter wants to know. */
  readonly request?: Secret<PlainObject>
  readonly tls?: Tls
}

export type ExternalState = {
  /** The answer of the adapter, whole. */
  readonly current: Secret<PlainObject>
}

/**
 * The record that a killed run leaves behind.
 * - `asking`: the adapter may or may not have been asked. It is asked again with the
 *   same key and the same body.
 * - `refused`: the adapter answered that it did nothing.
 * - `answered`: the new object, whole.
 */
export type ExternalPending =
  | { readonly phase: 'asking'; readonly url: string; readonly requestId: string; readonly body: Secret<string> }
  | { readonly phase: 'refused'; readonly url: string; readonly reason: string }
  | {
      readonly phase: 'answered'
      readonly url: string
      readonly body: Secret<string>
      readonly current: Secret<PlainObject>
    }

type Asking = Extract<ExternalPending, { phase: 'asking' }>

const inputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    url: { type: 'string', pattern: '^https://', description: 'Of the adapter that rotates.' },
    request: {
      type: 'object',
      additionalProperties: true,
      secret: true,
      description: 'Passed on to the adapter. Default: {}.',
    },
    tls: tlsSchema,
  },
  required: ['url'],
  rotateOnly: ['request', 'tls'],
}

const stateSchema: SchemaObject = {
  type: 'object',
  properties: { current: { type: 'object', additionalProperties: true, secret: true } },
  required: ['current'],
}

/** Answers that ask for patience, where they say for how long. */
const later = [409, 425, 503]
const longestWaitMs = 30_000
const mostTries = 3

/**
 * Rotates by a web service of the user's own: it is sent the former object and
 * answers with the new one.
 *
 * Whether an adapter did its work cannot be seen from outside. So the key and the body of the
 * request are staged before it is sent, and after a lost answer the next run sends the very same
 * again: the adapter, which sees the same `Idempotency-Key`, answers as it did, or would have.
 */
export function externalRotator(
  network: AdapterNetwork = {},
): Rotator<ExternalInputs, ExternalState, ExternalPending, Plan> {
  const asker = new Asker(network)
  const rotator: Rotator<ExternalInputs, ExternalState, ExternalPending, Plan> = {
    name: 'external',
    description: 'Whatever a web service of your own rotates.',
    example,
    inputs: inputsSchema,
    state: stateSchema,
    outputs: stateSchema,

    open: (state) => state,

    target: ({ url, request }) => `external ${url} ${digest(request)}`,

    async plan({ inputs: { url, tls }, state }, context) {
      requireUrl(url)
      requireEncryption(tls, { rotator: 'external', place: 'tls' })
      await requireSigner(context).oidc.authorize?.()
      await requirePublicHost(url, context.network, network)
      const what = `the object that ${hostOf(url)} manages`
      return { steps: [{ action: state === undefined ? 'create' : 'change', what }] }
    },

    rotate: (_plan, request, stage, context) => asker.rotate(request, stage, context),

    reconcile: (pending, request, context) => asker.reconcile(pending, request, context),

    retarget: (pending, { url }) => ({ ...pending, url }),

    async check({ inputs: { url }, state }) {
      if (state === undefined) return []
      const what = `the object that ${hostOf(url)} manages`
      return [{ credential: 'current', what, works: undefined, detail: 'only the adapter can tell' }]
    },
  }
  return madeReady(rotator, { tls: ['tls'] })
}

type Request = RotationRequest<ExternalInputs, ExternalState>

/** Asks one adapter, and remembers what it did not answer in this run. */
class Asker {
  readonly #network: AdapterNetwork
  // Asked in this run and not answered: asking once more is for the next run. A run has one signal.
  readonly #unanswered = new WeakMap<AbortSignal, Set<string>>()

  constructor(network: AdapterNetwork) {
    this.#network = network
  }

  async rotate(
    { inputs: { url, request, tls }, state }: Request,
    stage: (pending: ExternalPending) => Promise<void>,
    context: RotatorContext,
  ): Promise<void> {
    const body = JSON.stringify({ request: request?.reveal() ?? {}, state: state?.current.reveal() ?? null })
    const requestId = newRequestId(context)
    const asking: Asking = { phase: 'asking', url, requestId, body: secret(body) }
    await stage(asking)
    const asked = this.#unanswered.get(context.signal) ?? new Set()
    this.#unanswered.set(context.signal, asked.add(requestId))
    const outcome = await this.#askOnce(asking, tls, context)
    if ('current' in outcome) {
      return stage({ phase: 'answered', url, body: asking.body, current: outcome.current })
    }
    if (outcome.failure === 'unknown') throw mayHaveActed(outcome.error)
    await stage({ phase: 'refused', url, reason: outcome.error.message })
    throw outcome.error
  }

  async reconcile(
    pending: ExternalPending,
    { inputs, state, movedOn: outdated }: ReconcileRequest<ExternalInputs, ExternalState>,
    context: RotatorContext,
  ): Promise<Reconciled<ExternalState>> {
    if (pending.phase === 'refused') return { kind: 'undone', reason: pending.reason }
    const begun = JSON.parse(pending.body.reveal()) as { readonly state: unknown }
    const now = state === undefined ? null : plainOf(state.current.reveal())
    if (pending.phase === 'answered') {
      const { current } = pending
      if (state !== undefined && isDeepStrictEqual(now, plainOf(current.reveal()))) return { kind: 'rotated', state }
      return !outdated && isDeepStrictEqual(now, begun.state)
        ? { kind: 'rotated', state: { current } }
        : movedOn(pending.url)
    }
    if (outdated || !isDeepStrictEqual(now, begun.state)) {
      // Committed by a run that died before it cleared this record, or by somebody else.
      // The request is never sent again: an adapter that has not seen it yet would rotate
      // what it holds no longer.
      return state === undefined ? movedOn(pending.url) : { kind: 'rotated', state }
    }
    if (pending.url !== inputs.url) {
      throw new EscError(
        'conflict',
        `external: an interrupted rotation concerns ${hostOf(pending.url)}, which \`url\` no longer names`,
        {
          hint: rich`put \`url\` back and run again, so that the adapter can be asked what became of it; ${retargetHint}`,
        },
      )
    }
    return this.#askAgain(pending, inputs, context)
  }

  /** The very same request: the adapter answers as it did, or would have. */
  async #askAgain(
    pending: Asking,
    inputs: ExternalInputs,
    context: RotatorContext,
  ): Promise<Reconciled<ExternalState>> {
    const { url, requestId } = pending
    if (this.#unanswered.get(context.signal)?.has(requestId)) {
      throw mayHaveActed(failed(url, requestId, 'has not said whether it rotated'))
    }
    requireUrl(url)
    context.progress(`asking ${hostOf(url)} again what became of request ${requestId}`)
    const outcome = await this.#askOnce(pending, inputs.tls, context)
    if ('current' in outcome) return { kind: 'rotated', state: { current: outcome.current } }
    // Only a refusal of the request itself says what became of the first one.
    if (outcome.failure !== 'refused') throw mayHaveActed(outcome.error)
    return { kind: 'undone', reason: `${outcome.error.message}: nothing was rotated` }
  }

  async #askOnce({ url, requestId, body }: Asking, tls: Tls | undefined, context: RotatorContext): Promise<Outcome> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#send({ url, requestId, body: body.reveal(), tls }, context)
      if ('failure' in answer) return answer
      const { status } = answer
      if (status === 200) return readObject(answer, url, requestId)
      const failure = failed(url, requestId, `answered HTTP ${status}`)
      const waitMs = later.includes(status) ? retryAfterMs(answer) : undefined
      if (waitMs === undefined || waitMs > longestWaitMs || tries >= mostTries)
        return { failure: meaningOf(status), error: failure }
      context.progress(`waiting ${Math.ceil(waitMs / 1_000)} s, as ${hostOf(url)} asks`)
      await context.sleep(waitMs)
    }
  }

  async #send(
    request: { readonly url: string; readonly requestId: string; readonly body: string; readonly tls: Tls | undefined },
    context: RotatorContext,
  ): Promise<HttpAnswer | Failure> {
    const { url, requestId, body, tls } = request
    const { identity, oidc } = requireSigner(context)
    const token = await oidc.sign(adapterClaims({ url, body }, identity, context))
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      'idempotency-key': requestId,
    }
    try {
      return await callAdapter({ url, body, policy: context.network, headers, tls }, this.#network)
    } catch (error) {
      if (error instanceof EscError) return { failure: 'not sent', error }
      if (!(error instanceof NoAnswer)) throw error
      const problem = error.code === 'timeout' ? 'did not answer in time' : `gave no answer (${error.code})`
      const fault = tlsFault(error.code)
      const failure = fault
        ? new EscError('provider_failed', `external: ${hostOf(url)} ${problem}`, { hint: tlsHint(fault) })
        : failed(url, requestId, problem)
      // A handshake that the adapter has broken off: it has read nothing.
      const unread = fault?.code === 'CLIENT_CERTIFICATE'
      return { failure: error.sent && !unread ? 'unknown' : 'not sent', error: failure }
    }
  }
}

export const external = externalRotator()

/**
 * - `not sent`: nothing reached the adapter;
 * - `turned away`: it did not look at the request, such as for want of a signature it knows;
 * - `refused`: it did look, and did nothing;
 * - `unknown`: it may have rotated.
 */
interface Failure {
  readonly failure: 'not sent' | 'turned away' | 'refused' | 'unknown'
  readonly error: EscError
}

type Outcome = { readonly current: Secret<PlainObject> } | Failure

function meaningOf(status: number): Failure['failure'] {
  if (status < 300 || status >= 500 || [408, 409, 425].includes(status)) return 'unknown'
  return status < 400 || [401, 403, 404, 405, 429].includes(status) ? 'turned away' : 'refused'
}

function readObject({ json }: HttpAnswer, url: string, requestId: string): Outcome {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { current: secret(json as PlainObject) }
  return { failure: 'unknown', error: failed(url, requestId, 'answered with something else than a JSON object') }
}

/** Nothing of what the adapter said: it may hold secrets. */
function failed(url: string, requestId: string, problem: string): EscError {
  return new EscError('provider_failed', `external: ${hostOf(url)} ${problem}`, {
    hint: `its own log says more, under Idempotency-Key ${requestId}`,
  })
}

function mayHaveActed({ message, hint }: EscError): EscError {
  const again = 'it may have rotated all the same, and is asked again with the same Idempotency-Key and body'
  return new EscError('provider_failed', message, { hint: hint === undefined ? again : `${hint}; ${again}` })
}

function movedOn(url: string): Reconciled<ExternalState> {
  return {
    kind: 'undone',
    reason: `external: the state was rotated by somebody else since ${hostOf(url)} was asked; theirs is kept`,
  }
}

function requireUrl(url: string): void {
  let parsed: URL | undefined
  try {
    parsed = new URL(url)
  } catch {
    parsed = undefined
  }
  const problem =
    parsed?.protocol !== 'https:'
      ? 'is not an https URL'
      : parsed.username !== '' || parsed.password !== ''
        ? 'holds a user name or password'
        : parsed.hash !== ''
          ? 'holds a fragment'
          : undefined
  if (problem === undefined) return
  throw new EscError('invalid_input', `external: \`url\` ${problem}`, {
    hint: 'write it as in https://adapter.example.org/rotate; the adapter knows us by the signature of the request',
  })
}

function requireSigner({ identity, oidc }: RotatorContext) {
  if (identity !== undefined && oidc !== undefined) return { identity, oidc }
  throw new EscError('key_unavailable', 'external: there is no key to sign requests with', {
    hint: rich`rotate with the program itself, which makes one; ${step('print what adapters verify it with', { do: 'show-signing-keys' })}`,
  })
}

/** Host and path: a query may hold what is not for everyone's eyes. */
function hostOf(url: string): string {
  const { host, pathname } = new URL(url)
  return host + pathname
}

/** In the form of a UUID, version 4. */
function newRequestId({ random }: RotatorContext): string {
  const bytes = Buffer.from(random(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function digest(request: Secret<PlainObject> | undefined): string {
  return createHash('sha256')
    .update(JSON.stringify(request?.reveal() ?? {}))
    .digest('hex')
    .slice(0, 16)
}

/** As it comes out of JSON, so that objects of different origin compare. */
function plainOf(value: Plain): unknown {
  return JSON.parse(JSON.stringify(value))
}
