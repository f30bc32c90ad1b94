import { createRoute, z } from '@hono/zod-openapi'
import { type Api, answerJson, answers, loose } from '../api.ts'
import { accountSchema } from '../schemas.ts'

const user = createRoute({
  operationId: 'getUser',
  method: 'get',
  path: '/api/user',
  summary: 'Who the token is for',
  tags: ['Account'],
  responses: answers({ 200: { description: 'The user', schema: accountSchema } }),
})

const defaultOrganization = createRoute({
  operationId: 'getDefaultOrganization',
  method: 'get',
  path: '/api/user/organizations/default',
  summary: 'The organization that clients use where none is named',
  tags: ['Account'],
  responses: answers({
    200: {
      description: 'The label of the store',
      schema: z.object({ GitHubLogin: z.string(), Messages: z.array(z.string()) }),
    },
  }),
})

const capabilities = createRoute({
  operationId: 'getCapabilities',
  method: 'get',
  path: '/api/capabilities',
  summary: 'What the server can do besides, for the Pulumi command line',
  tags: ['Account'],
  responses: answers({ 200: { description: 'Nothing', schema: z.object({ capabilities: z.array(loose) }) } }),
})

/** Tells who somebody is. Clients ask before nearly every command: the answer is in memory. */
export function accountRoutes(api: Api): void {
  api.openapi(user, (c) => {
    const { token, session } = c.var.caller
    const login = token.user
    const organization = { githubLogin: session.organization, name: session.organization, avatarUrl: '' }
    const email = login.includes('@') ? login : ''
    return answerJson(c, {
      id: login,
      githubLogin: login,
      name: login,
      email,
      avatarUrl: '',
      organizations: [organization],
      identities: [],
      siteAdmin: false,
      tokenInfo: { name: token.name },
    })
  })
  api.openapi(defaultOrganization, (c) =>
    answerJson(c, { GitHubLogin: c.var.caller.session.organization, Messages: [] }),
  )
  api.openapi(capabilities, (c) => answerJson(c, { capabilities: [] }))
}
