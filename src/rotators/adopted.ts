import { type RichText, rich, step } from '../rich-text.ts'
import type { SchemaObject } from '../schema/index.ts'

/** State of a rotator whose vendor keeps any number of credentials. */
export interface AdoptingState<Credential> {
  readonly current?: Credential
  readonly previous?: Credential
  /**
   * Credentials that somebody made elsewhere and had adopted while both places were taken. The next
   * rotation removes them; who opens the environment does not see them.
   */
  readonly adopted?: readonly Credential[]
}

/**
 * A state schema with `adopted`, from which the engine knows that the rotator takes adopted
 * credentials at any time.
 */
export function adoptingSchema(schema: SchemaObject, credential: SchemaObject): SchemaObject {
  return { ...schema, properties: { ...schema.properties, adopted: { type: 'array', items: credential } } }
}

/** All credentials of a state, the current one first. */
export function credentialsOf<Credential>(state: AdoptingState<Credential> | undefined): readonly Credential[] {
  const { current, previous, adopted = [] } = state ?? {}
  return [current, previous, ...adopted].filter((each) => each !== undefined)
}

/** The state as readers of the environment see it. */
export function withoutAdopted<State extends AdoptingState<unknown>>(state: State): Omit<State, 'adopted'>
export function withoutAdopted<State extends AdoptingState<unknown>>(
  state: State | undefined,
): Omit<State, 'adopted'> | undefined
export function withoutAdopted<State extends AdoptingState<unknown>>(
  state: State | undefined,
): Omit<State, 'adopted'> | undefined {
  if (state === undefined) return undefined
  const { adopted: _, ...shown } = state
  return shown
}

/**
 * Warns of passwords that the vendor takes and the state does not name. `owner`: such as
 * `user "app" on db:3306`.
 */
export function foreignPasswordsWarning(owner: string, count: number): RichText {
  const [passwords, them] = count === 1 ? ['another password', 'it'] : [`${count} other passwords`, 'one']
  return rich`${owner} has ${passwords} that this environment does not manage, such as the one it was made with. ${adoptRemedy(them)}`
}

/** Remedy for a password that nobody manages. */
export function adoptRemedy(them = 'it'): RichText {
  return rich`To have ${them} removed with the next rotation, ${step('hand it over', { do: 'adopt-credential' })}.`
}
