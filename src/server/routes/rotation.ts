import { createRoute, z } from '@hono/zod-openapi'
import type { Json } from '../../json.ts'
import {
  diagnosticToWire,
  type EnvironmentReference,
  parseRotatorPath,
  type RotateOptions,
  type RotationEvent,
  type RotationReport,
  rotateEnvironment,
  rotationHistory,
  rotatorStatus,
  type Session,
} from '../../operations/index.ts'
import { type Api, answerJson, answers, jsonBody } from '../api.ts'
import { E, environmentParams, referenceOf } from '../params.ts'
import { rotatedSchema, rotationEventsSchema } from '../schemas.ts'
import { invalid } from './definitions.ts'
import { answerSteps, wantsSteps } from './rotation-stream.ts'

const paths = z.array(z.string().max(1000)).max(10_000).nullish()

const rotate = createRoute({
  operationId: 'rotateEnvironment',
  method: 'post',
  path: `${E}/rotate`,
  summary: 'Rotate the credentials of an environment',
  description:
    'Without paths, all of them. The answer comes when all is done; what failed is in it, path by path. With `Accept: text/event-stream`, each step is sent as it is done: events `step`, then `report` or `error`.',
  tags: ['Rotation'],
  request: { params: environmentParams, ...jsonBody(z.object({ paths, Paths: paths }).nullish()) },
  responses: answers({ 200: { description: 'What became of each path', schema: rotatedSchema } }),
})

const events = createRoute({
  operationId: 'listRotations',
  method: 'get',
  path: `${E}/rotate/history`,
  summary: 'The rotations of an environment, newest first',
  tags: ['Rotation'],
  request: { params: environmentParams },
  responses: answers({ 200: { description: 'The rotations', schema: rotationEventsSchema } }),
})

/** Rotation on demand. */
export function rotationRoutes(api: Api): void {
  api.openapi(events, async (c) => {
    const { session, subject } = referenceOf(c)
    const { result } = await session.perform(rotationHistory, subject)
    return answerJson(c, { events: result.map(eventBody) })
  })
  api.openapi(rotate, async (c) => {
    const given = c.req.valid('json')
    const chosen = [...(given?.Paths ?? []), ...(given?.paths ?? [])].map(parseRotatorPath)
    const { session, subject } = referenceOf(c)
    if (chosen.length === 0 && !(await hasRotators(session, subject)))
      return answerJson(c, rotationBody(nothing, c.var.caller.token.user, c.var.parts.now()))
    const run = async (onProgress: RotateOptions['onProgress']) => {
      const input = { paths: chosen, mode: 'rotate', onProgress } as const
      const { result } = await session.perform(rotateEnvironment, subject, input, { signal: c.var.parts.ending })
      c.var.parts.metrics.rotated(result.status)
      const errors = result.diagnostics.filter(({ severity }) => severity === 'error')
      if (errors.length > result.quoted.length && result.paths.length === 0) throw invalid(errors)
      return rotationBody(result, c.var.caller.token.user, c.var.parts.now())
    }
    return wantsSteps(c) ? answerSteps(c, run) : answerJson(c, await run(() => {}))
  })
}

/** The report on an environment without rotators. */
const nothing: RotationReport = { status: 'succeeded', paths: [], warnings: [], diagnostics: [], quoted: [] }

async function hasRotators(session: Session, { name }: EnvironmentReference): Promise<boolean> {
  const { result } = await session.perform(rotatorStatus, undefined, [name])
  return result.rotators.length > 0 || result.unreadable.length > 0
}

/** The members of an event that the API has: records of ours may hold more. */
function eventBody({ cause: _, rotations, ...event }: RotationEvent): Json {
  return {
    ...event,
    rotations: rotations.map(({ id, environmentPath, status, errorMessage }) => ({
      id,
      environmentPath,
      status,
      ...(errorMessage !== undefined && { errorMessage }),
    })),
  }
}

/** A run that changed nothing has no event of its own; clients want one all the same. */
function rotationBody(report: RotationReport, user: string, now: Date) {
  const { event, revision, status } = report
  const time = now.toISOString()
  const rotations = report.paths.map(({ path, status: ended, error }, index) => ({
    id: event?.rotations[index]?.id ?? `${index + 1}`,
    environmentPath: path,
    status: ended === 'succeeded' ? 'succeeded' : 'failed',
    ...(ended !== 'succeeded' && { errorMessage: error ?? 'its inputs could not be worked out' }),
  }))
  const id = event?.id ?? ''
  return {
    id,
    diagnostics: report.diagnostics.filter((each) => !report.quoted.includes(each)).map(diagnosticToWire),
    secretRotationEvent: {
      id,
      environmentId: event?.environmentId ?? '',
      created: event?.created ?? time,
      completed: event?.completed ?? time,
      userID: event?.userID ?? user,
      preRotationRevision: event?.preRotationRevision ?? revision ?? 0,
      ...(revision !== undefined && { postRotationRevision: revision }),
      status: status === 'succeeded' ? 'succeeded' : 'failed',
      rotations,
    },
  }
}
