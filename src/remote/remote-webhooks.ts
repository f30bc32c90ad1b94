import { deliveriesShape, type RemoteWebhook, webhookListShape, webhookShape } from './answers.ts'
import { apiPath, askJson, askServer } from './exchange.ts'
import type { PartOfEnvironment } from './remote-revisions.ts'

/**
 * A webhook as it is to be. A change clears what is missing, but for format and secret, which stay.
 */
export interface GivenRemoteWebhook {
  readonly active: boolean
  readonly displayName: string
  readonly payloadUrl: string
  readonly filters?: readonly string[]
  readonly groups?: readonly string[]
  readonly format?: string
  readonly secret?: string
}

/** The webhooks of an environment on a server. */
export class RemoteWebhooks {
  readonly #of: PartOfEnvironment
  readonly #owner: { readonly organizationName: string; readonly projectName: string; readonly envName: string }

  constructor(
    of: PartOfEnvironment,
    owner: { readonly organization: string; readonly project: string; readonly name: string },
  ) {
    this.#of = of
    this.#owner = { organizationName: owner.organization, projectName: owner.project, envName: owner.name }
  }

  all(): Promise<readonly RemoteWebhook[]> {
    const { endpoint, fullName } = this.#of
    return askJson(
      endpoint,
      { method: 'GET', path: this.#path(), doing: `list the webhooks of '${fullName}'` },
      webhookListShape,
    )
  }

  /** @throws EscError `not_found`. */
  get(name: string): Promise<RemoteWebhook> {
    return askJson(
      this.#of.endpoint,
      { method: 'GET', path: this.#path(name), doing: `read the webhook '${name}'` },
      webhookShape,
    )
  }

  /**
   * Creates a webhook. `name`: empty for one that the server chooses.
   * @throws EscError `conflict` where there is one.
   */
  create(given: GivenRemoteWebhook, name = ''): Promise<RemoteWebhook> {
    const body = { ...given, name, ...this.#owner }
    return askJson(
      this.#of.endpoint,
      { method: 'POST', path: this.#path(), body, doing: 'create the webhook' },
      webhookShape,
    )
  }

  /** @throws EscError `not_found`. */
  change(name: string, given: GivenRemoteWebhook): Promise<RemoteWebhook> {
    const request = {
      method: 'PATCH',
      path: this.#path(name),
      body: given,
      doing: `change the webhook '${name}'`,
    } as const
    return askJson(this.#of.endpoint, request, webhookShape)
  }

  /** @throws EscError `not_found`. */
  async remove(name: string): Promise<void> {
    await askServer(this.#of.endpoint, {
      method: 'DELETE',
      path: this.#path(name),
      doing: `remove the webhook '${name}'`,
    })
  }

  /** Sends a delivery for a try. @throws EscError `not_found`. */
  async ping(name: string): Promise<void> {
    await askServer(this.#of.endpoint, {
      method: 'POST',
      path: `${this.#path(name)}/ping`,
      doing: `try the webhook '${name}'`,
    })
  }

  /** @throws EscError `not_found`. */
  deliveries(name: string) {
    const doing = `list the deliveries of the webhook '${name}'`
    return askJson(this.#of.endpoint, { method: 'GET', path: `${this.#path(name)}/deliveries`, doing }, deliveriesShape)
  }

  #path(name?: string): string {
    return `${this.#of.path}/hooks${name === undefined ? '' : apiPath(name)}`
  }
}
