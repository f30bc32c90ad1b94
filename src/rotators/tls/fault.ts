/** Kinds of faults of TLS, as the codes of errors. */
export type TlsFaultCode = 'NO_TLS' | 'BAD_CERTIFICATE' | 'CLIENT_CERTIFICATE'

export interface TlsFault {
  readonly code: TlsFaultCode
  /** Node's own code. */
  readonly detail: string
}

/** The kind of a fault by Node's code for it. `undefined`: the fault is not one of TLS. */
export function tlsFault(code: string | undefined): TlsFault | undefined {
  if (code === undefined) return undefined
  // An alert that the server sent about what it was shown; the rest of the name differs
  // between versions of OpenSSL.
  if (/^ERR_SSL_.*ALERT_.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)/.test(code)) {
    return { code: 'CLIENT_CERTIFICATE', detail: code }
  }
  if (/^ERR_SSL_(X509|KEY_VALUES)|^ERR_OSSL/.test(code)) return { code: 'CLIENT_CERTIFICATE', detail: code }
  if (/^(EPROTO$|ERR_SSL)/.test(code)) return { code: 'NO_TLS', detail: code }
  return isCertificateCode(code) ? { code: 'BAD_CERTIFICATE', detail: code } : undefined
}

/** Codes of Node's TLS for a certificate of the server that does not hold. */
function isCertificateCode(code: string): boolean {
  return /^ERR_TLS|CERT|ISSUER|UNABLE_TO_VERIFY|^PATH_LENGTH_EXCEEDED$|^HOSTNAME_MISMATCH$|^INVALID_(CA|PURPOSE)$/.test(
    code,
  )
}

/** The remedy of a fault, where Node's code says more than its kind. */
export function tlsHint({ code, detail }: TlsFault): string {
  if (detail === 'CERT_HAS_EXPIRED') return 'the certificate of the server, or of its authority, has expired: renew it'
  if (detail === 'CERT_NOT_YET_VALID') return 'the certificate of the server is not valid yet: check the clocks'
  if (detail === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'connect by a name in the certificate of the server, or write such a name as `tls.serverName`'
  }
  return tlsHints[code]
}

export const tlsHints: Readonly<Record<TlsFaultCode, string>> = {
  NO_TLS: 'turn TLS on at the server, or write `tls: {mode: disable}` where the network can be trusted',
  BAD_CERTIFICATE:
    'put the authority of the server into `tls.ca` or `tls.caFile`, or connect by the name in its certificate',
  CLIENT_CERTIFICATE:
    'the server refuses the client certificate, or wants one: check `tls.cert` and `tls.key`, and the authorities that the server trusts',
}
