/** The rule on which hosts that a definition names may be called. */
export interface HostPolicy {
  /**
   * Hosts that may have private or loopback addresses: names, addresses, or `*.` and a domain.
   * Link-local addresses are never allowed.
   */
  readonly privateHosts: readonly string[]
  /**
   * Asked about a private host that is not among them: it may be allowed now. Throws, or
   * returns false, to refuse.
   */
  readonly allowPrivate?: (host: string) => Promise<boolean>
}
