import { connect as connectSocket, isIP, type Socket } from 'node:net'
import { EscError } from '../../../errors.ts'
import { quoted } from '../../../http/index.ts'
import type { Secret } from '../../../secret.ts'
import { inconclusive, type LoginOutcome } from '../../log-in.ts'
import { place } from '../../server-address.ts'
import { serverNameOf, tlsFault, tlsHint, tlsOptions } from '../../tls/index.ts'
import { connectionHints, isPassingFault, VendorError } from '../../vendor-error.ts'
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

export interface DirectoryEntry {
  /** Values of `userPassword`; empty where there are none or they may not be read. */
  readonly values: readonly Buffer[]
  /**
   * The time when a password policy has locked the account (`pwdAccountLockedTime`), as
   * the directory writes it.
   */
  readonly lockedSince?: string
}

/** A connection as somebody who may write passwords. Faults are thrown as `VendorError`. */
export interface DirectorySession {
  /** `undefined` when there is no such entry. */
  readEntry(dn: string): Promise<DirectoryEntry | undefined>
  /** A value that is there already counts as added. */
  addValue(dn: string, value: string): Promise<void>
  /**
   * True when the entry has this password, told without a log-in: a failed one counts, and
   * may lock the account. Reads the values, or else compares them with `ownForm`.
   * Undefined where neither tells.
   */
  holds(dn: string, password: Secret<string>, ownForm: string): Promise<boolean | undefined>
  /** Removes whatever lets this password in. Returns whether it is known to be gone now. */
  removePassword(dn: string, password: Secret<string>, ownForms: readonly string[]): Promise<boolean>
  close(): Promise<void>
}

/**
 * Returns the place where the inputs point to; throws `invalid_input` for a URL that is not one of
 * a directory.
 */
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
  return { secure, server: { host, port, tls } }
}

export async function connectDirectory(
  inputs: Pick<LdapInputs, 'url' | 'tls'>,
  login: LdapLogin,
  timing: LdapTiming,
): Promise<DirectorySession> {
  const where = place(addressOf(inputs).server)
  const { client, end } = await logIn(inputs, login, timing).catch((error) => {
    throw asVendorError(error, `"${login.dn}" could not log in to ${where}`, login.password)
  })
  const { Attribute, Change } = await import('../../../vendor/ldap.ts')

  async function modify(dn: string, operation: 'add' | 'delete', value: string | Buffer): Promise<void> {
    const values = typeof value === 'string' ? [value] : [value]
    const modification = new Attribute({ type: 'userPassword', values: values as string[] | Buffer[] })
    await client.modify(dn, new Change({ operation, modification }))
  }

  const readEntry = (dn: string) => entryOf(client, dn, where)

  return {
    readEntry,

    async addValue(dn, value) {
      try {
        await modify(dn, 'add', value)
      } catch (error) {
        // attributeOrValueExists: the run before has added it. A policy's history says the same of
        // itself, when it is written twice within a second.
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

    close: end,
  }
}

/** `undefined` when there is no such entry. */
async function entryOf(client: Client, dn: string, where: string): Promise<DirectoryEntry | undefined> {
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
    const { end } = await logIn(inputs, login, timing)
    await end()
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
      return inconclusive(fault.reason)
    }
    throw fault
  }
}

type Client = import('ldapts').Client

interface Connection {
  readonly client: Client
  end(): Promise<void>
}

async function logIn(
  inputs: Pick<LdapInputs, 'url' | 'tls'>,
  { dn, password }: LdapLogin,
  { connectMs, requestMs }: LdapTiming,
): Promise<Connection> {
  const { Client } = await import('../../../vendor/ldap.ts')
  const { connect: connectTls } = await import('node:tls')
  const { secure, server } = addressOf(inputs)
  const { host } = server
  const tls = tlsOptions(secure && server.tls === undefined ? { ...server, tls: { mode: 'verify-full' } } : server)
  const name = serverNameOf(server)
  const tlsFor = tls && { host: name, ...(isIP(name) === 0 && { servername: name }), ...tls }

  // The client connects anew whenever it finds itself cut off, and then without STARTTLS: the
  // password would go out in the clear to whoever cut it off. One connection is all it gets.
  let connections = 0
  const once = <T>(open: () => T): T => {
    if (connections++ > 0) throw Object.assign(new Error('the connection was lost'), { code: 'ECONNRESET' })
    return open()
  }
  let fault: Error | undefined
  let isLost = false
  // The client would send its farewell on a broken connection, too, and wait for an
  // answer until its time is up.
  const end = async () => {
    if (!isLost) await client.unbind().catch(() => {})
  }
  const client = new Client({
    url: `${secure ? 'ldaps' : 'ldap'}://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    connectTimeout: connectMs,
    timeout: requestMs,
    createConnection: (() => once(() => connectSocket(server.port, host))) as typeof connectSocket,
    // For ldaps:// and for STARTTLS, which hands over the connection that there is.
    createSecureConnection: ((options: { socket?: Socket }) => {
      const socket = options.socket ?? once(() => connectSocket(server.port, host))
      const encrypted = connectTls({ ...(tlsFor || { host }), socket })
      socket.on('error', (error) => encrypted.destroy(error))
      // Both sockets may say the same, one after the other.
      encrypted.on('error', () => {})
      // The client removes the listeners that are there when the connection is made.
      encrypted.once('secureConnect', () => setImmediate(() => encrypted.on('error', (error) => (fault ??= error))))
      encrypted.once('close', () => (isLost = true))
      return encrypted
    }) as typeof connectTls,
  })
  try {
    if (!secure && tlsFor) await inTime(startTls(client, tlsFor), connectMs)
    await client.bind(dn, password.reveal())
    return { client, end }
  } catch (error) {
    await end()
    // Why the connection broke says more than that it did.
    throw codeOf(error) === undefined ? (fault ?? error) : error
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
  ECONNRESET: 'the directory hung up: check whether it wants TLS, or a client certificate (`tls.cert`)',
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
  const ofTls = tlsFault(raw)
  let code = raw
  let text = ''
  if (number !== undefined) {
    const plaintext = typeof hidden === 'string' ? hidden : (hidden?.reveal() ?? '')
    text = quoted((fault.message ?? '').replace(/\s*Code: 0x[0-9a-f]+$/i, ''), [plaintext])
  } else if (ofTls !== undefined) {
    code = ofTls.code
    text = ofTls.code === 'NO_TLS' ? '' : ofTls.detail
  } else if (/timeout|timed out/i.test(fault.message ?? '')) code = 'ETIMEDOUT'
  else if (raw === undefined) {
    code = 'ECONNRESET'
    text = 'the connection was lost'
  }
  return new VendorError(`${what}: ${[code, text].filter(Boolean).join(': ')}`, {
    rotator: 'ldap-password',
    code,
    // Results that say a request was not carried out, whatever may happen later.
    refused: number !== undefined && [8, 10, 13, 16, 17, 19, 20, 21, 32, 34, 48, 49, 50, 53, 65].includes(number),
    hint: ofTls === undefined ? hints[code ?? ''] : tlsHint(ofTls),
    // timeLimitExceeded, busy, unavailable.
    transient: number === undefined ? isPassingFault(code) : [3, 51, 52].includes(number),
  })
}
