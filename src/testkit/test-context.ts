import { randomBytes } from 'node:crypto'
import { EscError } from '../errors.ts'
import type { RotatorContext } from '../rotators/index.ts'

export interface TestContext extends RotatorContext {
  readonly warnings: string[]
  readonly messages: string[]
  /** Everything slept so far, in milliseconds. */
  slept(): number
  interrupt(): void
}

/** A context whose sleeps take no time and move its clock. */
export function testContext(start: Date = new Date()): TestContext {
  const warnings: string[] = []
  const messages: string[] = []
  const controller = new AbortController()
  const begun = Date.now()
  let slept = 0
  return {
    warnings,
    messages,
    now: () => new Date(start.getTime() + slept + Date.now() - begun),
    random: (byteCount) => randomBytes(byteCount),
    async sleep(ms) {
      if (controller.signal.aborted) throw new EscError('interrupted', 'interrupted')
      slept += ms
    },
    signal: controller.signal,
    progress: (text) => messages.push(text),
    warn: (text) => warnings.push(String(text)),
    slept: () => slept,
    interrupt: () => controller.abort(),
  }
}
