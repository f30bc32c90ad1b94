import { createRoute, z } from '@hono/zod-openapi'
import {
  createSchedule,
  editSchedule,
  getSchedule,
  listSchedules,
  pauseSchedule,
  removeSchedule,
  type ScheduleView,
  scheduleHistory,
} from '../../operations/index.ts'
import { type Api, type ApiContext, answerJson, answers, jsonBody, loose } from '../api.ts'
import { E, environmentParams, referenceOf } from '../params.ts'
import { scheduleEventSchema, scheduleSchema } from '../schemas.ts'

const scheduleParams = environmentParams.extend({ id: z.string().min(1).max(100) })

const timing = z.object({
  scheduleCron: z.string().max(1000).nullish().openapi({ example: '0 3 * * 1' }),
  scheduleOnce: z.string().max(100).nullish(),
  timezone: z.string().max(100).nullish().openapi({ description: 'Of ours: the zone of the cron expression' }),
  secretRotationRequest: loose.nullish(),
})

const one = answers({ 200: { description: 'The schedule', schema: scheduleSchema } })

const list = createRoute({
  operationId: 'listSchedules',
  method: 'get',
  path: `${E}/schedules`,
  summary: 'The schedules of an environment, of which there is at most one',
  tags: ['Schedules'],
  request: { params: environmentParams },
  responses: answers({
    200: { description: 'The schedules', schema: z.object({ schedules: z.array(scheduleSchema) }) },
  }),
})

const create = createRoute({
  operationId: 'createSchedule',
  method: 'post',
  path: `${E}/schedules`,
  summary: 'Have an environment rotated by the clock',
  tags: ['Schedules'],
  request: { params: environmentParams, ...jsonBody(timing) },
  responses: one,
})

const get = createRoute({
  operationId: 'getSchedule',
  method: 'get',
  path: `${E}/schedules/{id}`,
  summary: 'One schedule',
  tags: ['Schedules'],
  request: { params: scheduleParams },
  responses: one,
})

const update = createRoute({
  operationId: 'updateSchedule',
  method: 'patch',
  path: `${E}/schedules/{id}`,
  summary: 'Change when a schedule runs',
  tags: ['Schedules'],
  request: { params: scheduleParams, ...jsonBody(timing) },
  responses: one,
})

const remove = createRoute({
  operationId: 'removeSchedule',
  method: 'delete',
  path: `${E}/schedules/{id}`,
  summary: 'Remove a schedule; its history stays',
  tags: ['Schedules'],
  request: { params: scheduleParams },
  responses: answers({ 200: { description: 'Removed' } }),
})

const pause = (action: 'pause' | 'resume') =>
  createRoute({
    method: 'post',
    operationId: `${action}Schedule`,
    path: `${E}/schedules/{id}/${action}`,
    summary: action === 'pause' ? 'Pause a schedule' : 'Resume a schedule with its next instant',
    tags: ['Schedules'],
    request: { params: scheduleParams },
    responses: one,
  })

const runs = createRoute({
  operationId: 'listScheduleRuns',
  method: 'get',
  path: `${E}/schedules/{id}/history`,
  summary: 'The runs of a schedule, newest first',
  tags: ['Schedules'],
  request: { params: scheduleParams },
  responses: answers({
    200: { description: 'The runs', schema: z.object({ scheduleHistoryEvents: z.array(scheduleEventSchema) }) },
  }),
})

/** Rotation by the clock. */
export function scheduleRoutes(api: Api): void {
  api.openapi(list, async (c) => {
    const { session, subject } = referenceOf(c)
    const { result } = await session.perform(listSchedules, subject)
    return answerJson(c, { schedules: result.map((view) => scheduleBody(c, view)) })
  })
  api.openapi(create, async (c) => {
    const { session, subject } = referenceOf(c)
    const { result } = await session.perform(createSchedule, subject, timingOf(c.req.valid('json')))
    return answerSchedule(c, result.id)
  })
  api.openapi(get, (c) => answerSchedule(c, c.req.valid('param').id))
  api.openapi(update, async (c) => {
    const { id } = c.req.valid('param')
    const { session, subject } = referenceOf(c)
    await session.perform(editSchedule, subject, { id, timing: timingOf(c.req.valid('json')) })
    return answerSchedule(c, id)
  })
  api.openapi(remove, async (c) => {
    const { session, subject } = referenceOf(c)
    await session.perform(removeSchedule, subject, { id: c.req.valid('param').id })
    return c.body(null, 200)
  })
  for (const action of ['pause', 'resume'] as const)
    api.openapi(pause(action), async (c) => {
      const { id } = c.req.valid('param')
      const { session, subject } = referenceOf(c)
      await session.perform(pauseSchedule, subject, { id, paused: action === 'pause' })
      return answerSchedule(c, id)
    })
  api.openapi(runs, async (c) => {
    const { session, subject } = referenceOf(c)
    const { result } = await session.perform(scheduleHistory, subject, c.req.valid('param').id)
    return answerJson(c, {
      scheduleHistoryEvents: result.map(({ id, schedule, executed, version, result: ended }) => ({
        id,
        scheduledActionID: schedule,
        executed,
        version: version ?? 0,
        result: ended,
      })),
    })
  })
}

async function answerSchedule(c: ApiContext, id: string) {
  const { session, subject } = referenceOf(c)
  const { result } = await session.perform(getSchedule, subject, { id })
  return answerJson(c, scheduleBody(c, result))
}

function timingOf({ scheduleCron, scheduleOnce, timezone }: z.output<typeof timing>) {
  return { cron: scheduleCron || undefined, once: scheduleOnce || undefined, timezone: timezone || undefined }
}

/** Times are RFC 3339; an empty one has never been, or never will be. */
function scheduleBody(c: ApiContext, { schedule, next, lastExecuted }: ScheduleView) {
  const { id, kind, paused, created, modified, timing: when, timezone } = schedule
  return {
    id,
    orgID: c.var.parts.organization,
    kind,
    paused,
    created: created.toISOString(),
    modified: modified.toISOString(),
    lastExecuted: lastExecuted?.toISOString() ?? '',
    nextExecution: next[0]?.toISOString() ?? '',
    definition: { environmentPath: '' },
    ...(when.kind === 'cron' ? { scheduleCron: when.expression } : { scheduleOnce: when.at.toISOString() }),
    ...(timezone !== 'UTC' && { timezone }),
  }
}
