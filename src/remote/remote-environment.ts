import type { HttpAnswer } from '../http/index.ts'
import type { Json } from '../json.ts'
import {
  metadataShape,
  openedShape,
  type RemoteRotation,
  referrerPageShape,
  rotationEventShape,
  settingsShape,
} from './answers.ts'
import type { Endpoint } from './endpoint.ts'
import { type ApiRequest, apiPath, askJson, askServer, unexpected } from './exchange.ts'
import { allPages } from './pages.ts'
import { RemoteRevisions } from './remote-revisions.ts'
import { RemoteSchedules } from './remote-schedules.ts'
import { RemoteTags } from './remote-tags.ts'
import { RemoteWebhooks } from './remote-webhooks.ts'
import { exactJson } from './values.ts'

/** The three parts of the name of an environment on a server. */
export interface RemoteName {
  readonly organization: string
  readonly project: string
  readonly name: string
}

/** A definition as a server keeps it. */
export interface RemoteDefinition {
  readonly text: string
  readonly revision: number
  /** Tells one state from another: to be handed back with a change that is made from this one. */
  readonly etag: string | undefined
}

export interface RemoteClone {
  readonly project?: string
  readonly name: string
  readonly version?: number
  readonly preserveHistory?: boolean
  readonly preserveAccess?: boolean
  readonly preserveEnvironmentTags?: boolean
  readonly preserveRevisionTags?: boolean
}

/** Openings call providers, and rotations wait for vendors. */
const openingMs = 2 * 60_000
const rotatingMs = 15 * 60_000

/** One environment of a server. `version`: a revision number or a tag; default: the newest. */
export class RemoteEnvironment {
  readonly fullName: string
  readonly revisions: RemoteRevisions
  readonly tags: RemoteTags
  readonly schedules: RemoteSchedules
  readonly webhooks: RemoteWebhooks
  readonly #endpoint: Endpoint
  readonly #path: string

  constructor(endpoint: Endpoint, { organization, project, name }: RemoteName) {
    this.#endpoint = endpoint
    this.#path = `/api/esc/environments${apiPath(organization, project, name)}`
    this.fullName = `${organization}/${project}/${name}`
    const of = { endpoint, path: this.#path, fullName: this.fullName }
    this.revisions = new RemoteRevisions(of)
    this.tags = new RemoteTags(of)
    this.schedules = new RemoteSchedules(of)
    this.webhooks = new RemoteWebhooks(of, { organization, project, name })
  }

  /** The definition with its secrets as ciphertext. @throws EscError `not_found`. */
  read(version?: string | number): Promise<RemoteDefinition> {
    return this.#definition(version, '', 'read')
  }

  /**
   * The definition with its static secrets in the clear.
   * @throws EscError `not_found`, `forbidden`.
   */
  decrypt(version?: string | number): Promise<RemoteDefinition> {
    return this.#definition(version, '/decrypt', 'decrypt')
  }

  /**
   * Replaces the definition. Returns the number of the new revision. `etag`: of the definition that
   * the change was made from.
   *
   * @throws RemoteRefusal `conflict` when another change came first, `invalid_input` with the
   *   diagnostics for a definition with errors.
   */
  async update(definition: string, { etag }: { readonly etag?: string } = {}): Promise<number> {
    const doing = `change '${this.fullName}'`
    const headers: Record<string, string> = etag === undefined ? {} : { etag }
    const request = {
      method: 'PATCH',
      path: this.#path,
      body: definition,
      headers,
      doing,
      timeoutMs: openingMs,
    } as const
    return this.#revisionOf(await askServer(this.#endpoint, request), doing)
  }

  /** @throws EscError `not_found`; `conflict` while it is protected. */
  async remove(): Promise<void> {
    await this.#ask({ method: 'DELETE', doing: `remove '${this.fullName}'` })
  }

  /** @throws EscError `not_found`; `conflict` where the destination is taken. */
  async clone(to: RemoteClone): Promise<void> {
    await this.#ask({ method: 'POST', body: to, doing: `clone '${this.fullName}'` }, '/clone')
  }

  /** The id of the environment, which no other has had. */
  async id(): Promise<string> {
    return (await this.#json({ method: 'GET', doing: `read '${this.fullName}'` }, '/metadata', metadataShape)).id
  }

  /**
   * Evaluates the environment, and returns the id by which `values` and `property` read the result.
   * `duration`: how long it can be read, as in Go, such as `2h0m0s`; default: as the server says.
   *
   * @throws RemoteRefusal with the diagnostics, where evaluation fails.
   */
  async open(version?: string | number, duration?: string): Promise<string> {
    const doing = `open '${this.fullName}'`
    const request = { method: 'POST', query: { duration }, doing, timeoutMs: openingMs } as const
    return (await this.#json(request, `${versionPath(version)}/open`, openedShape)).id
  }

  /** Everything that an open environment holds: secrets too. */
  async values(id: string): Promise<Json> {
    const doing = `read the values of '${this.fullName}'`
    return exactJson(this.#endpoint, doing, await this.#ask({ method: 'GET', doing }, `/open${apiPath(id)}`))
  }

  /**
   * One value of an open environment. `property`: such as `a.b[0]["c d"]`.
   * @throws EscError `not_found`.
   */
  async property(id: string, property: string): Promise<Json> {
    const doing = `read a value of '${this.fullName}'`
    const request = { method: 'GET', query: { property }, doing } as const
    return exactJson(this.#endpoint, doing, await this.#ask(request, `/open${apiPath(id)}`))
  }

  /** Rotates. `paths`: below `values`; none: everything. A path that fails is no error. */
  async rotate(paths: readonly string[] = []): Promise<RemoteRotation> {
    const request = {
      method: 'POST',
      body: { Paths: paths },
      doing: `rotate '${this.fullName}'`,
      timeoutMs: rotatingMs,
    } as const
    return (await this.#json(request, '/rotate', rotationEventShape)).secretRotationEvent
  }

  async isDeletionProtected(): Promise<boolean> {
    const doing = `read the settings of '${this.fullName}'`
    return (await this.#json({ method: 'GET', doing }, '/settings', settingsShape)).deletionProtected === true
  }

  async protectFromDeletion(deletionProtected: boolean): Promise<void> {
    const doing = `change the settings of '${this.fullName}'`
    await this.#ask({ method: 'PATCH', body: { deletionProtected }, doing }, '/settings')
  }

  /** Everything that builds on the environment, by its revision or tag. */
  async referrers({ allRevisions }: { readonly allRevisions?: boolean } = {}) {
    const doing = `list what refers to '${this.fullName}'`
    return allPages(doing, async (continuationToken) => {
      const request = { method: 'GET', query: { count: 500, allRevisions, continuationToken }, doing } as const
      const page = await this.#json(request, '/referrers', referrerPageShape)
      return { items: [...page.referrers].map(([version, by]) => ({ version, by })), next: page.continuationToken }
    })
  }

  async #definition(version: string | number | undefined, suffix: string, verb: string): Promise<RemoteDefinition> {
    const of = version === undefined ? '' : `@${version}`
    const doing = `${verb} '${this.fullName}${of}'`
    const answer = await this.#ask({ method: 'GET', doing }, `${versionPath(version)}${suffix}`)
    const type = answer.headers.get('content-type') ?? ''
    // A page of a proxy must not become a definition.
    if (!/^application\/x-yaml\b/i.test(type)) throw unexpected(this.#endpoint, doing, 'it is not YAML')
    return {
      text: answer.text,
      revision: this.#revisionOf(answer, doing),
      etag: answer.headers.get('etag') ?? undefined,
    }
  }

  #revisionOf({ headers }: HttpAnswer, doing: string): number {
    const text = headers.get('pulumi-esc-revision') ?? ''
    if (/^[1-9]\d{0,9}$/.test(text)) return Number(text)
    throw unexpected(this.#endpoint, doing, 'it names no revision')
  }

  #ask(request: Omit<ApiRequest, 'path'>, suffix = ''): Promise<HttpAnswer> {
    return askServer(this.#endpoint, { ...request, path: `${this.#path}${suffix}` })
  }

  #json<T>(request: Omit<ApiRequest, 'path'>, suffix: string, shape: (value: unknown, place: string) => T): Promise<T> {
    return askJson(this.#endpoint, { ...request, path: `${this.#path}${suffix}` }, shape)
  }
}

function versionPath(version: string | number | undefined): string {
  return version === undefined ? '' : `/versions${apiPath(version)}`
}
