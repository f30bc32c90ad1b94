import type { SchemaObject } from '../../schema/index.ts'
import type { Secret } from '../../secret.ts'

/**
 * - `disable`: no TLS
 * - `require`: encrypted, to whomever; with authorities named, as `verify-ca`
 * - `verify-ca`: the certificate comes from a trusted authority, whatever name it is for
 * - `verify-full`: and it is for the name of the server
 */
export type TlsMode = 'disable' | 'require' | 'verify-ca' | 'verify-full'

/** The input `tls`, the same for every rotator that opens TLS connections. */
export type Tls = {
  readonly mode?: TlsMode
  /** Certificates of authorities, PEM. */
  readonly ca?: string
  /**
   * The file that holds them instead: absolute, below `~/`, or relative to the folder of the store.
   */
  readonly caFile?: string
  /** The client certificate, PEM, followed by those that lead to its authority. */
  readonly cert?: string
  readonly key?: Secret<string>
  /** Decrypts `key`. */
  readonly passphrase?: Secret<string>
  /**
   * The name that the certificate of the server must be for, and that is sent
   * as SNI. Default: the host.
   */
  readonly serverName?: string
}

export const tlsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  description: 'Default: verify-full, or disable where the host is this machine and nothing else is given.',
  properties: {
    mode: { type: 'string', enum: ['disable', 'require', 'verify-ca', 'verify-full'] },
    ca: {
      type: 'string',
      description: 'Certificates of authorities to trust, PEM. Default: the public authorities.',
    },
    caFile: {
      type: 'string',
      description: 'Path of a file with such certificates: absolute, below ~/, or relative to the folder of the store.',
    },
    cert: { type: 'string', description: 'Client certificate, PEM, and the intermediate ones after it.' },
    key: { type: 'string', secret: true, description: 'Private key of the client certificate, PEM.' },
    passphrase: { type: 'string', secret: true, description: 'Decrypts the private key.' },
    serverName: {
      type: 'string',
      description: 'Name that the certificate of the server is for, also sent as SNI. Default: the host.',
    },
  },
}
