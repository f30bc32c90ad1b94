import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { findBinary, missingBinaries } from './binary.ts'
import { startDaemon } from './daemon.ts'

/** A real sshd of its own, as the user who runs the tests, with the keys of one account. */
export interface SshServer {
  readonly host: string
  readonly port: number
  /** The account that logs in: whoever runs the tests. */
  readonly user: string
  /** As in `known_hosts`. */
  readonly hostKey: string
  /** The private key of a login that no rotation changes. */
  readonly managerKey: string
  /** The file whose keys are rotated. */
  readonly file: string
  /** A key made by ssh-keygen: the private one, and type and base64 of the public one. */
  newKey(type?: 'ed25519' | 'ecdsa' | 'rsa'): { readonly privateKey: string; readonly publicKey: string }
  /** `true`, or what the ssh client says. */
  login(privateKey: string): true | string
  log(): string
  stop(): Promise<void>
}

/** What is missing to start one. */
export const missingSshd = () => missingBinaries('sshd', 'ssh', 'ssh-keygen')
export const sshdPackages = 'openssh-server openssh-client'

export async function startSshd(): Promise<SshServer> {
  const folder = mkdtempSync(join(tmpdir(), 'esc-sshd-'))
  const [keys, work] = [join(folder, 'keys'), join(folder, 'work')]
  for (const each of [keys, work]) mkdirSync(each, { mode: 0o700 })
  // sshd gives its privileges up there.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  let made = 0
  const newKey: SshServer['newKey'] = (type = 'ed25519') => {
    const path = join(work, `key-${++made}`)
    execFileSync(findBinary('ssh-keygen')!, ['-q', '-t', type, '-N', '', '-C', `key ${made}`, '-f', path])
    const [kind = '', base64 = ''] = readFileSync(`${path}.pub`, 'utf8').split(' ')
    return { privateKey: readFileSync(path, 'utf8'), publicKey: `${kind} ${base64}` }
  }
  const host = newKey()
  const manager = newKey()
  const { username: user } = userInfo()
  writeFileSync(join(folder, 'host_key'), host.privateKey, { mode: 0o600 })
  writeFileSync(join(folder, 'managers'), `${manager.publicKey} manager\n`)
  const file = join(keys, 'authorized_keys')
  writeFileSync(file, '', { mode: 0o600 })
  const settings = [
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host_key')}`,
    `AuthorizedKeysFile ${join(folder, 'managers')} ${file}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'Subsystem sftp internal-sftp',
    'MaxStartups 1000',
    'PidFile none',
    'LogLevel VERBOSE',
    ...(penalizes() ? ['PerSourcePenalties no'] : []),
  ]
  writeFileSync(join(folder, 'sshd_config'), `${settings.join('\n')}\n`)
  const daemon = await startDaemon({
    folder,
    command: findBinary('sshd')!,
    args: (port) => ['-D', '-e', '-f', join(folder, 'sshd_config'), '-p', String(port)],
    ready: /Server listening on/,
  })
  const { port } = daemon
  writeFileSync(join(work, 'known_hosts'), `[127.0.0.1]:${port} ${host.publicKey}\n`)
  return {
    host: '127.0.0.1',
    port,
    user,
    hostKey: host.publicKey,
    managerKey: manager.privateKey,
    file,
    newKey,
    login(privateKey) {
      const path = join(work, `login-${++made}`)
      writeFileSync(path, privateKey, { mode: 0o600 })
      const options = [
        'BatchMode=yes',
        'IdentitiesOnly=yes',
        'IdentityAgent=none',
        'StrictHostKeyChecking=yes',
        `UserKnownHostsFile=${join(work, 'known_hosts')}`,
        'GlobalKnownHostsFile=/dev/null',
      ].flatMap((option) => ['-o', option])
      try {
        const words = ['-F', 'none', ...options, '-i', path, '-p', String(port), `${user}@127.0.0.1`, 'true']
        execFileSync(findBinary('ssh')!, words, { stdio: ['ignore', 'ignore', 'pipe'] })
        return true
      } catch (error) {
        return (
          String((error as { readonly stderr?: unknown }).stderr)
            .trim()
            .split('\n')
            .at(-1) ?? 'refused'
        )
      } finally {
        rmSync(path)
      }
    },
    log: () => daemon.log(),
    stop: () => daemon.stop(),
  }
}

/** From 9.8 on a server keeps those out for a while who were refused too often. */
function penalizes(): boolean {
  const words = ['-V']
  const said = execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1', findBinary('ssh')!, ...words], { encoding: 'utf8' })
  const [, major = '0', minor = '0'] = /OpenSSH_(\d+)\.(\d+)/.exec(said) ?? []
  return Number(major) * 100 + Number(minor) >= 908
}
