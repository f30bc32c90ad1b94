import {
  type Analysis,
  analyzeDefinition,
  cutFooter,
  type DocumentLocation,
  encryptForDefinition,
  type FileLocation,
  type Installed,
  importersOfKey,
  installedHere,
  listEnvironments,
  locateTarget,
  parsedAnalysis,
  RememberingParser,
  type SessionParts,
  startSession,
} from '../operations/index.ts'

type ImportersOfKey = Awaited<ReturnType<typeof importersOfKey.run>>

/**
 * The stores that documents are in, as the language server uses them. Each is opened anew for each
 * request, so that it is as it is now; nobody is asked anything, and nothing is opened or run that
 * was not allowed on this machine.
 */
export class DocumentStores {
  readonly #parts: SessionParts
  readonly #parser = new RememberingParser()
  readonly #installed = new Map<string, Promise<Installed>>()

  constructor({ caller, host, policy }: SessionParts) {
    const unasked = { ...host, prompt: undefined, askTrust: undefined, deliver: undefined }
    this.#parts = { caller, host: unasked, policy: { ...policy, commit: false } }
  }

  /**
   * Checks a text as the definition of an environment; one that is in no store, by its form alone.
   */
  async analyze(place: DocumentLocation | undefined, text: string, signal?: AbortSignal): Promise<Analysis> {
    if (place === undefined) return parsedAnalysis('environment.yaml', text)
    const { session, reference } = this.#target(place, place.environment)
    const input = { text: place.isCopy ? cutFooter(text) : text, parse: this.#parser.parse }
    return (await session.perform(analyzeDefinition, reference, input, { signal })).result
  }

  /**
   * Checks the newest revision of another environment of the store. Undefined: it cannot be read.
   */
  async look(place: DocumentLocation, environment: string): Promise<Analysis | undefined> {
    try {
      const { session, reference } = this.#target(place, environment)
      return (await session.perform(analyzeDefinition, reference, { parse: this.#parser.parse })).result
    } catch {
      return undefined
    }
  }

  /** Names of the environments that the user may see. Empty: there are none, or no store. */
  async environments(place: DocumentLocation | undefined): Promise<readonly string[]> {
    if (place === undefined) return []
    try {
      const all = { organization: undefined, project: undefined }
      return (await this.#session(place).perform(listEnvironments, undefined, all)).result.environments
    } catch {
      return []
    }
  }

  /** Everything that definitions can name. Plugins that were not allowed here are left out. */
  installed(place: DocumentLocation | undefined): Promise<Installed> {
    const key = place?.store ?? ''
    let known = this.#installed.get(key)
    if (known === undefined) {
      const { host } = this.#parts
      const nowhere = { ...this.#parts, host: { ...host, cwd: '/', env: { ...host.env, ESC_STORE: undefined } } }
      const request = place === undefined ? nowhere : { ...this.#parts, store: place.store }
      known = installedHere(request).catch(() => {
        // They may be allowed later.
        this.#installed.delete(key)
        return place === undefined ? { providers: [], rotators: [] } : this.installed(undefined)
      })
      this.#installed.set(key, known)
    }
    return known
  }

  async encrypt(place: DocumentLocation, plaintext: string): Promise<string> {
    const { session, reference } = this.#target(place, place.environment)
    return (await session.perform(encryptForDefinition, reference, plaintext)).result
  }

  async importers(place: DocumentLocation, path: readonly (string | number)[]): Promise<ImportersOfKey> {
    const { session, reference } = this.#target(place, place.environment)
    return (await session.perform(importersOfKey, reference, { path })).result
  }

  async locate(
    place: DocumentLocation,
    environment: string,
    begin: Parameters<typeof locateTarget.run>[1]['begin'],
  ): Promise<FileLocation> {
    const { session, reference } = this.#target(place, environment)
    return (await session.perform(locateTarget, reference, { begin })).result
  }

  #target(place: DocumentLocation, environment: string) {
    const session = this.#session(place)
    return { session, reference: session.reference(environment) }
  }

  #session({ store }: DocumentLocation) {
    return startSession({ ...this.#parts, store })
  }
}
