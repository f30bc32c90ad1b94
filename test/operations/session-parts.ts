import type { SessionHost, SessionParts, SessionPolicy } from '../../src/operations/index.ts'

/** The parts of a session of whoever runs the tests, as the variables say. */
export function sessionParts(host: SessionHost, policy: SessionPolicy = {}): SessionParts {
  return { caller: {}, host, policy }
}
