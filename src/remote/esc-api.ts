import type { Json } from '../json.ts'
import {
  accountShape,
  environmentPageShape,
  type ListedRemoteEnvironment,
  openedShape,
  type RemoteAccount,
} from './answers.ts'
import type { Endpoint } from './endpoint.ts'
import { apiPath, askJson, askServer, exchange } from './exchange.ts'
import { allPages } from './pages.ts'
import { RemoteEnvironment } from './remote-environment.ts'
import { asText, ifGiven, objectOf } from './shape.ts'
import { exactJson } from './values.ts'

const organizationChoice = objectOf({ GitHubLogin: ifGiven(asText), gitHubLogin: ifGiven(asText) })

/** A server of the ESC API: the hosted service, or one of our own. Every method asks it anew. */
export class EscApi {
  readonly endpoint: Endpoint

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint
  }

  /**
   * Returns whom the token is of.
   * @throws EscError `forbidden` for a token that is not accepted.
   */
  user(): Promise<RemoteAccount> {
    return askJson(
      this.endpoint,
      { method: 'GET', path: '/api/user', doing: 'find out whom the token is of' },
      accountShape,
    )
  }

  /** Returns whether the server performs operations of this program, as our own does. */
  async performsOperations(): Promise<boolean> {
    const doing = 'find out what the server can do'
    const { status } = await exchange(this.endpoint, { method: 'GET', path: '/api/v1/operations', doing })
    return status === 200
  }

  /** The organization that is meant where none is named. `undefined`: there is none. */
  async defaultOrganization(): Promise<string | undefined> {
    const request = {
      method: 'GET',
      path: '/api/user/organizations/default',
      doing: 'find the default organization',
    } as const
    try {
      const { GitHubLogin, gitHubLogin } = await askJson(this.endpoint, request, organizationChoice)
      return GitHubLogin ?? gitHubLogin
    } catch (error) {
      if ((error as { readonly status?: unknown }).status === 404) return undefined
      throw error
    }
  }

  /** Every environment of an organization, or of all that the user sees, in the server's order. */
  environments(organization?: string): Promise<readonly ListedRemoteEnvironment[]> {
    const doing = organization === undefined ? 'list the environments' : `list the environments of '${organization}'`
    const path = organization === undefined ? environmentsPath : `${environmentsPath}${apiPath(organization)}`
    return allPages(doing, async (continuationToken) => {
      const request = { method: 'GET', path, query: { continuationToken }, doing } as const
      const { environments, nextToken } = await askJson(this.endpoint, request, environmentPageShape)
      return { items: environments, next: nextToken }
    })
  }

  /** An environment by its name, whether or not it is there. */
  environment(organization: string, project: string, name: string): RemoteEnvironment {
    return new RemoteEnvironment(this.endpoint, { organization, project, name })
  }

  /** @throws EscError `conflict` where there is one of that name. */
  async createEnvironment(organization: string, project: string, name: string): Promise<void> {
    await askServer(this.endpoint, {
      method: 'POST',
      path: `${environmentsPath}${apiPath(organization)}`,
      body: { project, name },
      doing: `create '${organization}/${project}/${name}'`,
    })
  }

  /**
   * Checks a definition without opening anything. Returns the environment that the server answers
   * with.
   *
   * @throws RemoteRefusal with the diagnostics, for a definition with errors.
   */
  async check(organization: string, definition: string, { showSecrets = false } = {}): Promise<Json> {
    const path = `${environmentsPath}${apiPath(organization)}/yaml/check`
    const query = { showSecrets: showSecrets || undefined }
    const doing = 'check the definition'
    const answer = await askServer(this.endpoint, {
      method: 'POST',
      path,
      query,
      body: definition,
      doing,
      timeoutMs: minutes(2),
    })
    return exactJson(this.endpoint, doing, answer)
  }

  /** Opens a definition that is no environment's, and returns its values. */
  async openDefinition(organization: string, definition: string): Promise<Json> {
    const path = `${environmentsPath}${apiPath(organization)}/yaml/open`
    const doing = 'open the definition'
    const request = { method: 'POST', path, body: definition, doing, timeoutMs: minutes(2) } as const
    const { id } = await askJson(this.endpoint, request, openedShape)
    return exactJson(
      this.endpoint,
      doing,
      await askServer(this.endpoint, { method: 'GET', path: `${path}${apiPath(id)}`, doing }),
    )
  }
}

const environmentsPath = '/api/esc/environments'

function minutes(count: number): number {
  return count * 60_000
}
