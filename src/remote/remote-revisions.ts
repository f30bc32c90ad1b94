import {
  type RemoteRevision,
  type RemoteRevisionTag,
  revisionShape,
  revisionTagPageShape,
  revisionTagShape,
} from './answers.ts'
import type { Endpoint } from './endpoint.ts'
import { apiPath, askJson, askServer } from './exchange.ts'
import { asList } from './shape.ts'

/** The environment that a part of the API is about. */
export interface PartOfEnvironment {
  readonly endpoint: Endpoint
  readonly path: string
  readonly fullName: string
}

const pageSize = 500
const revisionList = asList(revisionShape)

/** The revisions of an environment on a server, and the tags that name them. */
export class RemoteRevisions {
  readonly #of: PartOfEnvironment

  constructor(of: PartOfEnvironment) {
    this.#of = of
  }

  /** All revisions, newest first. */
  async all(): Promise<readonly RemoteRevision[]> {
    const { endpoint, path, fullName } = this.#of
    const doing = `list the revisions of '${fullName}'`
    const all: RemoteRevision[] = []
    for (let before: number | undefined; ; ) {
      const request = { method: 'GET', path: `${path}/versions`, query: { before, count: pageSize }, doing } as const
      // A server that does not go by `before` must not be asked for ever.
      const page = (await askJson(endpoint, request, revisionList)).filter(
        ({ number }) => before === undefined || number < before,
      )
      if (page.length === 0) return all
      all.push(...page)
      before = Math.min(...page.map(({ number }) => number))
    }
  }

  /** All tags but `latest`, by name. */
  async tags(): Promise<readonly RemoteRevisionTag[]> {
    const { endpoint, path, fullName } = this.#of
    const doing = `list the revision tags of '${fullName}'`
    const all = new Map<string, RemoteRevisionTag>()
    for (let after = ''; ; ) {
      const request = {
        method: 'GET',
        path: `${path}/versions/tags`,
        query: { after, count: pageSize },
        doing,
      } as const
      const { tags } = await askJson(endpoint, request, revisionTagPageShape)
      const fresh = tags.filter(({ name }) => !all.has(name))
      const last = fresh.at(-1)
      if (last === undefined) break
      for (const tag of fresh) all.set(tag.name, tag)
      after = last.name
    }
    all.delete('latest')
    return [...all.values()]
  }

  /** @throws EscError `not_found`. */
  tag(name: string): Promise<RemoteRevisionTag> {
    const { endpoint, path } = this.#of
    return askJson(
      endpoint,
      { method: 'GET', path: `${path}/versions/tags${apiPath(name)}`, doing: `read the tag '${name}'` },
      revisionTagShape,
    )
  }

  /** @throws EscError `conflict` where there is such a tag. */
  async createTag(name: string, to: number): Promise<void> {
    const { endpoint, path } = this.#of
    const body = { name, revision: to }
    await askServer(endpoint, {
      method: 'POST',
      path: `${path}/versions/tags`,
      body,
      doing: `create the tag '${name}'`,
    })
  }

  /** @throws EscError `not_found`. */
  async moveTag(name: string, to: number): Promise<void> {
    const { endpoint, path } = this.#of
    const body = { revision: to }
    await askServer(endpoint, {
      method: 'PATCH',
      path: `${path}/versions/tags${apiPath(name)}`,
      body,
      doing: `move the tag '${name}'`,
    })
  }

  /** @throws EscError `not_found`. */
  async removeTag(name: string): Promise<void> {
    const { endpoint, path } = this.#of
    await askServer(endpoint, {
      method: 'DELETE',
      path: `${path}/versions/tags${apiPath(name)}`,
      doing: `remove the tag '${name}'`,
    })
  }

  /** @throws EscError `not_found`. */
  async retract(
    version: number,
    given: { readonly replacement?: number; readonly reason?: string } = {},
  ): Promise<void> {
    const { endpoint, path, fullName } = this.#of
    const doing = `retract revision ${version} of '${fullName}'`
    await askServer(endpoint, {
      method: 'POST',
      path: `${path}/versions${apiPath(version)}/retract`,
      body: given,
      doing,
    })
  }
}
