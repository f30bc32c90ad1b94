import type { Plain } from '../../../src/plain.ts'
import { publicKeyOf } from '../../../src/rotators/chosen/ssh-key/key-pair.ts'
import { secret } from '../../../src/secret.ts'
import { compare } from '../../crash-matrix/problems.ts'
import { credentialsIn, type Opened } from '../../crash-matrix/subject.ts'
import { missingSshd } from '../../servers/sshd.ts'
import { rotations, shown, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { createSshAccount } from './ssh-account.ts'

type Key = { readonly user: string; readonly privateKey: string; readonly publicKey: string }

export const underTest: RotatorUnderTest = {
  vendor: 'OpenSSH',
  missing: missingSshd,
  async start() {
    const account = await createSshAccount()
    const foreign = account.held()
    return {
      inputs: account.inputs as Plain,
      async problems(value: Opened<Key> | undefined) {
        account.requireForeignLines()
        const ours = credentialsIn(value).map(({ privateKey }) => publicKeyOf(secret(privateKey)))
        return compare({ held: account.held(), ours, foreign })
      },
      logIn: async ({ privateKey }: Key) => account.server.login(privateKey),
      secrets: () => [account.server.managerKey],
      stop: () => account.stop(),
    }
  },
  badInputs: rotations({
    missing: missingSshd,
    async start() {
      const account = await createSshAccount()
      return { account, inputs: account.inputs, held: async () => account.held(), stop: () => account.stop() }
    },
    bad: {
      'no host key': without('hostKey'),
      'an empty host': shown('host', '', /its name or address/),
      'a port that is none': { set: { port: 0 }, says: ['greater than or equal to 1'] },
      'half a port': shown('port', 1.5, /whole number/),
      'a host key that is none': {
        set: { hostKey: 'ssh-ed25519 x' },
        says: ['`hostKey` holds'],
        remedy: /known_hosts/,
      },
      'no text for a host key': { set: { hostKey: '# none' }, says: ['`hostKey` is empty'], remedy: /known_hosts/ },
      'the host key of another': ({ account }) => ({
        set: { hostKey: account.server.newKey().publicKey },
        says: ['another host key'],
        remedy: /somebody is in between/,
      }),
      'no proof': {
        set: { 'login.privateKey': undefined },
        says: ['`login` must hold one of'],
        remedy: /key or the password/,
      },
      'two proofs': {
        set: { 'login.password': secret('canary-b') },
        says: ['`login` must hold one of'],
        remedy: /key or/,
      },
      'a key that is none': {
        set: { 'login.privateKey': secret('canary-key') },
        says: ['`login.privateKey` is not a private key'],
        remedy: /OpenSSH/,
      },
      'a key that the server does not take': ({ account }) => ({
        set: { 'login.privateKey': secret(account.server.newKey().privateKey) },
        says: ['PERMISSION_DENIED'],
        remedy: /`login`/,
      }),
      'a name with a space': shown('login.user', 'a b', /name of the account/),
      'another user without a file': {
        set: { user: 'nobody', file: undefined },
        says: ['`file` is missing'],
        remedy: /path/,
      },
      'a file that is none': shown('file', '/tmp/', /authorized_keys/),
      'a file that is not there': ({ account }) => ({
        set: { file: `${account.server.file}.missing` },
        says: ['there is no file', '.missing'],
        remedy: /create it empty/,
      }),
      'options on two lines': {
        set: { options: 'restrict\nx' },
        says: ['`options` holds a line break'],
        remedy: /one line/,
      },
      'a state of somebody else': ({ account }) => ({
        state: { current: { ...account.state().current, user: 'stranger' } },
        says: ['`state.current` is of user "stranger"'],
        remedy: /remove `state`/,
      }),
      'a login by the key that goes': ({ account }) => ({
        set: { 'login.privateKey': account.state(true).previous!.privateKey },
        state: account.state(true),
        says: ['`login`', 'previous key'],
        remedy: /current key/,
      }),
      'a misspelt input': { set: { hostkey: 'x' }, says: ['unknown property "hostkey"', 'hostKey'] },
    },
  }),
}
