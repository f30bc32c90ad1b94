import type { Secret } from './secret.ts'

/**
 * Data as providers and rotators see it: JSON in which a secret is a `Secret`. Numbers are ordinary doubles here;
 * the language itself keeps their text (`json.ts`).
 */
export type Plain = null | boolean | number | string | Secret | readonly Plain[] | PlainObject

export interface PlainObject {
  readonly [key: string]: Plain | undefined
}
