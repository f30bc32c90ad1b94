import type { HttpAnswer } from '../../../http/index.ts'
import { memberAt } from './answer.ts'
import type { ListRequest } from './definition.ts'

/** The next request of a list; `problem`: the answer says something else than the definition. */
export type Next = { readonly url: string } | { readonly problem: string } | undefined

/** Members by which an API says that there is more, where the definition names none. */
const usual = [
  ...['has_more', 'hasMore', 'next', 'next_page', 'nextPage', 'next_cursor', 'nextCursor', 'next_url', 'next_page_url'],
  ...['next_page_uri', 'next_page_token', 'nextPageToken', 'nextToken', 'NextToken', 'nextLink'],
]
const usualPlaces = [
  '',
  'meta',
  'metadata',
  '_metadata',
  'paging',
  'pagination',
  'page_info',
  'pageInfo',
  'links',
  '_links',
]

/**
 * Finds the next page of a list.
 *
 * @param asked the address of this page.
 * @param count the number of items of this page.
 */
export function nextPage({ next }: ListRequest, asked: string, answer: HttpAnswer, count: number): Next {
  if (next === undefined) return undeclared(answer)
  const { json } = answer
  if (next.url !== undefined) {
    const url = memberAt(json, next.url)
    return url === undefined || url === null || url === '' ? undefined : sameOrigin(String(url), asked)
  }
  if (next.link === true) {
    const link = linkIn(answer)
    return link === undefined ? undefined : sameOrigin(link, asked)
  }
  if (next.page !== undefined) {
    if (count === 0) return undefined
    return withParameter(asked, next.page, String(Number(new URL(asked).searchParams.get(next.page) ?? 1) + 1))
  }
  const { more, cursor = '', parameter = '' } = next
  const isMore = more === undefined ? undefined : memberAt(json, more)
  if (isMore === false) return undefined
  if (more !== undefined && isMore !== true)
    return { problem: `its member ${JSON.stringify(more)} is not true or false` }
  const value = memberAt(json, cursor)
  const isCursor = (typeof value === 'string' && value !== '') || typeof value === 'number'
  if (isCursor) return withParameter(asked, parameter, String(value))
  return isMore === true ? { problem: `it has more pages, and no cursor in ${JSON.stringify(cursor)}` } : undefined
}

/** A list that is longer than it seems would hide credentials. */
function undeclared(answer: HttpAnswer): Next {
  if (linkIn(answer) !== undefined) return { problem: 'it has more pages (header Link)' }
  for (const place of usualPlaces) {
    const found = usual.find((name) => isMore(memberAt(memberAt(answer.json, place), name)))
    if (found !== undefined) {
      return { problem: `it has more pages (${place === '' ? '' : `${place}.`}${found})` }
    }
  }
  return undefined
}

function isMore(value: unknown): boolean {
  return value === true || typeof value === 'number' || (typeof value === 'string' && value !== '')
}

/** The target of the relation `next` in a header Link (RFC 8288). */
function linkIn({ headers }: HttpAnswer): string | undefined {
  const links = headers.get('link') ?? ''
  return /<([^>]*)>(?=[^,<]*;\s*rel="?(?:[^"]*\s)?next(?:[\s"]|;|,|$))/i.exec(links)?.[1]
}

/** The list's next page, which must not lead the log-in elsewhere. */
function sameOrigin(next: string, asked: string): Next {
  if (!URL.canParse(next, asked)) return { problem: 'the address of its next page is none' }
  const url = new URL(next, asked)
  if (url.origin !== new URL(asked).origin) return { problem: 'its next page is at another host' }
  return { url: url.href }
}

function withParameter(asked: string, name: string, value: string): Next {
  const url = new URL(asked)
  url.searchParams.set(name, value)
  return { url: url.href }
}
