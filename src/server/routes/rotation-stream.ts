import { streamSSE } from 'hono/streaming'
import { formatJson, type Json } from '../../json.ts'
import type { RotateOptions } from '../../operations/index.ts'
import type { ApiContext } from '../api.ts'
import { Problem, problemBody, problemOf } from '../problem.ts'

export type OnProgress = RotateOptions['onProgress']

/** True when a client wants to see the steps of a rotation as they are done. */
export function wantsSteps(c: ApiContext): boolean {
  return c.req.header('accept')?.includes('text/event-stream') === true
}

/**
 * Answers with server-sent events: `step` for each step of each path, with its secrets masked as
 * everywhere, then `report`, or `error`. What fails before the first step has an ordinary answer.
 * A client that goes away ends nothing. `bodyOf` makes the body of `error`, where it knows a better
 * one.
 */
export async function answerSteps(
  c: ApiContext,
  run: (onProgress: OnProgress) => Promise<Json>,
  bodyOf: (error: unknown) => Json | undefined = () => undefined,
): Promise<Response> {
  const waiting: { readonly event: string; readonly data: string }[] = []
  let wake = () => {}
  const say = (event: string, body: Json) => {
    waiting.push({ event, data: formatJson(body) })
    wake()
  }
  let begun = () => {}
  const beginning = new Promise<void>((resolve) => {
    begun = resolve
  })
  let isOver = false
  const running = run(({ path, phase, text }) => {
    say('step', { path, phase, ...(text !== undefined && { text }) })
    begun()
  })
  await Promise.race([beginning, running])
  const ended = running
    .then((report) => say('report', report))
    .catch((error) => {
      const problem = problemOf(error) ?? new Problem(500, 'the server has failed: its log says more')
      if (problem.status >= 500)
        c.var.parts.failed(error, { method: c.req.method, route: 'rotate', id: c.var.requestId })
      say('error', bodyOf(error) ?? problemBody(problem))
    })
    .finally(() => {
      isOver = true
      wake()
    })
  return streamSSE(c, async (stream) => {
    for (;;) {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) await stream.writeSSE(event)
      if (isOver) break
      await new Promise<void>((resolve) => {
        wake = resolve
        if (isOver || waiting.length > 0) resolve()
      })
    }
    await ended
  })
}
