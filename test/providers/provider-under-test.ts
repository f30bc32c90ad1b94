import type { Plain, PlainObject } from '../../src/plain.ts'
import type { MachineAccess, Provider } from '../../src/providers/index.ts'
import type { ProviderNetwork } from '../../src/providers/vendor-call.ts'

/** One provider as the suite that tries all of them sees it. */
export interface ProviderUnderTest {
  /** The provider, over a network that leads to the server of the test. */
  readonly make: (network: ProviderNetwork) => Provider
  /**
   * Inputs as a definition has them, with secrets as `secret()`. `server`: the URL of the server,
   * for a vendor whose host the definition names.
   */
  readonly inputs: (server: string) => PlainObject
  /** What they open to, where the vendor does its work. */
  readonly opens: Plain | ((server: string) => Plain)
  /** Until when it says that this counts, or `always`. Default: it says nothing. */
  readonly lasts?: string
  /** Inputs that are refused before anybody is called, and what is said. */
  readonly refused: readonly (readonly [inputs: PlainObject, says: RegExp])[]
  /** Variables of the process. Default: none. */
  readonly env?: Readonly<Record<string, string>>
  /** What it may read from this machine. Default: nothing. */
  readonly machine?: Partial<MachineAccess>
  /** Absent: it calls nobody. */
  readonly vendor?: VendorUnderTest
}

export interface VendorUnderTest {
  /** True: the definition names its host. */
  readonly named?: boolean
  /** True: it is asked over TLS alone, also here. */
  readonly secure?: boolean
  /** True: its answer may be any JSON. */
  readonly anyJson?: boolean
  /** How much of an answer is read. Default: a mebibyte. */
  readonly longestBytes?: number
  /** How many entries the inputs have, which are asked for side by side. Default 1. */
  readonly entries?: number
  /** The vendor at work. Refuses with `fault` what the real one would refuse. */
  readonly answer: (request: VendorRequest) => VendorAnswer
  /** An error in the vendor's own form. */
  readonly fault: (fault: Fault) => VendorAnswer
  /** How it says that the login may not; `hint`: what must be in the remedy. */
  readonly denied: Fault & { readonly hint: RegExp }
  /** How it says that the login, or the identity token, has expired. */
  readonly expired: Fault & { readonly hint?: RegExp }
  /**
   * Inputs with an entry that the vendor does not have, and what names it. Absent: it has no
   * entries.
   */
  readonly missing?: { readonly inputs: (server: string) => PlainObject; readonly says: RegExp }
}

export interface Fault {
  readonly status: number
  readonly code: string
  readonly text: string
}

export interface VendorRequest {
  readonly method: string
  /** Of a vendor with a host of its own; empty where the definition names the host. */
  readonly host: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown
  /** True when the client has shown a certificate that the server asks for. */
  readonly isKnownClient?: boolean
}

export interface VendorAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body: string | object
}

/** When such a token runs out. */
export const identityTokenEnds = '2026-03-04T06:06:07.000Z'

/** What `identityToken` gives in this suite, for an audience and with further claims. */
export function identityTokenFor(audience: string | undefined, claims: Readonly<Record<string, string>> = {}): string {
  const text = JSON.stringify({ aud: audience, ...claims, exp: Date.parse(identityTokenEnds) / 1000 })
  return `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(text).toString('base64url')}.signature-of-it`
}

/** The bearer of the `authorization` header; empty where there is none. */
export function bearer({ headers }: VendorRequest): string {
  return /^Bearer (\S+)$/.exec(String(headers.authorization ?? ''))?.[1] ?? ''
}
