import { EscError } from '../../../errors.ts'

/** A key that a server may show. */
export interface HostKey {
  /** As it comes over the wire. */
  readonly blob: Buffer
  /** The algorithms with which a server proves that it has it. */
  readonly algorithms: readonly string[]
}

const algorithmsOf: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
}

/**
 * Reads keys, a line each: `type base64`, with a host before as in `known_hosts`, or a comment
 * behind as in `ssh_host_ed25519_key.pub`.
 *
 * @throws EscError `invalid_input` for a line that is none.
 */
export function parseHostKeys(text: string): readonly HostKey[] {
  const lines = text.split('\n').map((line) => line.trim())
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#')).map(parseLine)
  if (keys.length === 0) throw unusable('is empty')
  return keys
}

function parseLine(line: string): HostKey {
  const words = line.split(/\s+/)
  const at = words.findIndex((word) => Object.hasOwn(algorithmsOf, word))
  const [type = '', base64 = ''] = at === 0 || at === 1 ? words.slice(at) : []
  const blob = Buffer.from(base64, 'base64')
  const named = blob.length > 4 && blob.subarray(4, 4 + blob.readUInt32BE(0)).toString() === type
  const algorithms = algorithmsOf[type]
  if (algorithms === undefined || !named)
    throw unusable(`holds ${JSON.stringify(line.slice(0, 100))}, which is not a key`)
  return { blob, algorithms }
}

/** True when a server has shown one of the keys. */
export function isPinned(shown: Buffer, keys: readonly HostKey[]): boolean {
  return keys.some(({ blob }) => blob.equals(shown))
}

function unusable(problem: string): EscError {
  return new EscError('invalid_input', `ssh-key: \`hostKey\` ${problem}`, {
    hint: 'write the content of /etc/ssh/ssh_host_ed25519_key.pub of the server, or its line of known_hosts',
  })
}
