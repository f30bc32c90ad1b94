import { type ErrorCode, EscError, type EscErrorOptions } from '../errors.ts'
import { type HttpAnswer, type NoAnswer, quoted } from '../http/index.ts'
import { rich, step, type Text } from '../rich-text.ts'
import type { Endpoint } from './endpoint.ts'
import { asCount, asItIs, asList, asText, ifGiven, objectOf } from './shape.ts'

const placeShape = objectOf({ line: asCount, column: asCount })
const diagnosticShape = objectOf({
  severity: ifGiven(asText),
  summary: asText,
  detail: ifGiven(asText),
  path: ifGiven(asText),
  range: ifGiven(objectOf({ environment: ifGiven(asText), begin: placeShape })),
})
const errorShape = objectOf({ code: asItIs, message: ifGiven(asText), diagnostics: asList(diagnosticShape) })

/** A mistake in a definition, as a server has found it. */
export type RemoteDiagnostic = ReturnType<typeof diagnosticShape>

/** A refusal by a server, with its status and what it says of the definition. */
export class RemoteRefusal extends EscError {
  readonly status: number
  readonly diagnostics: readonly RemoteDiagnostic[]

  constructor(
    code: ErrorCode,
    message: Text,
    options: EscErrorOptions & { readonly status: number; readonly diagnostics: readonly RemoteDiagnostic[] },
  ) {
    super(code, message, options)
    this.status = options.status
    this.diagnostics = options.diagnostics
  }
}

/**
 * Returns the error for an answer that is none of success. `doing`: such as `list the
 * environments`. `hidden`: what was sent and may not be repeated.
 */
export function remoteRefusal(
  endpoint: Endpoint,
  doing: string,
  answer: HttpAnswer,
  hidden: readonly string[],
): RemoteRefusal {
  const { status } = answer
  const said = saidBy(answer, hidden)
  const { code, hint, transient } = meaningOf(endpoint, answer, said !== undefined)
  const { message = '', diagnostics = [] } = said ?? {}
  const shown = diagnostics.map(diagnosticText).join('; ')
  const words = [message, shown].filter((each) => each !== '').join(': ')
  const what = `cannot ${doing}: ${endpoint.url} answered with status ${status}${words === '' ? '' : `: ${words}`}`
  return new RemoteRefusal(code, what, { hint, transient, status, diagnostics })
}

/** The words of the body without secrets. `undefined` when it is no error of the ESC API. */
function saidBy({ json }: HttpAnswer, hidden: readonly string[]) {
  let said: ReturnType<typeof errorShape>
  try {
    said = errorShape(json, '')
  } catch {
    return undefined
  }
  if (said.code === undefined && said.message === undefined) return undefined
  const clean = (words: string) => quoted(words, hidden)
  return {
    message: clean(said.message ?? ''),
    diagnostics: said.diagnostics.map((each) => ({ ...each, summary: clean(each.summary) })),
  }
}

function diagnosticText({ summary, path, range }: RemoteDiagnostic): string {
  const at = range === undefined ? '' : `${range.environment ?? ''}:${range.begin.line}:${range.begin.column}: `
  return `${at}${path ? `${path}: ` : ''}${summary}`
}

interface Meaning {
  readonly code: ErrorCode
  readonly hint?: Text
  readonly transient?: boolean
}

function meaningOf({ url, token }: Endpoint, answer: HttpAnswer, isOfApi: boolean): Meaning {
  const { status } = answer
  if (status === 401) {
    const logIn = step('log in', { do: 'log-in', url })
    const hint =
      token === undefined
        ? rich`no access token was sent: ${logIn}`
        : rich`the server does not accept the access token: it may have expired, or be one of another server; ${logIn} with another`
    return { code: 'forbidden', hint }
  }
  if (status === 429) {
    return {
      code: 'limit_exceeded',
      hint: 'the server takes no more requests for now: try again later',
      transient: true,
    }
  }
  if (status >= 500) return { code: 'io', hint: 'the fault is the server’s: try again later', transient: true }
  if (status >= 300 && status < 400) {
    const to = redirectOf(answer)
    return { code: 'invalid_input', hint: `name the server by the URL ${to ?? 'that it redirects to'}` }
  }
  if (!isOfApi) return { code: 'invalid_input', hint: `check that ${url} is the address of a server of the ESC API` }
  const codes: Readonly<Record<number, ErrorCode>> = {
    403: 'forbidden',
    404: 'not_found',
    409: 'conflict',
    413: 'limit_exceeded',
  }
  return { code: codes[status] ?? 'invalid_input' }
}

/** The origin alone: the rest may hold anything. */
function redirectOf({ headers }: HttpAnswer): string | undefined {
  try {
    return new URL(headers.get('location') ?? '').origin
  } catch {
    return undefined
  }
}

/** Returns the error for a request that got no answer. */
export function unanswered(endpoint: Endpoint, doing: string, { code }: NoAnswer): EscError {
  if (code === 'interrupted') return new EscError('interrupted', `interrupted while waiting for ${endpoint.url}`)
  const ofCertificate = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)/.test(code)
  const reason = code === 'timeout' ? 'no answer in time' : code
  return new EscError('io', `cannot ${doing}: no answer of ${endpoint.url} (${reason})`, {
    hint: ofCertificate
      ? 'put the certificate of the authority of the server into a file, and its path into NODE_EXTRA_CA_CERTS or SSL_CERT_FILE'
      : 'check the URL of the server, the network and its proxy settings',
    transient: !ofCertificate,
  })
}
