import { createPrivateKey, createPublicKey } from 'node:crypto'
import { type Secret, secret } from '../../../secret.ts'

const magic = Buffer.from('openssh-key-v1\0')
const keyType = 'ssh-ed25519'
/** A private key of Ed25519 in PKCS #8 (RFC 8410), up to the 32 bytes of the key itself. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * Makes a key of Ed25519. The format is that of OpenSSH (PROTOCOL.key), which every version of its
 * programs reads.
 */
export function newSshKey(random: (byteCount: number) => Uint8Array): Secret<string> {
  const seed = Buffer.from(random(32))
  const made = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' })
  const own = createPublicKey(made).export({ format: 'der', type: 'spki' }).subarray(-32)
  const blob = Buffer.concat([field(keyType), field(own)])
  const check = Buffer.from(random(4))
  const inner = Buffer.concat([check, check, blob, field(Buffer.concat([seed, own])), field('')])
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, i) => i + 1))
  const none = field('none')
  const whole = [magic, none, none, field(''), count(1), field(blob), field(Buffer.concat([inner, padding]))]
  const lines =
    Buffer.concat(whole)
      .toString('base64')
      .match(/.{1,70}/g) ?? []
  return secret(['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'))
}

/** The public half of such a key, which stands in it readably: type and base64. */
export function publicKeyOf(privateKey: Secret<string>): string {
  const bytes = Buffer.from(privateKey.reveal().replace(/-----[A-Z ]+-----|\s/g, ''), 'base64')
  let at = magic.length
  const skip = () => {
    at += 4 + bytes.readUInt32BE(at)
  }
  // The names of the cipher and of the key derivation, and what that needs; the number of keys.
  for (let i = 0; i < 3; i++) skip()
  at += 4
  const length = bytes.readUInt32BE(at)
  return `${keyType} ${bytes.subarray(at + 4, at + 4 + length).toString('base64')}`
}

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([count(bytes.length), bytes])
}

function count(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
