import { environmentTagPageShape, environmentTagShape, type RemoteEnvironmentTag } from './answers.ts'
import { apiPath, askJson, askServer } from './exchange.ts'
import { allPages } from './pages.ts'
import type { PartOfEnvironment } from './remote-revisions.ts'

/** The tags of an environment on a server. */
export class RemoteTags {
  readonly #of: PartOfEnvironment

  constructor(of: PartOfEnvironment) {
    this.#of = of
  }

  all(): Promise<readonly RemoteEnvironmentTag[]> {
    const { endpoint, fullName } = this.#of
    const doing = `list the tags of '${fullName}'`
    return allPages(doing, async (after = '') => {
      const request = { method: 'GET', path: this.#path(), query: { after, count: 500 }, doing } as const
      const { tags, nextToken } = await askJson(endpoint, request, environmentTagPageShape)
      // The last page says "0".
      return { items: [...tags.values()], next: nextToken === '0' || tags.size === 0 ? undefined : nextToken }
    })
  }

  /** @throws EscError `not_found`. */
  get(name: string): Promise<RemoteEnvironmentTag> {
    return askJson(
      this.#of.endpoint,
      { method: 'GET', path: this.#path(name), doing: `read the tag '${name}'` },
      environmentTagShape,
    )
  }

  /** @throws EscError `conflict` where there is such a tag. */
  create(name: string, value: string): Promise<RemoteEnvironmentTag> {
    const request = {
      method: 'POST',
      path: this.#path(),
      body: { name, value },
      doing: `create the tag '${name}'`,
    } as const
    return askJson(this.#of.endpoint, request, environmentTagShape)
  }

  /**
   * Changes a tag that has the value `from`.
   * @throws EscError `not_found`; `conflict` when it has another.
   */
  change(
    name: string,
    from: string,
    to: { readonly name?: string; readonly value?: string },
  ): Promise<RemoteEnvironmentTag> {
    const body = { currentTag: { name, value: from }, newTag: { name: to.name ?? '', value: to.value ?? '' } }
    const request = { method: 'PATCH', path: this.#path(name), body, doing: `change the tag '${name}'` } as const
    return askJson(this.#of.endpoint, request, environmentTagShape)
  }

  /** @throws EscError `not_found`. */
  async remove(name: string): Promise<void> {
    await askServer(this.#of.endpoint, { method: 'DELETE', path: this.#path(name), doing: `remove the tag '${name}'` })
  }

  #path(name?: string): string {
    return `${this.#of.path}/tags${name === undefined ? '' : apiPath(name)}`
  }
}
