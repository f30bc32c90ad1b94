import { createRoute, z } from '@hono/zod-openapi'
import {
  createWebhook,
  type Delivery,
  editWebhook,
  getWebhook,
  listWebhooks,
  pingWebhook,
  redeliver,
  removeWebhook,
  type Webhook,
  webhookDeliveries,
  webhookFormat,
} from '../../operations/index.ts'
import { type Api, type ApiContext, answerJson, answers, jsonBody } from '../api.ts'
import { E, environmentParams, referenceOf } from '../params.ts'
import { Problem } from '../problem.ts'
import { deliverySchema, webhookSchema } from '../schemas.ts'

const hookParams = environmentParams.extend({ name: z.string().min(1).max(100) })
const names = z.array(z.string().max(200)).max(100).nullish()

const hookBody = z.object({
  active: z.boolean(),
  displayName: z.string().max(1000),
  name: z.string().max(100).nullish(),
  organizationName: z.string().nullish(),
  projectName: z.string().nullish(),
  envName: z.string().nullish(),
  payloadUrl: z.string().max(10_000),
  filters: names,
  groups: names,
  format: z.string().nullish(),
  secret: z.string().max(10_000).nullish(),
})

const one = answers({ 200: { description: 'The webhook, without its secret', schema: webhookSchema } })
const delivery = answers({ 200: { description: 'The delivery', schema: deliverySchema } })

const list = createRoute({
  operationId: 'listWebhooks',
  method: 'get',
  path: `${E}/hooks`,
  summary: 'The webhooks of an environment',
  tags: ['Webhooks'],
  request: { params: environmentParams },
  responses: answers({ 200: { description: 'The webhooks', schema: z.array(webhookSchema) } }),
})

const create = createRoute({
  operationId: 'createWebhook',
  method: 'post',
  path: `${E}/hooks`,
  summary: 'Add a webhook',
  tags: ['Webhooks'],
  request: { params: environmentParams, ...jsonBody(hookBody) },
  responses: answers({ 201: { description: 'The webhook', schema: webhookSchema } }),
})

const get = createRoute({
  operationId: 'getWebhook',
  method: 'get',
  path: `${E}/hooks/{name}`,
  summary: 'One webhook',
  tags: ['Webhooks'],
  request: { params: hookParams },
  responses: one,
})

const update = createRoute({
  operationId: 'updateWebhook',
  method: 'patch',
  path: `${E}/hooks/{name}`,
  summary: 'Change a webhook',
  description: 'Without `filters` or `groups` it has none; without `format` or `secret` it keeps what it has.',
  tags: ['Webhooks'],
  request: { params: hookParams, ...jsonBody(hookBody.partial({ active: true, displayName: true, payloadUrl: true })) },
  responses: one,
})

const remove = createRoute({
  operationId: 'removeWebhook',
  method: 'delete',
  path: `${E}/hooks/{name}`,
  summary: 'Remove a webhook',
  tags: ['Webhooks'],
  request: { params: hookParams },
  responses: answers({ 204: { description: 'Removed' } }),
})

const ping = createRoute({
  operationId: 'pingWebhook',
  method: 'post',
  path: `${E}/hooks/{name}/ping`,
  summary: 'Send a test delivery',
  tags: ['Webhooks'],
  request: { params: hookParams },
  responses: delivery,
})

const deliveries = createRoute({
  operationId: 'listWebhookDeliveries',
  method: 'get',
  path: `${E}/hooks/{name}/deliveries`,
  summary: 'The deliveries of a webhook, newest first',
  tags: ['Webhooks'],
  request: { params: hookParams },
  responses: answers({ 200: { description: 'The deliveries', schema: z.array(deliverySchema) } }),
})

const again = createRoute({
  operationId: 'redeliverWebhook',
  method: 'post',
  path: `${E}/hooks/{name}/deliveries/{event}/redeliver`,
  summary: 'Send a delivery once more',
  tags: ['Webhooks'],
  request: { params: hookParams.extend({ event: z.string().min(1).max(200) }) },
  responses: delivery,
})

/** A client that sends this as the secret wants the webhook to have none. */
const noSecret = '__remove-secret'

/** Webhooks and what was sent to them. */
export function webhookRoutes(api: Api): void {
  api.openapi(list, async (c) => {
    const { session, subject } = referenceOf(c)
    const { result } = await session.perform(listWebhooks, subject)
    return answerJson(
      c,
      result.map((hook) => hookJson(c, hook)),
    )
  })
  api.openapi(create, async (c) => {
    const { session, subject } = referenceOf(c)
    const given = c.req.valid('json')
    const { org, project, env } = c.req.valid('param')
    for (const [said, meant] of [
      [given.organizationName, org],
      [given.projectName, project],
      [given.envName, env],
    ])
      if (said && said !== meant)
        throw new Problem(400, `Bad Request: the body names '${said}', and the path '${meant}'`)
    if (given.name) throw new Problem(400, 'Bad Request: webhooks get their names from the server: leave `name` out')
    const { result } = await session.perform(createWebhook, subject, {
      displayName: given.displayName,
      url: given.payloadUrl,
      format: webhookFormat(given.format || 'raw'),
      events: given.filters ?? [],
      groups: given.groups ?? [],
      active: given.active,
      ...(given.secret && { secret: given.secret }),
    })
    return answerJson(c, hookJson(c, result), 201)
  })
  api.openapi(get, async (c) => {
    const { session, subject } = referenceOf(c)
    const { result } = await session.perform(getWebhook, subject, c.req.valid('param').name)
    return answerJson(c, hookJson(c, result))
  })
  api.openapi(update, async (c) => {
    const { session, subject } = referenceOf(c)
    const { name } = c.req.valid('param')
    const { active, displayName, payloadUrl, filters, groups, format, secret } = c.req.valid('json')
    const edit = {
      displayName: displayName || undefined,
      url: payloadUrl || undefined,
      format: format ? webhookFormat(format) : undefined,
      events: { kind: 'replace', values: filters ?? [] },
      groups: { kind: 'replace', values: groups ?? [] },
      active,
      secret: secret === noSecret ? null : secret || undefined,
    } as const
    const { result } = await session.perform(editWebhook, subject, { name, edit })
    return answerJson(c, hookJson(c, result))
  })
  api.openapi(remove, async (c) => {
    const { session, subject } = referenceOf(c)
    await session.perform(removeWebhook, subject, c.req.valid('param').name)
    return c.body(null, 204)
  })
  api.openapi(ping, async (c) => {
    const { session, subject } = referenceOf(c)
    const { name } = c.req.valid('param')
    const { result: hook } = await session.perform(getWebhook, subject, name)
    return answerJson(c, deliveryJson((await session.perform(pingWebhook, subject, name)).result, hook))
  })
  api.openapi(deliveries, async (c) => {
    const { session, subject } = referenceOf(c)
    const { name } = c.req.valid('param')
    const { result: hook } = await session.perform(getWebhook, subject, name)
    const { result } = await session.perform(webhookDeliveries, subject, name)
    return answerJson(
      c,
      result.map((each) => deliveryJson(each, hook)),
    )
  })
  api.openapi(again, async (c) => {
    const { session, subject } = referenceOf(c)
    const { name, event } = c.req.valid('param')
    const { result: hook } = await session.perform(getWebhook, subject, name)
    return answerJson(c, deliveryJson((await session.perform(redeliver, subject, { name, id: event })).result, hook))
  })
}

function hookJson(c: ApiContext, { name, displayName, url, format, active, events, groups, hasSecret }: Webhook) {
  const { project, env } = c.req.param() as { project: string; env: string }
  return {
    active,
    displayName,
    name,
    organizationName: c.var.parts.organization,
    projectName: project,
    envName: env,
    payloadUrl: url,
    filters: events,
    groups,
    format,
    hasSecret,
  }
}

function deliveryJson({ id, kind, created, body, attempts }: Delivery, { url }: Webhook) {
  const last = attempts.at(-1)
  return {
    id,
    kind,
    timestamp: Math.floor(new Date(last?.at ?? created).getTime() / 1000),
    duration: last?.durationMs ?? 0,
    payload: body,
    requestUrl: url,
    requestHeaders: '',
    responseCode: last?.responseCode ?? 0,
    responseHeaders: '',
    responseBody: last?.responseBody ?? last?.error ?? '',
  }
}
