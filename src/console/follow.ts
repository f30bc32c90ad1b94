import { ApiError, failureOf } from './api.ts'
import { requestOf } from './perform.ts'
import { readWire } from './wire.ts'

/** A step of a rotation, as it is done. */
export interface RotationStep {
  readonly path: string
  readonly phase: 'planning' | 'rotating' | 'verifying' | 'resuming' | 'rotated' | 'failed'
  readonly text?: string
}

/**
 * Has the server rotate, and hears of each step. The rotation goes on when nobody listens any more.
 * Texts in the result keep the things to do in them.
 *
 * @throws ApiError
 */
export async function rotateAndFollow<Report>(
  environment: string,
  input: unknown,
  onStep: (step: RotationStep) => void,
): Promise<Report> {
  const answer = await fetch('/console/api/v1/operations/rotate-environment', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify(requestOf(environment, input)),
    credentials: 'same-origin',
    redirect: 'error',
  })
  if (!answer.headers.get('content-type')?.startsWith('text/event-stream') || answer.body === null) {
    const text = await answer.text()
    if (!answer.ok) throw failureOf(answer.status, text)
    return (readWire(JSON.parse(text), true) as { readonly result: Report }).result
  }
  for await (const { event, data } of eventsOf(answer.body)) {
    if (event === 'step') onStep(JSON.parse(data) as RotationStep)
    if (event === 'report') return (readWire(JSON.parse(data), true) as { readonly result: Report }).result
    if (event === 'error') throw failureOf(500, data)
  }
  throw new ApiError(0, cutOff)
}

const cutOff =
  'The connection ended before the rotation did. It goes on at the server: load the page again to see what came of it.'

/** The events of a stream, each with its name and its data. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<{ event: string; data: string }> {
  const reader = body.pipeThrough(new TextDecoderStream() as never).getReader() as ReadableStreamDefaultReader<string>
  let waiting = ''
  for (;;) {
    const { value, done } = await reader.read().catch(() => {
      throw new ApiError(0, cutOff)
    })
    if (done) return
    waiting += value
    for (let end = waiting.indexOf('\n\n'); end >= 0; end = waiting.indexOf('\n\n')) {
      const lines = waiting.slice(0, end).split('\n')
      waiting = waiting.slice(end + 2)
      const field = (name: string) =>
        lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2))
      yield { event: field('event')[0] ?? 'message', data: field('data').join('\n') }
    }
  }
}
