import { z } from '@hono/zod-openapi'
import type { EnvironmentReference, Session } from '../operations/index.ts'
import type { ApiContext } from './api.ts'
import { Problem } from './problem.ts'

/** The beginning of the path of an environment. */
export const E = '/api/esc/environments/{org}/{project}/{env}'
/** The beginning of what is not about one environment. */
export const L = '/api/esc/environments/{org}'

const part = (what: string) =>
  z
    .string()
    .regex(/^(?!\.)[A-Za-z0-9._-]{1,100}(?<!\.)$/, `is no ${what}: use letters, digits, -, _ and .`)
    .openapi({ example: what === 'project' ? 'app' : 'dev' })

export const organizationParams = z.object({ org: z.string().max(100).openapi({ example: 'acme' }) })
export const projectName = part('project').refine((name) => name !== 'yaml', 'yaml is kept for the API')
export const environmentPart = part('environment').refine(
  (name) => name !== 'open' && name !== 'yaml',
  'open and yaml are kept for the API',
)
export const environmentParams = organizationParams.extend({ project: part('project'), env: part('environment') })
export const versionParams = environmentParams.extend({ version: z.string().min(1).max(100) })

/** A number in a query. */
export const countQuery = (most: number) =>
  z
    .string()
    .regex(/^[0-9]{1,16}$/, 'is not a number: write digits')
    .transform(Number)
    .pipe(z.number().max(most))
    .optional()
    .openapi({ type: 'integer', minimum: 0, maximum: most })

/** The session of the caller, where the organization of the path is the label of the store. */
export function sessionOf(c: ApiContext): Session {
  const { session, token } = c.get('caller')
  const { org } = c.req.param() as { org?: string }
  if (org !== undefined && org !== session.organization) throw new Problem(404, `Not Found: organization '${org}'`)
  if (token.organization !== session.organization)
    throw new Problem(403, `this token is for the organization '${token.organization}'`)
  return session
}

/** Refuses another organization, where nothing of the store is asked for: no session is opened. */
export function requireOrganization(c: ApiContext): void {
  const { token } = c.get('caller')
  const { organization } = c.get('parts')
  const { org } = c.req.param() as { org?: string }
  if (org !== organization) throw new Problem(404, `Not Found: organization '${org}'`)
  if (token.organization !== organization)
    throw new Problem(403, `this token is for the organization '${token.organization}'`)
}

/** The environment of the path, at a version where one is given. */
export function referenceOf(c: ApiContext, version?: string): { session: Session; subject: EnvironmentReference } {
  const session = sessionOf(c)
  const { project, env } = c.req.param() as { project: string; env: string }
  const name = `${project}/${env}`
  return {
    session,
    subject: { name, environment: env, version, typed: version === undefined ? name : `${name}@${version}` },
  }
}

const seconds: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
}

/** Reads a duration as Go writes it: `2h0m0s`. @throws Problem 400. */
export function durationSeconds(text: string): number {
  if (!/^(?:\d+(?:\.\d*)?(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text) && text !== '0')
    throw new Problem(400, `invalid duration ${JSON.stringify(text)}: write one such as 30m or 2h0m0s`)
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|μs|ms|s|m|h)/g))
    total += Number(amount) * (seconds[unit as string] as number)
  return total
}
