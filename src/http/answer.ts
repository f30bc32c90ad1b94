import type { AnswerHeaders, WireAnswer } from './transport.ts'

export interface HttpAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly text: string
  /** `undefined` when the body is no JSON. */
  readonly json: unknown
  /** True when there is more of the body than `text`. */
  readonly isCut: boolean
}

/**
 * Reads an answer, of its body no more than `longestBytes`. Leaving the loop early ends the
 * connection, so that a body without an end costs no more than its beginning.
 */
export async function readAnswer({ status, headers, body }: WireAnswer, longestBytes: number): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size > longestBytes) break
  }
  const text = Buffer.concat(chunks).subarray(0, longestBytes).toString()
  return { status, headers, text, json: jsonOf(text), isCut: size > longestBytes }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
