import { type Api, type ApiContext, answerJson } from '../api.ts'
import { E, sessionOf } from '../params.ts'
import { Problem, problemBody } from '../problem.ts'

const noDrafts =
  'Bad Request: this server has no drafts: change the environment itself, or propose the change in a clone of the store, where a draft is a branch of git'
const noRequests = 'Bad Request: this server takes no requests for access: ask an admin of the store for a rule'
const noStacks =
  'Not Found: this server keeps environments and no stacks: keep the state elsewhere, and run Pulumi by way of "env run"'

/**
 * Refuses in words what clients of the hosted service may ask for, and a server cannot do: merging
 * what nobody has reviewed, and keeping states of stacks. Not in the document of the API.
 */
export function refusedRoutes(api: Api): void {
  const refuse = (message: string) => (c: ApiContext) => {
    sessionOf(c)
    throw new Problem(400, message)
  }
  const environment = E.replaceAll(/\{(\w+)\}/g, ':$1')
  api.post(`${environment}/drafts`, refuse(noDrafts))
  api.get(`${environment}/drafts/:id`, refuse(noDrafts))
  api.patch(`${environment}/drafts/:id`, refuse(noDrafts))
  api.post(`${environment}/drafts/:id/open`, refuse(noDrafts))
  api.all('/api/change-requests/:org', refuse(noDrafts))
  api.all('/api/change-requests/:org/*', refuse(noDrafts))
  api.post(`${environment}/open/request`, refuse(noRequests))
  api.all('/api/stacks/*', (c) => answerJson(c, problemBody(new Problem(404, noStacks)), 404))
}
