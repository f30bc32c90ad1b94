import { EscError } from '../errors.ts'
import { type ExportedMap, type ExportedValue, fromPlain, mapOf, toPlain, violationsOf } from '../evaluate/index.ts'
import type { PlainObject } from '../plain.ts'
import { present } from '../present.ts'
import type { CredentialCheck, Rotator } from '../rotators/index.ts'
import type { PathRotation } from './rotate-path.ts'
import { samePlain } from './same-plain.ts'

/**
 * The role that an adopted credential gets in the state. `adopted`: beside the two, until the next
 * rotation removes it.
 */
export type AdoptedRole = 'current' | 'previous' | 'adopted'

export interface Adoption {
  readonly state: PlainObject
  readonly role: AdoptedRole
}

const nowhere = { line: 0, column: 0, byte: 0 }
const trace = { def: { begin: nowhere, end: nowhere } }

/**
 * Takes a credential that somebody made by hand into the state, so that a rotation removes it in
 * the end: as `previous`, as `current` where nothing was rotated yet, or, where both places hold
 * what works, among those that the next rotation removes, if the vendor keeps any number. It must
 * log in. Nothing that works is ever forgotten. `onSecrets` gets what must not be shown.
 */
export async function adoptCredential(
  rotation: PathRotation,
  credential: ExportedMap,
  onSecrets: (state: PlainObject) => void,
): Promise<Adoption> {
  const { rotator, request } = rotation
  if (!rotator.check) {
    throw new EscError('invalid_input', `${rotator.name} has no credentials that could be adopted`)
  }
  const held = request.state === undefined ? {} : (mapOf(fromPlain(request.state)) ?? {})
  const role = await freeRole(rotation, held)
  const value: ExportedValue = { value: credential, trace }
  const others = held.adopted?.value
  const added = role === 'adopted' ? { value: [...(Array.isArray(others) ? others : []), value], trace } : value
  const state = stateOf({ ...held, [role]: added }, rotator, role)
  // Before anybody is asked about it, since answers may repeat it.
  onSecrets(state)
  const adopted =
    role === 'adopted' ? present((state.adopted as readonly PlainObject[]).at(-1)) : (state[role] as PlainObject)
  refuseHeld(adopted, request.state)
  // What is beside the places has no check of its own, so it is looked at in the first one.
  const asked = role === 'adopted' ? { current: adopted } : state
  const checks = await rotator.check({ inputs: request.inputs, state: asked }, rotation.context)
  requireLogin(checks.find((check) => check.credential === (role === 'adopted' ? 'current' : role)))
  return { state, role }
}

async function freeRole(rotation: PathRotation, present: ExportedMap): Promise<AdoptedRole> {
  const { rotator, request, context } = rotation
  if (present.current === undefined) return 'current'
  if (present.previous === undefined) return 'previous'
  const checks = (await rotator.check?.(request, context)) ?? []
  const gone = (credential: string) => checks.every((check) => check.credential !== credential || check.works === false)
  if (gone('previous')) return 'previous'
  if (gone('current')) return 'current'
  if (keepsAdopted(rotator)) return 'adopted'
  throw new EscError('conflict', 'both places of the state hold credentials that work', {
    hint: 'delete the foreign credential at the vendor, or remove `previous` from the state if nothing uses it',
  })
}

function keepsAdopted({ state }: Rotator): boolean {
  return typeof state === 'object' && state.properties?.adopted !== undefined
}

function stateOf(members: ExportedMap, rotator: Rotator, role: AdoptedRole): PlainObject {
  const state = toPlain({ value: members, trace }, rotator.state) as PlainObject
  const violations = violationsOf(state, rotator.state)
  if (violations.length === 0) return state
  throw new EscError('invalid_input', `that is not a credential of ${rotator.name}: ${violations.join('; ')}`, {
    hint: `give it as JSON with the members that \`${role === 'adopted' ? 'current' : role}\` has in the state of ${rotator.name}`,
  })
}

function refuseHeld(credential: PlainObject, state: PlainObject | undefined): void {
  const { current, previous, adopted } = state ?? {}
  const held = Object.entries({ current, previous }).find(
    ([, each]) => each !== undefined && samePlain(each, credential),
  )
  const among = Array.isArray(adopted) && adopted.some((each) => samePlain(each, credential))
  const role = held?.[0] ?? (among ? 'adopted' : undefined)
  if (role === undefined) return
  throw new EscError('already_exists', `that credential is in the state already, as \`${role}\``, {
    hint: 'nothing was changed',
  })
}

function requireLogin(check: CredentialCheck | undefined): void {
  if (check?.works) return
  const why = check?.detail ? `: ${check.detail}` : ''
  throw new EscError('invalid_input', `${check?.what ?? 'the credential'} does not log in${why}`, {
    hint: 'nothing was changed; check the secret',
  })
}
