import type { Fetch, HttpAnswer, VendorFault } from '../../../http/index.ts'
import { present } from '../../../present.ts'
import type { RotatorContext } from '../../rotator.ts'
import { ask, fieldOf, malformedVendorAnswer, textField, type Vendor, VendorHttpError } from '../../vendor-http.ts'
import { originOf, quoteIdentifier, resolveUser } from './identifier.ts'
import { type KeyPair, readKeyPair, signJwt } from './key-pair.ts'
import type { SnowflakeLogin } from './types.ts'

export interface SnowflakeTiming {
  /** A statement is given up by Snowflake after so long. Seconds. */
  readonly statementSeconds: number
  /** Between looks at a statement that is still running. */
  readonly pollMs: number
  /** Waits between log-ins with a key that was just set. */
  readonly verifyWaitsMs: readonly number[]
}

export const snowflakeTiming: SnowflakeTiming = {
  statementSeconds: 30,
  pollMs: 500,
  verifyWaitsMs: [1_000, 2_000, 4_000, 8_000],
}

/** Fingerprints; undefined: the slot is empty. */
export interface KeySlots {
  readonly slot1: string | undefined
  readonly slot2: string | undefined
}

/**
 * The statements this rotator runs, with errors as `VendorHttpError`:
 * https://docs.snowflake.com/developer-guide/sql-api. Not by snowflake-sdk: it is very large, and
 * sends statements again by itself, which a rotation must not do.
 */
export interface SnowflakeSession {
  keySlots(user: string): Promise<KeySlots>
  /** Idempotent. */
  setKey(user: string, slot: 1 | 2, key: KeyPair): Promise<void>
  currentUser(): Promise<string>
}

export interface Connection {
  readonly fetch: Fetch
  readonly timing: SnowflakeTiming
  readonly context: RotatorContext
}

export function connectSnowflake(login: SnowflakeLogin, { fetch, timing, context }: Connection): SnowflakeSession {
  const origin = originOf(login.account)
  const hidden = [login.token?.reveal(), login.privateKey?.reveal()].filter((each) => each !== undefined)
  const key = login.privateKey && readKeyPair(login.privateKey)

  /**
   * A token is signed for each statement: `exp` is never near, and the clock
   * is read where it is used.
   */
  function authorization(): { readonly token: string; readonly type: string } {
    if (key === undefined) return { token: present(login.token).reveal(), type: 'OAUTH' }
    const { account } = login
    const user = resolveUser(login.user, 'login.user')
    return { token: signJwt(key, { account, user, now: context.now() }), type: 'KEYPAIR_JWT' }
  }

  async function run(statement: string, doing: string): Promise<readonly (readonly unknown[])[]> {
    const { token, type } = authorization()
    const vendor: Vendor = {
      rotator: 'snowflake-user',
      fetch,
      context,
      hidden: [...hidden, token],
      readFault: snowflakeFault,
      hints,
    }
    const headers = {
      authorization: `Bearer ${token}`,
      'x-snowflake-authorization-token-type': type,
      'user-agent': 'esc/1',
    }
    const body = { statement, timeout: timing.statementSeconds, ...(login.role && { role: login.role }) }
    const url = `${origin}/api/v2/statements`
    // Every statement of ours may run twice.
    let answer: HttpAnswer = await ask(vendor, { doing, method: 'POST', url, headers, body, repeatable: true })
    for (let waitedMs = 0; answer.status === 202; waitedMs += timing.pollMs) {
      const next = new URL(textField(answer.json, 'statementStatusUrl') ?? '', origin)
      // The token must not be led elsewhere.
      if (next.origin !== origin || next.pathname === '/') throw malformedVendorAnswer(vendor, doing)
      if (waitedMs > (timing.statementSeconds + 10) * 1_000) {
        throw new VendorHttpError(`snowflake-user: ${doing}: still running after ${timing.statementSeconds} s`, {
          code: 'timeout',
          refused: false,
          hint: 'try again later',
        })
      }
      await context.sleep(timing.pollMs)
      answer = await ask(vendor, { doing, method: 'GET', url: next.href, headers, repeatable: true })
    }
    const data = fieldOf(answer.json, 'data')
    if (!Array.isArray(data) || !data.every(Array.isArray)) throw malformedVendorAnswer(vendor, doing)
    return data
  }

  return {
    async keySlots(user) {
      const rows = await run(`DESC USER ${quoteIdentifier(user)}`, `describing user ${user}`)
      const fingerprint = (property: string) => {
        const value = rows.find(([name]) => name === property)?.[1]
        return typeof value === 'string' && value !== '' && value !== 'null' ? value : undefined
      }
      return { slot1: fingerprint('RSA_PUBLIC_KEY_FP'), slot2: fingerprint('RSA_PUBLIC_KEY_2_FP') }
    },

    async setKey(user, slot, { publicText }) {
      const property = slot === 1 ? 'RSA_PUBLIC_KEY' : 'RSA_PUBLIC_KEY_2'
      await run(
        `ALTER USER ${quoteIdentifier(user)} SET ${property}='${publicText}'`,
        `setting ${property} of user ${user}`,
      )
    },

    async currentUser() {
      const [[user] = []] = await run('SELECT CURRENT_USER()', `logging in as ${login.user}`)
      return String(user)
    },
  }
}

/**
 * The SQL API answers `{code, message, sqlState?}`, both for statements that fail and for
 * tokens that are refused.
 */
function snowflakeFault(json: unknown): VendorFault | undefined {
  const code = textField(json, 'code')
  const text = textField(json, 'message')
  return code === undefined || text === undefined ? undefined : { code, text }
}

const badToken =
  'check `login`: its account and user, and that its key is one of that user or its token has not expired'

const hints: Readonly<Record<string, string>> = {
  '002003': 'check `targetUser`; the role of `login` needs OWNERSHIP on the user to see and change it',
  '003001': 'grant it: GRANT OWNERSHIP ON USER <targetUser> TO ROLE <role of login>',
  '390144': badToken,
  '390303': badToken,
  '390318': 'the token in `login` has expired: log in anew',
  '390422': 'a network policy of Snowflake does not allow this address',
  '390201': 'grant the role in `login.role` to its user, or leave it out',
}
