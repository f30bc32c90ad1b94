import { inspect } from 'node:util'
import { expect } from 'chai'
import type { EscError } from '../../src/errors.ts'

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<EscError> {
  try {
    await promise
  } catch (error) {
    return error as EscError
  }
  throw new Error('expected a failure')
}

/**
 * Fails when any of the secrets can be seen in what a person might be shown, hidden properties
 * included.
 */
export function expectNoSecret(shown: unknown, ...secrets: readonly string[]): void {
  const text = `${inspect(shown, { depth: 20, showHidden: true })}\n${JSON.stringify(shown)}`
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      expect(text.includes(form), `shows a secret that begins with ${form.slice(0, 4)}`).to.equal(false)
    }
  }
}
