import { hash } from 'node:crypto'

/**
 * A power of a store on a machine beyond opening its own values:
 *
 * - `caFile`: have rotators read a file of this machine for certificates
 *   (`allow.caFiles`); its path, as written
 * - `plugin`: run the code of an npm package; `<name> <folder, relative to the store> sha256:<hex>`
 * - `keyHost`: name a host that gets the user's credentials for a secrets provider;
 *   `<scheme>://<host>[:port]`
 * - `identityIssuer`: have its server take those whom an issuer of identity tokens vouches for
 *   (`server.issuers`, `server.signIn`); who, and what they may do, as one line
 * - `issuer`: name the issuer of identity tokens (`oidc.issuer`); its URL
 * - `identity`: sign tokens with this machine's identity key; the organization that they name
 * - `privateHost`: let rotators and providers call a host with a private address
 *   (`network.privateHosts`); the host or pattern
 * - `issuingHost`: send what definitions hold to an API that issues credentials
 *   (`fn::rotate::http-issued`); its origin, such as `https://api.example.org`
 * - `webhookHost`: let webhooks reach a host with a private address (`webhooks.allow`); the host
 * - `socket`: have rotators use a unix socket, whose server may take this user for somebody
 *   (`allow.sockets`); its path
 * - `variable`: set an environment variable that makes programs run code
 *   (`allow.variables`); its name
 * - `readVariable`, `readFile`, `sopsFile`, `command`, `stack`, `cluster`: what a definition reads
 *   from this machine: a variable, a file, a file of SOPS with the user's keys, what a program
 *   prints (its words as JSON), outputs of a Pulumi stack with the user's login (`project/stack`),
 *   secrets of clusters of Kubernetes with the user's login (a kubeconfig, or `in-cluster`)
 */
export type PowerKind =
  | 'caFile'
  | 'plugin'
  | 'keyHost'
  | 'issuer'
  | 'identity'
  | 'identityIssuer'
  | 'privateHost'
  | 'issuingHost'
  | 'socket'
  | 'webhookHost'
  | 'variable'
  | 'readVariable'
  | 'readFile'
  | 'sopsFile'
  | 'command'
  | 'stack'
  | 'cluster'

export const powerKinds: readonly PowerKind[] = [
  'caFile',
  'cluster',
  'command',
  'identity',
  'identityIssuer',
  'issuer',
  'issuingHost',
  'keyHost',
  'plugin',
  'privateHost',
  'readFile',
  'readVariable',
  'socket',
  'sopsFile',
  'stack',
  'variable',
  'webhookHost',
]

/** One thing that a store may be allowed to do. */
export interface Power {
  readonly kind: PowerKind
  readonly value: string
}

export function samePower(a: Power, b: Power): boolean {
  return a.kind === b.kind && a.value === b.value
}

/** Each once, in the order that the digest is made of. */
export function sortedPowers(powers: Iterable<Power>): readonly Power[] {
  const byText = new Map<string, Power>()
  for (const { kind, value } of powers) byText.set(JSON.stringify([kind, value]), { kind, value })
  return [...byText.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, power]) => power)
}

/**
 * The digest that stands for exactly these powers: `sha256:` and 64 hex digits. The same set gives
 * the same digest on every machine.
 */
export function digestOfPowers(powers: Iterable<Power>): string {
  const lines = sortedPowers(powers).map(({ kind, value }) => `${JSON.stringify([kind, value])}\n`)
  return `sha256:${hash('sha256', `esc trust v1\n${lines.join('')}`, 'hex')}`
}

/** The difference between what a store asks for and what it was allowed. */
export interface PowerDifference {
  readonly added: readonly Power[]
  readonly removed: readonly Power[]
}

export function differenceOf(before: readonly Power[], after: readonly Power[]): PowerDifference {
  const missing = (from: readonly Power[], other: readonly Power[]) =>
    from.filter((power) => !other.some((each) => samePower(each, power)))
  return { added: missing(after, before), removed: missing(before, after) }
}
