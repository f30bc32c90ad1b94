import { EscError } from '../errors.ts'
import { type ExportedMap, fromPlain, mapOf, toPlain, violationsOf } from '../evaluate/index.ts'
import type { PlainObject } from '../plain.ts'
import type { PathRotation } from './rotate-path.ts'

const nowhere = { line: 0, column: 0, byte: 0 }

/**
 * Takes a credential that somebody made by hand into the state: as `previous`, so that the next rotation replaces it, or as
 * `current` where nothing was rotated yet. It must log in, and its place must be free, or hold what cannot log in any more:
 * nothing that works is ever forgotten.
 */
export async function adoptCredential(rotation: PathRotation, credential: ExportedMap): Promise<PlainObject> {
  const { rotator, request, context } = rotation
  if (!rotator.check) {
    throw new EscError('invalid_input', `${rotator.name} has no credentials that could be adopted`)
  }
  const present = request.state === undefined ? {} : (mapOf(fromPlain(request.state)) ?? {})
  let place: 'current' | 'previous' = present.current === undefined ? 'current' : 'previous'
  if (present.previous !== undefined) {
    const checks = await rotator.check(request, context)
    const gone = (credential: string) =>
      checks.every((check) => check.credential !== credential || check.works === false)
    if (!gone('previous') && gone('current')) place = 'current'
    else if (!gone('previous')) {
      throw new EscError('conflict', 'both places of the state hold credentials that work', {
        hint: 'delete the foreign credential at the vendor, or remove `previous` from the state if nothing uses it',
      })
    }
  }
  const trace = { def: { begin: nowhere, end: nowhere } }
  const value = { value: { ...present, [place]: { value: credential, trace } }, trace }
  const state = toPlain(value, rotator.state) as PlainObject
  const violations = violationsOf(state, rotator.state)
  if (violations.length > 0) {
    throw new EscError('invalid_input', `that is no credential of ${rotator.name}: ${violations.join('; ')}`, {
      hint: `give it as JSON with the members that \`${place}\` has in the state of ${rotator.name}`,
    })
  }
  const checks = await rotator.check({ inputs: request.inputs, state }, context)
  const adopted = checks.find((check) => check.credential === place)
  if (!adopted?.works) {
    const why = adopted?.detail ? `: ${adopted.detail}` : ''
    throw new EscError('invalid_input', `${adopted?.what ?? 'the credential'} does not log in${why}`, {
      hint: 'nothing was changed; check the secret',
    })
  }
  return state
}
