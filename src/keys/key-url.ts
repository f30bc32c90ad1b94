import { EscError } from '../errors.ts'

/** The form of a kind of secrets provider URL. */
export interface KeyUrlForm {
  /** For messages: how to write it. */
  readonly usage: string
  /**
   * Names of query parameters. One that ends in `_` stands for all that begin so:
   * `context_` for `context_team`.
   */
  readonly parameters: readonly string[]
}

export interface KeyUrlParts {
  /** Between `kind://` and the query. */
  readonly path: string
  readonly parameters: ReadonlyMap<string, string>
}

/** One label of a host name, for patterns. */
export const hostLabel = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?'

/**
 * Takes the URL of a secrets provider apart. Nothing is decoded in the path: the names of keys need
 * no escapes, and one that is not there cannot hide a slash.
 * @throws EscError `invalid_input` for another form, and for unknown, repeated
 *   or malformed parameters.
 */
export function splitKeyUrl(url: string, form: KeyUrlForm): KeyUrlParts {
  const match = /^[a-z]+:\/\/([^?]*)(?:\?(.*))?$/s.exec(url)
  if (match === null) throw badKeyUrl(url, 'it is not a URL', form)
  const [, path = '', query = ''] = match
  const odd = /[^!-~]|[#\\%]/.exec(path)
  if (odd !== null) throw badKeyUrl(url, `it has ${spoken(odd[0])} in it`, form)
  const parameters = new Map<string, string>()
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const [name, value] = pair.split(/=(.*)/s).map((part) => decode(part, url, form)) as [string, string | undefined]
    const known = form.parameters.some((each) =>
      each.endsWith('_') ? name.startsWith(each) && name !== each : name === each,
    )
    if (!known) throw badKeyUrl(url, `the parameter '${name}' is unknown`, form)
    if (parameters.has(name)) throw badKeyUrl(url, `the parameter '${name}' is given more than once`, form)
    if (!value) throw badKeyUrl(url, `the parameter '${name}' has no value`, form)
    parameters.set(name, value)
  }
  return { path, parameters }
}

export function badKeyUrl(url: string, problem: string, { usage }: KeyUrlForm): EscError {
  return new EscError('invalid_input', `cannot use the secrets provider '${showKeyUrl(url)}': ${problem}`, {
    hint: usage,
  })
}

/**
 * A URL for a message: on one line, without its parameters, and without a secret
 * key put there by mistake.
 */
export function showKeyUrl(url: string): string {
  const text = url.replace(/\?.*$/s, '').replace(/(AGE-SECRET-KEY-)[^,]*/gi, '$1…')
  return JSON.stringify(text.slice(0, 300)).slice(1, -1)
}

/** A parameter that is `true` or `false`. Undefined: not given. */
export function flagOf(parts: KeyUrlParts, name: string, url: string, form: KeyUrlForm): boolean | undefined {
  const value = parts.parameters.get(name)
  if (value === undefined) return undefined
  if (value === 'true' || value === 'false') return value === 'true'
  throw badKeyUrl(url, `the parameter '${name}' must be true or false`, form)
}

function decode(text: string, url: string, form: KeyUrlForm): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw badKeyUrl(url, 'its parameters are not percent-encoded correctly', form)
  }
}

function spoken(character: string): string {
  if (character === ' ') return 'a space'
  return /[!-~]/.test(character) ? `'${character}'` : 'a control or non-ASCII character'
}
