/**
 * Reads one part of an answer. `place`: where it is, such as `environments[0].name`, for the error.
 *
 * @throws UnexpectedShape.
 */
export type Shape<T> = (value: unknown, place: string) => T

/** The type of what a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never

/** Thrown for an answer that the ESC API does not describe. Holds no part of the answer. */
export class UnexpectedShape extends Error {
  constructor(place: string, wanted: string) {
    super(`${place === '' ? 'the body' : place} is no ${wanted}`)
  }
}

export const asText: Shape<string> = (value, place) => {
  if (typeof value !== 'string') throw new UnexpectedShape(place, 'text')
  return value
}

/** Reads a text that may not be empty. */
export const asName: Shape<string> = (value, place) => {
  if (typeof value !== 'string' || value === '') throw new UnexpectedShape(place, 'name')
  return value
}

export const asTruth: Shape<boolean> = (value, place) => {
  if (typeof value !== 'boolean') throw new UnexpectedShape(place, 'boolean')
  return value
}

/** Reads a whole number that is not negative. */
export const asCount: Shape<number> = (value, place) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new UnexpectedShape(place, 'count')
  return value as number
}

/** Reads an RFC 3339 time, or the hosted service's `2006-01-02 15:04:05.000` in UTC. */
export const asTime: Shape<Date> = (value, place) => {
  const zoned = typeof value === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?$/.test(value)
  const date = typeof value === 'string' ? new Date(zoned ? `${value.replace(' ', 'T')}Z` : value) : undefined
  if (date === undefined || Number.isNaN(date.getTime())) throw new UnexpectedShape(place, 'time')
  return date
}

/** `undefined` for what is missing, null, or an empty text. */
export function ifGiven<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, place) => (value === undefined || value === null || value === '' ? undefined : shape(value, place))
}

/** Reads a list. What is missing or null is an empty one, as servers in Go write it. */
export function asList<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, place) => {
    if (value === undefined || value === null) return []
    if (!Array.isArray(value)) throw new UnexpectedShape(place, 'list')
    return value.map((each, index) => shape(each, `${place}[${index}]`))
  }
}

/**
 * Reads an object whose members have one shape, in their order. What is missing or null is an empty
 * one.
 */
export function membersOf<T>(shape: Shape<T>): Shape<ReadonlyMap<string, T>> {
  return (value, place) => {
    if (value === undefined || value === null) return new Map()
    const entries = Object.entries(plainObject(value, place))
    return new Map(entries.map(([key, each]) => [key, shape(each, memberOf(place, key))]))
  }
}

/** Reads an object with these members; others are left out. */
export function objectOf<T extends Readonly<Record<string, Shape<unknown>>>>(
  shapes: T,
): Shape<{ readonly [K in keyof T]: Read<T[K]> }> {
  return (value, place) => {
    const object = plainObject(value, place)
    const entries = Object.entries(shapes).map(([key, shape]) => [key, shape(object[key], memberOf(place, key))])
    return Object.fromEntries(entries) as { readonly [K in keyof T]: Read<T[K]> }
  }
}

/** Reads anything, as it is. */
export const asItIs: Shape<unknown> = (value) => value

function plainObject(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UnexpectedShape(place, 'object')
  return value as Readonly<Record<string, unknown>>
}

function memberOf(place: string, key: string): string {
  return place === '' ? key : `${place}.${key}`
}
