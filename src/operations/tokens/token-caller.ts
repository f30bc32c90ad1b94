import type { Caller } from '../session/session-parts.ts'
import type { ServerToken } from './token-registry.ts'

/** The holder of a token as the store knows them: access rules and audit log see their name. */
export function tokenCaller(
  { user, name, admin, level, environments }: ServerToken,
  address: string,
): Caller & Required<Pick<Caller, 'principal'>> {
  return {
    principal: { name: user, from: 'token' },
    origin: { token: name, address },
    restriction: { level, environments },
    unlimited: admin,
  }
}
