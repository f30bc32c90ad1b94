import { bodyLimit } from 'hono/body-limit'
import { type Api, emptyApi, type ServerParts } from './api.ts'
import { authenticate } from './authenticate.ts'
import { hasNone, plainBodies } from './bodies.ts'
import { consoleRoutes } from './console/console-routes.ts'
import { otherMethods } from './methods.ts'
import { observe } from './observe.ts'
import { Problem } from './problem.ts'
import { accountRoutes } from './routes/account.ts'
import { catalogueRoutes } from './routes/catalogue.ts'
import { signInRoutes } from './routes/cli-login.ts'
import { definitionRoutes } from './routes/definitions.ts'
import { environmentRoutes } from './routes/environments.ts'
import { eventRoutes } from './routes/events.ts'
import { openingRoutes } from './routes/opening.ts'
import { operationRoutes } from './routes/operations.ts'
import { type Probes, probeRoutes } from './routes/probes.ts'
import { refusedRoutes } from './routes/refused.ts'
import { removedRoutes } from './routes/removed.ts'
import { revisionRoutes } from './routes/revisions.ts'
import { rightsRoutes } from './routes/rights.ts'
import { rotationRoutes } from './routes/rotation.ts'
import { scheduleRoutes } from './routes/schedules.ts'
import { settingRoutes } from './routes/settings.ts'
import { tagRoutes } from './routes/tags.ts'
import { tokenExchangeRoutes } from './routes/token-exchange.ts'
import { webhookRoutes } from './routes/webhooks.ts'

/** A definition may be large; nothing else is. */
const mostBytes = 8 * 1024 * 1024

/** The address of a client, by the request that the server of Node has made of it. */
export type AddressOf = (environment: unknown, headers: Headers) => string

interface AppOptions {
  readonly addressOf: AddressOf
  readonly version: string
  readonly behindProxy: boolean
  readonly probes: Probes
  /** The address that is listened on, where metrics are served there. */
  readonly metricsHost: string | undefined
}

/** All routes of the server. */
export function serverApp(
  parts: ServerParts,
  { addressOf, version, behindProxy, probes, metricsHost }: AppOptions,
): Api {
  const api = emptyApi()
  api.use(async (c, next) => {
    c.set('parts', parts)
    c.set('address', addressOf(c.env, c.req.raw.headers))
    // What is asked for is secret, or about secrets: nobody in between keeps it. An answer that may
    // be kept says so itself. Set afterwards, they would have every answer made a second time.
    c.header('cache-control', 'no-store')
    c.header('x-content-type-options', 'nosniff')
    await next()
  })
  api.use(observe({ behindProxy }))
  probeRoutes(api, probes, metricsHost)
  const limited = bodyLimit({
    maxSize: mostBytes,
    onError: () => {
      throw new Problem(413, `the request is larger than ${mostBytes} bytes`)
    },
  })
  api.use((c, next) => (hasNone(c) ? next() : limited(c, next)))
  api.use(plainBodies)
  api.doc31('/api/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'esc', version, description: 'Environments, secrets and rotated credentials.' },
    security: [{ token: [] }],
  })
  api.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: '`token` and a token that was made for this server',
  })
  tokenExchangeRoutes(api)
  signInRoutes(api, parts.network)
  if (parts.console !== undefined) consoleRoutes(api, parts.console.assets, parts.console.sessions)
  api.use('/api/*', authenticate)
  accountRoutes(api)
  environmentRoutes(api)
  openingRoutes(api)
  revisionRoutes(api)
  definitionRoutes(api)
  tagRoutes(api)
  rotationRoutes(api)
  scheduleRoutes(api)
  webhookRoutes(api)
  settingRoutes(api)
  eventRoutes(api)
  catalogueRoutes(api)
  removedRoutes(api)
  refusedRoutes(api)
  api.notFound(otherMethods(api))
  operationRoutes(api)
  rightsRoutes(api)
  return api
}
