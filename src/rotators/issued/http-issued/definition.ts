import type { PlainObject } from '../../../plain.ts'
import type { Secret } from '../../../secret.ts'

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Proves who asks. Exactly one of the two. */
export type HttpAuth<Text> = {
  readonly bearer?: Text
  readonly basic?: { readonly username: Text; readonly password: Text }
}

/** A request below the address of the API. Texts are templates. */
export type HttpRequest = {
  readonly method?: HttpMethod
  /** Appended to `url`, with a query if it has one. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: PlainObject
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>
}

/** The way to the next page of a list. Exactly one of `url`, `link`, `page` and `cursor`. */
export type NextPage = {
  /** The member of the answer that holds the address of the next page. */
  readonly url?: string
  /** True where the header `Link` names it (RFC 8288). */
  readonly link?: boolean
  /** The parameter that holds the number of the page; the first page without items is the last. */
  readonly page?: string
  /** The member of the answer that is sent as `parameter` with the next request. */
  readonly cursor?: string
  readonly parameter?: string
  /** The member of the answer that is true while there are more pages. */
  readonly more?: string
}

/** The request that lists credentials. Paths such as `data[0].id` name members of its answer. */
export type ListRequest = {
  readonly path: string
  /** The list in the answer. Default: the answer itself. */
  readonly items?: string
  readonly id: string
  /** The name that a credential was created under. */
  readonly name?: string
  readonly createdAt?: string
  /** Members that a listed credential must have; others are left out. */
  readonly only?: Readonly<Record<string, string | number | boolean>>
  readonly next?: NextPage
}

export type CreateRequest = HttpRequest & {
  readonly id: string
  /** The secrets in the answer, by the name under which they are kept. */
  readonly values: Readonly<Record<string, string>>
  readonly createdAt?: string
  /** The header for the mark, where the API answers a repeated request with it as before. */
  readonly idempotencyHeader?: string
}

export type VerifyRequest = HttpRequest & {
  readonly auth?: HttpAuth<string>
  /** Statuses that prove the log-in besides 2xx. */
  readonly works?: readonly number[]
}

/** The most credentials that there can be, and how the API refuses one more. */
export type HttpLimit = { readonly count: number; readonly status: number; readonly code?: string }

/** An API that issues credentials, as a definition describes it. */
export type HttpDefinition = {
  /** Everything is asked below this address. */
  readonly url: string
  /** A word for what is rotated. Default: `credential`. */
  readonly noun?: string
  readonly auth?: HttpAuth<Secret<string>>
  readonly headers?: Readonly<Record<string, Secret<string>>>
  readonly list: ListRequest
  readonly create: CreateRequest
  readonly delete: HttpRequest
  readonly verify: VerifyRequest
  readonly limit?: HttpLimit
  /** Members of an answer that refuses, which say why. */
  readonly error?: { readonly code?: string; readonly message?: string }
}

/** A credential as every such API issues it. */
export interface HttpCredential {
  readonly id: string
  readonly values: Readonly<Record<string, Secret<string>>>
  /** RFC 3339, UTC. */
  readonly createdAt?: string
}

/** The credentials that a record is about: where they are made and, where that differs, listed. */
export function subjectOf({ url, create, list }: HttpDefinition): string {
  const place = (path: string) => `${url.replace(/\/+$/, '')}/${path.replace(/^\/+|\?.*$/gs, '')}`
  const [made, listed] = [place(create.path), place(list.path)]
  return made === listed ? made : `${made} (listed at ${listed})`
}

/** True when a credential keeps the mark that it is created with. */
export function hasMarks({ list }: HttpDefinition): boolean {
  return list.name !== undefined
}
