import { EscError } from '../../errors.ts'
import { rich, step } from '../../rich-text.ts'
import type { Store } from '../../store/index.ts'
import {
  differenceOf,
  digestOfPowers,
  givenDigest,
  type Power,
  type PowerKind,
  readDecision,
  samePower,
  type TrustDecision,
  writeDecision,
} from '../../trust/index.ts'
import type { Workspace } from '../session/workspace.ts'
import { describePower } from './describe.ts'
import { allowedPowers, trustContext, trustedWorkspace } from './powers.ts'
import type { TrustReview } from './trust-review.ts'
import { wantedPowers } from './wanted-powers.ts'

export async function trustReviewOf(workspace: Workspace): Promise<TrustReview> {
  const place = trustContext(workspace)
  const decision = readDecision(place)
  const { powers, problems } = await wantedPowers(workspace)
  const allowed = await allowedPowers(workspace)
  return {
    store: place.store,
    digest: digestOfPowers(powers),
    powers,
    missing: powers.filter((power) => !allowed.some((each) => samePower(each, power))),
    ...differenceOf(decision?.powers ?? [], powers),
    accepted: decision?.accepted,
    problems,
  }
}

/** Remembers that the store may do this much and no more, and writes that down in the audit log. */
export async function rememberTrust(workspace: Workspace, powers: readonly Power[]): Promise<void> {
  const { host, audit } = trustedWorkspace(workspace)
  const done = await audit.begin('store-trusted', '*', { digest: digestOfPowers(powers) })
  writeDecision(trustContext(workspace), { accepted: host.now().toISOString(), powers })
  done.done()
}

/** Adds what the user has named on the command line to what was accepted. */
export async function acceptAlso(workspace: Workspace, power: Power): Promise<void> {
  const before: TrustDecision | undefined = readDecision(trustContext(workspace))
  if (before?.powers.some((each) => samePower(each, power))) return
  await rememberTrust(workspace, [...(before?.powers ?? []), power])
}

/** One question at a time, however many calls of an evaluation need an answer. */
const asking = new WeakMap<Store, Map<string, Promise<boolean>>>()

/**
 * Returns when the store may do all of this on this machine: it was allowed before,
 * or a person allows it now.
 *
 * @throws EscError `untrusted`, with the digest that stands for what the store asks for.
 */
export async function requirePowers(workspace: Workspace, powers: readonly Power[]): Promise<void> {
  const missing = async () => {
    const allowed = await allowedPowers(workspace)
    return powers.find((power) => !allowed.some((each) => samePower(each, power)))
  }
  const first = await missing()
  if (first === undefined) return
  const review = await trustReviewOf(workspace)
  if (!review.powers.some((each) => samePower(each, first))) throw notAskedFor(first)
  const { askTrust, env } = workspace.host
  if (askTrust !== undefined && givenDigest(env) === undefined) {
    const answers = asking.get(workspace.store) ?? new Map<string, Promise<boolean>>()
    asking.set(workspace.store, answers)
    const answer =
      answers.get(review.digest) ??
      askTrust(review).then(async (accepted) => {
        if (accepted) await rememberTrust(workspace, review.powers)
        return accepted
      })
    answers.set(review.digest, answer)
    if ((await answer) && (await missing()) === undefined) return
  }
  throw untrusted(first, review.digest, env)
}

function untrusted(power: Power, digest: string, env: Workspace['host']['env']): EscError {
  const what = `this machine has not allowed the store to ${describePower(power)}`
  const given = givenDigest(env)
  if (given === undefined) {
    return new EscError('untrusted', what, {
      hint: rich`${step('look at what the store asks for and accept it', { do: 'trust-store' })}; in CI, set ESC_TRUST=${digest}`,
    })
  }
  const problem = given === digest ? what : `${what}: ESC_TRUST allows ${given}, and the store asks for ${digest}`
  return new EscError('untrusted', problem, {
    hint: rich`${step('look at what has changed', { do: 'show-trust' })}, and set ESC_TRUST to the new digest`,
  })
}

/** The field of `esc.yaml` that asks for a power. */
const fields: Partial<Record<PowerKind, string>> = {
  plugin: 'plugins',
  issuer: 'oidc: {issuer}',
  identityIssuer: 'server',
  privateHost: 'network: {privateHosts}',
  webhookHost: 'webhooks: {allow}',
  variable: 'allow: {variables}',
  caFile: 'allow: {caFiles}',
  socket: 'allow: {sockets}',
}

/** The powers that definitions ask for, by what they say. */
const ofDefinitions: readonly PowerKind[] = [
  'issuingHost',
  'readVariable',
  'readFile',
  'sopsFile',
  'command',
  'stack',
  'cluster',
]

function notAskedFor(power: Power): EscError {
  if (ofDefinitions.includes(power.kind)) {
    return new EscError('untrusted', `the store may not ${describePower(power)}, since no definition says so`, {
      hint: rich`write it in the newest definition as it is, without \${…}, and ${step('allow it', { do: 'trust-store' })}`,
    })
  }
  const field = fields[power.kind]
  return new EscError(
    'untrusted',
    `the store may not ${describePower(power)}, and its esc.yaml does not ask for that`,
    {
      hint:
        field === undefined
          ? rich`${step('look at what the store asks for', { do: 'show-trust' })}`
          : rich`if it is meant, add it to \`${field}\` in esc.yaml, and ${step('allow it', { do: 'trust-store' })}`,
    },
  )
}
