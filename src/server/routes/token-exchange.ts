import type { Api } from '../api.ts'
import { answerJson } from '../api.ts'

/** Exchange of identity tokens for tokens of the server. */
export function tokenExchangeRoutes(api: Api): void {
  api.post('/api/oauth/token', (c) => {
    const message = 'this server trusts no issuer of identity tokens: ask its keeper for a token'
    return answerJson(c, { code: 400, message, error: 'invalid_request', error_description: message }, 400)
  })
}
