import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { EscError } from '../../errors.ts'
import { present } from '../../present.ts'
import type { Tls } from './schema.ts'

/** The place of `tls`, for messages, and the time to judge certificates by. */
export interface TlsContext {
  readonly rotator: string
  /** Such as `database.tls`. */
  readonly place: string
  readonly now: Date
}

/**
 * Checks what can be checked without a connection: that texts are PEM and no paths, the client
 * certificate, its key and its dates. Nothing of a key is ever quoted.
 * @throws EscError `invalid_input`
 */
export function requireTlsMaterial(tls: Tls, at: TlsContext): void {
  const { mode, ca, cert, key, passphrase, serverName } = tls
  const refuse = refusing(at)
  const unused = Object.entries({ cert, key, passphrase, serverName }).find(([, value]) => value !== undefined)
  if (mode === 'disable' && unused !== undefined) {
    throw refuse(unused[0], 'has no use, since `mode` is disable', 'remove one of the two')
  }
  if (serverName !== undefined && !isServerName(serverName)) {
    throw refuse('serverName', 'is not the name or address of a server', 'write it alone, such as db.example.org')
  }
  if (ca !== undefined) requireAuthorities(ca, 'ca', at)
  if (cert !== undefined && key === undefined) {
    throw refuse('cert', 'has no `key` beside it', 'add the private key of the certificate, as a secret')
  }
  if (key !== undefined && cert === undefined) {
    throw refuse('key', 'has no `cert` beside it', 'add the certificate that belongs to the key')
  }
  if (passphrase !== undefined && key === undefined) {
    throw refuse('passphrase', 'has no `key` beside it', 'add the private key that it decrypts, or remove it')
  }
  if (cert === undefined || key === undefined) return
  const [own, ...others] = certificatesIn(cert, 'cert', at)
  requireDates(present(own), 'cert', at)
  const privateKey = privateKeyIn(key.reveal(), passphrase?.reveal(), at)
  if (present(own).checkPrivateKey(privateKey)) return
  throw others.some((other) => other.checkPrivateKey(privateKey))
    ? refuse('cert', 'begins with another certificate than that of `key`', 'put the certificate of the key first')
    : refuse('key', 'does not belong to `cert`', 'give the key that the certificate was made for')
}

/** @throws EscError `invalid_input` unless the text holds certificates of which one is in force. */
export function requireAuthorities(text: string, field: 'ca' | 'caFile', at: TlsContext): void {
  const authorities = certificatesIn(text, field, at)
  // In a bundle, one that has run out does no harm.
  const faults = authorities.map((authority) => dateFault(authority, at.now))
  if (faults.every((fault) => fault !== undefined)) {
    throw refusing(at)(field, present(faults[0]), 'put the authority that is in force there')
  }
}

/** @throws EscError `invalid_input` for a text of certificates where the path of a file belongs. */
export function requirePath(text: string, at: TlsContext): void {
  const refuse = refusing(at)
  if (text.includes('-----BEGIN') || text.includes('\n')) {
    throw refuse('caFile', 'holds certificates, not the path of a file', 'write them as `ca`')
  }
  if (text.trim() === '' || text.includes('\0')) {
    throw refuse('caFile', 'is not the path of a file', 'write a path such as /etc/ssl/certs/corp.pem')
  }
}

function certificatesIn(text: string, field: 'ca' | 'caFile' | 'cert', at: TlsContext): X509Certificate[] {
  const refuse = refusing(at)
  if (isPath(text)) {
    const orPath = field === 'ca' ? ', or name the file as `caFile`' : ''
    throw refuse(
      field,
      'holds the path of a file, not certificates',
      `put the text of the file there, from -----BEGIN CERTIFICATE----- on${orPath}`,
    )
  }
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    const remedy = field === 'cert' ? 'move it to `key`, which is kept secret' : 'leave only certificates there'
    throw refuse(field, 'holds a private key, where certificates belong', remedy)
  }
  const blocks = text.match(/-----BEGIN ((X509 |TRUSTED )?CERTIFICATE)-----[\s\S]*?-----END \1-----/g) ?? []
  if (blocks.length === 0) {
    throw refuse(field, 'holds no certificate in PEM', 'it begins with -----BEGIN CERTIFICATE-----')
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block)
    } catch {
      const which =
        blocks.length === 1
          ? 'holds a certificate'
          : `holds ${blocks.length} certificates, of which ${index + 1} is one`
      throw refuse(
        field,
        `${which} that cannot be read`,
        'check that no line break was lost: write it as a block, with |',
      )
    }
  })
}

function privateKeyIn(text: string, passphrase: string | undefined, at: TlsContext): KeyObject {
  const refuse = refusing(at)
  if (isPath(text)) {
    throw refuse('key', 'holds the path of a file, not a key', 'put the text of the file there, as a secret')
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    const what = text.includes('-----BEGIN CERTIFICATE')
      ? 'holds a certificate, where a private key belongs'
      : 'holds no private key in PEM'
    throw refuse('key', what, 'it begins with -----BEGIN PRIVATE KEY-----')
  }
  if (text.includes('-----BEGIN OPENSSH')) {
    throw refuse('key', 'is in the format of OpenSSH', 'convert it with ssh-keygen -p -m PKCS8')
  }
  const encrypted = /-----BEGIN ENCRYPTED|^Proc-Type:.*ENCRYPTED/m.test(text)
  if (encrypted && passphrase === undefined) {
    throw refuse('key', 'is encrypted, and there is no `passphrase`', 'add its passphrase, as a secret')
  }
  try {
    return createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) })
  } catch {
    // OpenSSL's own words may quote.
    throw encrypted
      ? refuse('key', 'cannot be decrypted with `passphrase`', 'check the passphrase')
      : refuse(
          'key',
          'holds a private key that cannot be read',
          'check that no line break was lost: write it as a block, with |',
        )
  }
}

function requireDates(certificate: X509Certificate, field: 'cert', at: TlsContext): void {
  const fault = dateFault(certificate, at.now)
  if (fault !== undefined) throw refusing(at)(field, fault, 'put a certificate that is in force there')
}

function dateFault({ validFrom, validTo }: X509Certificate, now: Date): string | undefined {
  const day = (text: string) => new Date(text).toISOString().slice(0, 10)
  if (new Date(validTo) < now) return `has expired on ${day(validTo)}`
  return new Date(validFrom) > now ? `is not valid before ${day(validFrom)}` : undefined
}

/** Node would take it for a list of no certificates, and trust nobody. */
function isPath(text: string): boolean {
  const line = text.trim()
  if (line.includes('-----BEGIN') || line.includes('\n') || line.length > 4096) return false
  return (
    /^(~|\.{0,2})[\\/]|^[A-Za-z]:[\\/]|^file:|\.(pem|crt|cer|key|der|p12|pfx|ca-bundle)$/i.test(line) ||
    // The base64 of a certificate has slashes, too, and is longer.
    (line.length < 200 && /[\\/]/.test(line))
  )
}

function isServerName(text: string): boolean {
  return isIP(text) !== 0 || /^(?!-)[\w.-]{1,253}$/.test(text)
}

function refusing({ rotator, place }: TlsContext) {
  return (field: string, problem: string, hint: string) =>
    new EscError('invalid_input', `${rotator}: \`${place}.${field}\` ${problem}`, { hint })
}
