import { EscError } from '../../errors.ts'
import { formatJson } from '../../json.ts'
import type { Notice } from '../../notice.ts'
import { type Endpoint, hearEvents, performOperation, RemoteRefusal } from '../../remote/index.ts'
import type { Author, CommitOutcome } from '../../store/index.ts'
import { choiceForServer } from '../folders/folder-choice.ts'
import { type EnvironmentReference, parseReference, parseRelativeReference } from '../references/reference.ts'
import type { Operation, OperationSubject, PerformOptions } from '../session/operation.ts'
import type { Principal } from '../session/principal.ts'
import { type Performed, Session } from '../session/session.ts'
import type { SessionHost, SessionParts, SessionPolicy, SessionRequest } from '../session/session-parts.ts'
import type { Chosen } from '../session/workspace.ts'
import { type ChosenServer, serverAt } from './chosen-server.ts'
import { needsFolder, workspaceElsewhere } from './elsewhere.ts'
import { fromWire, WireError } from './wire.ts'

/** The members of an answer that are known to the session afterwards. */
interface Caller {
  readonly organization: string
  readonly principal: string
}

interface Answer<Result> extends Performed<Result> {
  readonly caller: Caller
}

/**
 * A store on a server, in use by the holder of a token. Operations are performed there, and the
 * access rules there decide. What needs this machine, such as a person to ask, is done here.
 */
export class RemoteSession extends Session {
  readonly #server: ChosenServer
  readonly #parts: SessionParts
  #caller: Caller | undefined

  constructor(server: ChosenServer, parts: SessionParts) {
    super(workspaceElsewhere(server.url, server.chosen, parts))
    this.#server = server
    this.#parts = parts
    const { login } = server
    this.#caller = login && { organization: login.organization, principal: login.user }
  }

  override get server(): string {
    return this.#server.url
  }

  /** Empty as long as it is unknown: the token came from a variable, and nothing was asked yet. */
  override get organization(): string {
    return this.#caller?.organization ?? ''
  }

  /** The environment that is meant here when none is named. `undefined`: none. */
  get selected(): string | undefined {
    const choice = choiceForServer(this.#parts.host, this.#server.url)
    return choice?.selected ?? choice?.environment ?? this.#server.login?.selected
  }

  override principal(): Principal {
    return { name: this.#caller?.principal ?? 'the holder of the token', from: 'token' }
  }

  override async author(): Promise<Author> {
    return { name: this.principal().name }
  }

  override reference(typed: string, base?: EnvironmentReference): EnvironmentReference {
    const organization = () => this.organization || (typed.split('/')[0] as string)
    return base === undefined ? parseReference(typed, organization) : parseRelativeReference(typed, base, organization)
  }

  override fullName({ name }: Pick<EnvironmentReference, 'name'>): string {
    return this.organization === '' ? name : super.fullName({ name })
  }

  override get hasDueDeliveries(): boolean {
    return false
  }

  override with(changed: SessionPolicy): Session {
    return new RemoteSession(this.#server, { ...this.#parts, policy: { ...this.#parts.policy, ...changed } })
  }

  /** Opens the same store anew. `changed`: what of its host is another. */
  reopened(changed: Partial<SessionHost>): RemoteSession {
    return new RemoteSession(this.#server, { ...this.#parts, host: { ...this.#parts.host, ...changed } })
  }

  /** Hears, until the stream ends, which environments change that the caller may read. */
  async hearChanges(stream: Pick<Parameters<typeof hearEvents>[1], 'lastEventId' | 'signal' | 'hear'>): Promise<void> {
    const doing = 'hear of changes of environments'
    await hearEvents(await this.#endpoint(stream.signal), { ...stream, path: '/api/v1/events', doing })
  }

  protected override async performNow<S extends OperationSubject, Input, Result>(
    operation: Operation<S, Input, Result>,
    subject: S,
    input: Input,
    options: PerformOptions,
  ): Promise<Performed<Result>> {
    const { performHere } = await import('./client-side.ts')
    const here = performHere(operation.name)
    if (here === undefined) return this.#ask(operation, subject, input, options)
    const notices: Notice[] = []
    const result = await here({
      url: this.#server.url,
      host: this.#parts.host,
      subject: subject as EnvironmentReference,
      input,
      notify: (notice) => {
        notices.push(notice)
        this.#parts.host.notify(notice)
      },
      perform: async (inner, about, given) => {
        const performed = await this.#ask(inner, about, given, options)
        notices.push(...performed.notices)
        return performed.result
      },
    })
    return { result: result as Result, notices, commit: undefined }
  }

  async #ask<S extends OperationSubject, Input, Result>(
    operation: Operation<S, Input, Result>,
    subject: S,
    input: Input,
    { signal }: PerformOptions,
  ): Promise<Performed<Result>> {
    const { name } = operation
    const { url } = this.#server
    const { host, policy } = this.#parts
    if (policy.commit === true) throw needsFolder(url, 'committing to git')
    const { dataOfInput } = await import('./input-data.ts')
    const request = {
      subject: subject === undefined ? null : { name: subject.name, version: subject.version, typed: subject.typed },
      input: await dataOfInput(operation, input, () => needsFolder(url)),
      ...(policy.lifetimeSeconds !== undefined && { policy: { lifetimeSeconds: policy.lifetimeSeconds } }),
    }
    host.progress?.(`asking ${url}`)
    const { done, body } = await performOperation(await this.#endpoint(signal), name, formatJson(request)).catch(
      (error) => {
        throw error instanceof RemoteRefusal && error.status === 404 ? isNoneOfOurs(url, error) : error
      },
    )
    const read = decoded(url, body)
    if (!done) throw (read as { readonly error: unknown }).error
    const { result, notices, commit, caller } = read as Answer<Result>
    this.#caller = caller
    for (const notice of notices) host.notify(notice)
    if (commit !== undefined) host.onCommit?.(commit as CommitOutcome)
    return { result, notices, commit }
  }

  async #endpoint(signal: AbortSignal | undefined): Promise<Endpoint> {
    const { url, token } = this.#server
    const { version } = (await import('../../../package.json', { with: { type: 'json' } })).default
    return { url, token, userAgent: `gitesc/${version}`, env: this.#parts.host.env, signal }
  }
}

function decoded(url: string, body: object): unknown {
  try {
    return fromWire(body)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new EscError('unsupported', `cannot read the answer of ${url}: ${error.message}`, {
      hint: 'use the version of esc that the server has',
    })
  }
}

function isNoneOfOurs(url: string, cause: unknown): EscError {
  return new EscError('unsupported', `${url} is not a server of this esc, which commands could work with`, {
    hint: 'import its environments into a store of your own',
    cause,
  })
}

/** Opens a session on a server that the request names by its URL. */
export function sessionOnServer(typed: string, request: SessionRequest, chosen: Chosen): RemoteSession {
  return new RemoteSession(serverAt(typed, request, chosen), request)
}
