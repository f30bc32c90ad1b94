import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { keyIn, keysIn } from '../../../src/rotators/chosen/ssh-key/authorized-keys.ts'
import type { SshKey, SshKeyInputs, SshKeyState } from '../../../src/rotators/chosen/ssh-key/index.ts'
import { secret } from '../../../src/secret.ts'
import { type SshServer, startSshd } from '../../servers/sshd.ts'

/** An account at a server of its own, whose file has keys of ours between lines of others. */
export interface SshAccount {
  readonly server: SshServer
  readonly inputs: SshKeyInputs
  /** Names the first key as current and, if asked for, the second as previous. */
  state(previous?: boolean): SshKeyState
  /** The public keys in the file. */
  held(): string[]
  /** The bytes of all lines that are not of our keys; throws unless they are as they were. */
  requireForeignLines(): void
  stop(): Promise<void>
}

export async function createSshAccount(): Promise<SshAccount> {
  const server = await startSshd()
  const [first, second, foreign] = [server.newKey(), server.newKey(), server.newKey('ecdsa')]
  const lines = [
    Buffer.from('# keys of the account, ordered by hand\r\n'),
    Buffer.from(`restrict,command="echo \\"a b\\" # no comment"\t${foreign.publicKey}   Zo\xeb at home\n`, 'latin1'),
    Buffer.from('\n  \t\n'),
    Buffer.from(`${first.publicKey} first\n`),
    Buffer.from([0x23, 0x20, 0xff, 0xfe, 0x00, 0x0a]),
    // The last line has no end.
    Buffer.from(`${second.publicKey} second`),
  ]
  writeFileSync(server.file, Buffer.concat(lines))
  chmodSync(server.file, 0o640)
  const key = ({ privateKey, publicKey }: typeof first): SshKey => ({
    user: server.user,
    privateKey: secret(privateKey),
    publicKey,
  })
  const text = () => readFileSync(server.file, 'latin1')
  const foreignLines = () =>
    text()
      .split('\n')
      .filter((line) => {
        const found = keyIn(line)
        return found === undefined ? line !== '' : `${found.type} ${found.base64}` === foreign.publicKey
      })
      .join('\n')
  const before = foreignLines()
  return {
    server,
    inputs: {
      host: server.host,
      port: server.port,
      hostKey: server.hostKey,
      login: { user: server.user, privateKey: secret(server.managerKey) },
      file: server.file,
    },
    state: (previous = false) => ({ current: key(first), ...(previous && { previous: key(second) }) }),
    held: () => keysIn(text()).map(({ type, base64 }) => `${type} ${base64}`),
    requireForeignLines() {
      if (foreignLines() !== before) throw new Error(`lines of others changed: ${JSON.stringify(text())}`)
    },
    stop: () => server.stop(),
  }
}
