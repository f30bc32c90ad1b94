import {
  checkVariables,
  diagnoseEnvironment,
  Fingerprint,
  givenValue,
  history,
  listEnvironments,
  nextVersion,
  type OpenedEnvironment,
  openEnvironment,
  parseRotatorPath,
  parseValuePath,
  plainValues,
  rotateEnvironment,
  type Session,
  setValue,
  startSession,
} from '../operations/index.ts'
import type { Plain } from '../plain.ts'
import { Secret } from '../secret.ts'
import { DefinitionError } from './definition-error.ts'
import { OpenEnvironment } from './environment.ts'
import { isSecret, Output } from './output.ts'
import type {
  EnvironmentStore,
  HistoryEntry,
  OpenRequest,
  ReportedDiagnostic,
  RotateCall,
  RotationResult,
  SetOptions,
  StoreOptions,
  Watch,
  WatchCall,
} from './store.ts'

declare const ESC_BUILD_ID: string | undefined

/** An environment that is kept, because it depends on nothing outside the store. */
interface Held {
  readonly environment: OpenEnvironment
  readonly fingerprint: Fingerprint
}

/** A server, and the token that it is asked with. */
interface ConnectedServer {
  readonly url: string
  readonly token: string
}

/** The number of environments that are kept in memory. */
const MOST_HELD = 100

/**
 * A store in a folder, or on a server. It is read anew for each call, so that it is always as it is
 * now.
 */
export class LocalStore implements EnvironmentStore {
  readonly #path: string | undefined
  readonly #options: StoreOptions
  readonly #server: ConnectedServer | undefined
  readonly #held = new Map<string, Held>()

  /** @throws EscError `not_found` when there is no store. */
  constructor(path: string | undefined, options: StoreOptions, server?: ConnectedServer) {
    this.#path = path
    this.#options = options
    this.#server = server
    this.#session()
  }

  async open(reference: string, { signal, lifetimeSeconds }: OpenRequest = {}): Promise<OpenEnvironment> {
    if (lifetimeSeconds !== undefined) {
      const { opened } = await this.#open(reference, signal, lifetimeSeconds)
      return view(reference, opened)
    }
    const held = this.#held.get(reference)
    if (held?.fingerprint.isCurrent()) return held.environment
    this.#held.delete(reference)
    const begun = Date.now()
    const { opened, session } = await this.#open(reference, signal)
    const environment = view(reference, opened)
    const folders = opened.used.map(({ folder }) => folder)
    const isHere = session.server === undefined
    const fingerprint = opened.constant && isHere ? Fingerprint.of(session.folder, folders, begun) : undefined
    if (fingerprint !== undefined) {
      if (this.#held.size >= MOST_HELD) this.#held.clear()
      this.#held.set(reference, { environment, fingerprint })
    }
    return environment
  }

  async check(reference: string): Promise<readonly ReportedDiagnostic[]> {
    const { session, subject } = this.#target(reference)
    return diagnosticsOf((await session.perform(diagnoseEnvironment, subject)).result)
  }

  async environments(): Promise<readonly string[]> {
    const session = this.#session()
    const input = { organization: undefined, project: undefined }
    return (await session.perform(listEnvironments, undefined, input)).result.environments
  }

  async get(reference: string, path: string): Promise<Plain> {
    return (await this.open(reference)).get(path)
  }

  async set(
    reference: string,
    path: string,
    value: Plain | Output<Plain>,
    { secret, plaintext = false }: SetOptions = {},
  ): Promise<number> {
    const [plain, marked] = Output.isInstance(value)
      ? [(await value.reveal()) as Plain, await isSecret(value)]
      : value instanceof Secret
        ? [value.reveal(), true]
        : [value, false]
    const { session, subject } = this.#target(reference)
    const text = typeof plain === 'string' ? plain : JSON.stringify(plain)
    const words = { secret: secret ?? marked, form: typeof plain === 'string' ? 'text' : 'json' } as const
    const request = { path: parseValuePath(path), value: async () => givenValue(text, words), plaintext }
    const { result } = await session.perform(setValue, subject, request)
    if (result.revision === undefined) throw new DefinitionError(reference, diagnosticsOf(result.diagnostics))
    return result.revision
  }

  async rotate(reference: string, options: RotateCall = {}): Promise<RotationResult> {
    const { paths = [], mode = 'rotate', force = false, onProgress, signal } = options
    const { session, subject } = this.#target(reference)
    const progress = ({ path, phase }: { path: string; phase: string }) => onProgress?.(path, phase)
    const input = { paths: paths.map(parseRotatorPath), mode, force, onProgress: progress }
    const { result } = await session.perform(rotateEnvironment, subject, input, signal && { signal })
    const { status, revision, warnings } = result
    return {
      status,
      ...(revision !== undefined && { revision }),
      paths: result.paths.map(({ path, rotator, status, error, hint }) => ({
        path,
        rotator,
        status,
        ...(error !== undefined && { error }),
        ...(hint !== undefined && { hint: String(hint) }),
      })),
      warnings: warnings.map(String),
    }
  }

  async history(reference: string): Promise<readonly HistoryEntry[]> {
    const { session, subject } = this.#target(reference)
    const revisions = (await session.perform(history, subject)).result
    return revisions.map(({ number, created, author, change, rotated, tags, retraction }) => ({
      number,
      created,
      author: { name: author.name, email: author.email ?? '' },
      change,
      rotated,
      tags,
      retracted: retraction !== undefined,
    }))
  }

  async watch(
    reference: string,
    onChange: (environment: OpenEnvironment) => void,
    { signal, onProblem = () => {} }: WatchCall = {},
  ): Promise<Watch> {
    const stop = new AbortController()
    const ended = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal])
    const { opened, subject } = await this.#open(reference, ended)
    onChange(view(reference, opened))
    const reopen = () => this.#session()
    const go = async () => {
      for (let current: OpenedEnvironment | undefined = opened; current !== undefined && !ended.aborted; ) {
        const next = await nextVersion(current, {
          reference: subject,
          reopen,
          problem: (text) => onProblem(String(text)),
          signal: ended,
        })
        current = next?.opened
        if (current !== undefined && !ended.aborted) onChange(view(reference, current))
      }
    }
    // An error of the callback is the program's own, and ends it as any other would.
    void go()
    return { close: () => stop.abort() }
  }

  async #open(reference: string, signal: AbortSignal | undefined, lifetimeSeconds?: number) {
    const { session: usual, subject } = this.#target(reference)
    const session = lifetimeSeconds === undefined ? usual : usual.with({ lifetimeSeconds })
    const { result: opened } = await session.perform(openEnvironment, subject, undefined, signal && { signal })
    const diagnostics = diagnosticsOf(opened.diagnostics)
    if (diagnostics.some(({ severity }) => severity === 'error')) throw new DefinitionError(reference, diagnostics)
    // Programs pass them on to other programs.
    const handed = { properties: opened.properties, allowed: [], inShell: false }
    await session.perform(checkVariables, subject, handed)
    return { opened, subject, session }
  }

  #target(reference: string) {
    const session = this.#session()
    return { session, subject: session.reference(reference) }
  }

  #session(): Session {
    // The keys among them are for the store, and for no other program.
    const { env: own } = process
    const { env: given = own, onNotice = () => {} } = this.#options
    const server = this.#server
    const env =
      server === undefined
        ? given
        : { ...given, ESC_STORE: undefined, ESC_SERVER_URL: server.url, ESC_ACCESS_TOKEN: server.token }
    return startSession({
      store: this.#path,
      caller: {},
      host: {
        cwd: process.cwd(),
        env,
        notify: onNotice,
        now: () => new Date(),
        build: typeof ESC_BUILD_ID === 'undefined' ? undefined : ESC_BUILD_ID,
      },
      policy: {},
    })
  }
}

function view(name: string, { properties, revision }: OpenedEnvironment): OpenEnvironment {
  return new OpenEnvironment({ name, revision, ...plainValues(properties ?? Object.create(null)) })
}

function diagnosticsOf(found: OpenedEnvironment['diagnostics']): readonly ReportedDiagnostic[] {
  return found.map(({ severity, summary, hint, path, range, noticedAt }) => {
    const at = noticedAt ?? (range && { environment: range.environment, ...range.begin })
    return {
      severity,
      summary,
      path,
      ...(hint !== undefined && { hint: String(hint) }),
      ...(at !== undefined && { place: `${at.environment}:${at.line}:${at.column}` }),
    }
  })
}
