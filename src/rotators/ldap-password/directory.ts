import { connect as connectSocket, isIP } from 'node:net'
import { EscError } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import { inconclusive, type LoginOutcome } from '../log-in.ts'
import { place, tlsOptions } from '../server-address.ts'
import { connectionHints, isCertificateCode, isPassingFault, VendorError } from '../vendor-error.ts'
import { isValueOf } from './password-value.ts'
import type { LdapInputs, LdapLogin } from './types.ts'

/** All in milliseconds. */
export interface LdapTiming {
  readonly connectMs: number
  readonly requestMs: number
  /** Waits between log-ins with a password that was just added: replicas lag behind. */
  readonly verifyWaitsMs: readonly number[]
}

export const ldapTiming: LdapTiming = { connectMs: 10_000, requestMs: 15_000, verifyWaitsMs: [500, 1_000, 2_000] }

export interface Entry {
  /** Values of `userPassword`; empty where there are none or they may not be read. */
  readonly values: readonly Buffer[]
  /** When a password policy has locked the account (`pwdAccountLockedTime`), as the directory writes it. */
  readonly lockedSince?: string
}

/** A connection as somebody who may write passwords. Faults are thrown as `VendorError`. */
export interface DirectorySession {
  /** Undefined: there is no such entry. */
  readEntry(dn: string): Promise<Entry | undefined>
  /** A value that is there already counts as added. */
  addValue(dn: string, value: string): Promise<void>
  /**
   * Whether the entry has this password, told without a log-in: a failed one counts, and may lock the account. Reads the
   * values, or else compares them with `ownForm`. Undefined where neither tells.
   */
  holds(dn: string, password: Secret<string>, ownForm: string): Promise<boolean | undefined>
  /** Removes whatever lets this password in. Returns whether it is known to be gone now. */
  removePassword(dn: string, password: Secret<string>, ownForms: readonly string[]): Promise<boolean>
  close(): Promise<void>
}

/** Where the inputs point to; throws `invalid_input` for a URL that is not one of a directory. */
export function addressOf({ url, tls }: Pick<LdapInputs, 'url' | 'tls'>) {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const secure = parsed?.protocol === 'ldaps:'
  const bare = parsed !== undefined && ['', '/'].includes(parsed.pathname) && parsed.search === ''
  if (!bare || !(secure || parsed.protocol === 'ldap:') || parsed.hostname === '' || parsed.username !== '') {
    // The URL may hold a password, so it is not quoted.
    throw new EscError('invalid_input', 'ldap-password: `url` is not the address of a directory', {
      hint: 'it looks like ldaps://ldap.example.org or ldap://ldap.example.org:389, with nothing after the port',
    })
  }
  if (secure && tls?.mode === 'disable') {
    throw new EscError('invalid_input', 'ldap-password: `url` asks for TLS and `tls.mode` forbids it', {
      hint: 'write ldap:// to do without TLS, or remove `tls.mode`',
    })
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  const port = parsed.port === '' ? (secure ? 636 : 389) : Number(parsed.port)
  return { secure, server: { host, port, ...(tls && { tls }) } }
}

export async function connectDirectory(
  inputs: Pick<LdapInputs, 'url' | 'tls'>,
  login: LdapLogin,
  timing: LdapTiming,
): Promise<DirectorySession> {
  const where = place(addressOf(inputs).server)
  const client = await logIn(inputs, login, timing).catch((error) => {
    throw asVendorError(error, `"${login.dn}" could not log in to ${where}`, login.password)
  })
  const { Attribute, Change } = await import('../../sdk/ldap.ts')

  async function modify(dn: string, operation: 'add' | 'delete', value: string | Buffer): Promise<void> {
    const values = typeof value === 'string' ? [value] : [value]
    const modification = new Attribute({ type: 'userPassword', values: values as string[] | Buffer[] })
    await client.modify(dn, new Change({ operation, modification }))
  }

  async function readEntry(dn: string): Promise<Entry | undefined> {
    try {
      const { searchEntries } = await client.search(dn, {
        scope: 'base',
        filter: '(objectClass=*)',
        attributes: ['userPassword', 'pwdAccountLockedTime'],
        explicitBufferAttributes: ['userPassword'],
      })
      const [entry] = searchEntries
      if (entry === undefined) return undefined
      const [lockedSince] = [entry.pwdAccountLockedTime ?? []].flat().map(String)
      return {
        values: [entry.userPassword ?? []].flat().map((value) => Buffer.from(value)),
        ...(lockedSince !== undefined && { lockedSince }),
      }
    } catch (error) {
      if (codeOf(error) === 32) return undefined
      throw asVendorError(error, `looking at "${dn}" on ${where} failed`)
    }
  }

  return {
    readEntry,

    async addValue(dn, value) {
      try {
        await modify(dn, 'add', value)
      } catch (error) {
        // attributeOrValueExists: the run before has added it. A policy's history says the same of itself, when it is
        // written twice within a second.
        if (codeOf(error) === 20 && !/pwdHistory/.test(String(error))) return
        throw asVendorError(error, `adding a password to "${dn}" on ${where} failed`, value)
      }
    },

    async holds(dn, password, ownForm) {
      const entry = await readEntry(dn)
      if (entry === undefined) return false
      if (entry.values.length > 0) return isAmong(entry.values, password)
      try {
        return (await client.compare(dn, 'userPassword', ownForm)) || undefined
      } catch (error) {
        // The right to compare is missing, or the directory compares no passwords.
        if (codeOf(error) !== undefined) return undefined
        throw asVendorError(error, `looking at "${dn}" on ${where} failed`, password)
      }
    },

    async removePassword(dn, password, ownForms) {
      const entry = await readEntry(dn)
      if (entry === undefined) return true
      const stored = entry.values
      let removed = false
      const matching = stored.filter((value) => isValueOf(value, password.reveal()))
      for (const value of matching.length > 0 ? matching : ownForms) {
        try {
          await modify(dn, 'delete', value)
          removed = true
        } catch (error) {
          // noSuchAttribute, noSuchObject: gone already.
          if (![16, 32].includes(codeOf(error) ?? -1)) {
            throw asVendorError(error, `removing a password of "${dn}" on ${where} failed`, password)
          }
        }
      }
      return removed || (stored.length > 0 && isAmong(stored, password) === false)
    },

    close: () => client.unbind().catch(() => {}),
  }
}

/** Undefined where a value is of a scheme that only the server knows. */
function isAmong(values: readonly Buffer[], password: Secret<string>): boolean | undefined {
  const verdicts = values.map((value) => isValueOf(value, password.reveal()))
  return verdicts.includes(true) || (verdicts.includes(undefined) ? undefined : false)
}

/** Logs in, nothing more. Throws `VendorError` when the directory cannot be reached or asked. */
export async function tryLdapLogin(
  inputs: Pick<LdapInputs, 'url' | 'tls'>,
  login: LdapLogin,
  timing: LdapTiming,
): Promise<LoginOutcome> {
  try {
    const client = await logIn(inputs, login, timing)
    await client.unbind().catch(() => {})
    return { kind: 'works' }
  } catch (error) {
    const code = codeOf(error)
    if (code === 49) return { kind: 'wrong' }
    const fault = asVendorError(
      error,
      `"${login.dn}" could not log in to ${place(addressOf(inputs).server)}`,
      login.password,
    )
    // The directory's rules about who may log in, and how.
    if (code !== undefined && [7, 8, 13, 48, 50, 53].includes(code)) {
      return inconclusive(fault.message.replace('ldap-password: ', ''))
    }
    throw fault
  }
}

type Client = import('ldapts').Client

async function logIn(
  inputs: Pick<LdapInputs, 'url' | 'tls'>,
  { dn, password }: LdapLogin,
  { connectMs, requestMs }: LdapTiming,
): Promise<Client> {
  const { Client } = await import('../../sdk/ldap.ts')
  const { connect: connectTls } = await import('node:tls')
  const { secure, server } = addressOf(inputs)
  const { host } = server
  const tls = tlsOptions(secure && server.tls === undefined ? { ...server, tls: { mode: 'verify-full' } } : server)
  const tlsFor = tls && { ...tls, host, ...(isIP(host) === 0 && { servername: host }) }

  // The client connects anew whenever it finds itself cut off, and then without STARTTLS: the password would go out in
  // the clear to whoever cut it off. One connection is all it gets.
  let connections = 0
  const once = <T>(open: () => T): T => {
    if (connections++ > 0) throw Object.assign(new Error('the connection was lost'), { code: 'ECONNRESET' })
    return open()
  }
  const client = new Client({
    url: `${secure ? 'ldaps' : 'ldap'}://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    connectTimeout: connectMs,
    timeout: requestMs,
    createConnection: (() => once(() => connectSocket(server.port, host))) as typeof connectSocket,
    ...(secure && {
      createSecureConnection: (() =>
        once(() => connectTls({ port: server.port, ...(tlsFor || { host }) }))) as typeof connectTls,
    }),
  })
  try {
    if (!secure && tlsFor) await inTime(startTls(client, tlsFor), connectMs)
    await client.bind(dn, password.reveal())
    return client
  } catch (error) {
    await client.unbind().catch(() => {})
    throw error
  }
}

async function startTls(client: Client, options: import('node:tls').ConnectionOptions): Promise<void> {
  try {
    await client.startTLS(options)
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    throw Object.assign(new Error('STARTTLS was refused'), { code: 'NO_TLS' })
  }
}

/** STARTTLS knows no time limit of its own. */
async function inTime(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })), ms)
  })
  promise.catch(() => {})
  await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** The result code of the directory (RFC 4511, appendix A). */
function codeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'number' ? code : undefined
}

const hints: Readonly<Record<string, string>> = {
  ...connectionHints,
  10: 'this server does not take changes: let `url` be the one that does',
  13: 'the directory insists on TLS: write ldaps://, or do not disable `tls`',
  19: 'a password policy forbids it: where it must see the password to judge it, set `hashing: server`',
  32: 'check the DN',
  34: 'write the DN as cn=name,dc=example,dc=org',
  49: 'check the DN and password of `login`',
  50: 'give `login` the right to write userPassword of the entry: see "ldap-password" in docs/rotators.md',
  53: 'look at what the directory says; it may be read-only, or want TLS',
}

function asVendorError(error: unknown, what: string, hidden?: Secret<string> | string): VendorError {
  const number = codeOf(error)
  const fault = error as { code?: string; name?: string; message?: string }
  const raw = number === undefined ? fault.code : String(number)
  let code = raw
  let text = ''
  if (number !== undefined) {
    text = (fault.message ?? '').replace(/\s*Code: 0x[0-9a-f]+$/i, '').replace(/\s+/g, ' ')
    const plaintext = typeof hidden === 'string' ? hidden : (hidden?.reveal() ?? '')
    if (plaintext !== '') text = text.replaceAll(plaintext, '[secret]')
    text = text.slice(0, 200)
  } else if (isCertificateCode(raw)) {
    code = 'BAD_CERTIFICATE'
    text = raw!
  } else if (/timeout|timed out/i.test(fault.message ?? '')) code = 'ETIMEDOUT'
  else if (/^(EPROTO|ERR_SSL)/.test(raw ?? '')) code = 'NO_TLS'
  else if (raw === undefined) {
    code = 'ECONNRESET'
    text = 'the connection was lost'
  }
  return new VendorError(`ldap-password: ${what}: ${[code, text].filter(Boolean).join(': ')}`, {
    code,
    // Results that say a request was not carried out, whatever may happen later.
    refused: number !== undefined && [8, 10, 13, 16, 17, 19, 20, 21, 32, 34, 48, 49, 50, 53, 65].includes(number),
    hint: hints[code ?? ''],
    // timeLimitExceeded, busy, unavailable.
    transient: number === undefined ? isPassingFault(code) : [3, 51, 52].includes(number),
  })
}
