import { EscError } from '../errors.ts'
import { tlsHints } from './tls/fault.ts'

export interface VendorErrorOptions {
  /** Named first in the message. Default: the message is whole. */
  readonly rotator?: string
  /** The vendor's own code, or the operating system's; undefined when neither is known. */
  readonly code: string | undefined
  /**
   * It is certain that nothing was changed: the vendor refused for good, or
   * the request was never sent.
   */
  readonly refused: boolean
  readonly hint: string | undefined
  /** Default: told by the code, where that is one of the network's. */
  readonly transient?: boolean
}

/**
 * A fault of a server or the way to it. Made without the driver's error as its cause,
 * which may hold what was sent.
 */
export class VendorError extends EscError {
  readonly vendorCode: string | undefined
  readonly refused: boolean
  /** The message without the name of the rotator. */
  readonly reason: string

  constructor(reason: string, options: VendorErrorOptions) {
    const { rotator, code, refused, hint, transient = isPassingFault(code) } = options
    const message = rotator === undefined ? reason : `${rotator}: ${reason}`
    super('provider_failed', message, { transient, ...(hint !== undefined && { hint }) })
    this.vendorCode = code
    this.refused = refused
    this.reason = reason
  }
}

/** Remedies for faults of the network and of TLS, which are the same whatever the server. */
export const connectionHints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'check the host and port, and whether the server runs',
  ENOTFOUND: 'check the host name',
  EAI_AGAIN: 'the host name could not be looked up; check the network',
  ETIMEDOUT: 'check the host and port, and whether a firewall is in between',
  ENOENT: 'check the path of the socket, and whether the server runs',
  EACCES: 'check who may use the socket',
  ...tlsHints,
}

const passingFaults =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET|EAI_AGAIN|ENETDOWN|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|TimeoutError|timeout)$|TIMEOUT$/

/**
 * True when a code of the operating system or of Node says that the network
 * may be better in a moment.
 */
export function isPassingFault(code: string | undefined): boolean {
  return passingFaults.test(code ?? '')
}
