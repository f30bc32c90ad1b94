import { EscError } from '../../../errors.ts'
import { inconclusive, type LoginOutcome } from '../../log-in.ts'
import type { Plan, PlanStep, RotationRequest, Rotator, RotatorContext } from '../../rotator.ts'
import { place, requireAddress } from '../../server-address.ts'
import { VendorError } from '../../vendor-error.ts'
import { type ChosenState, chosenPasswordRotator, requireStateOf } from '../kit/index.ts'
import { isKeyOf, type KeyLine } from './authorized-keys.ts'
import { connectSsh, refusedLogin, type SshServer, type SshTiming, type SshUser, sshTiming } from './connection.ts'
import { parseHostKeys } from './host-keys.ts'
import { newSshKey, publicKeyOf } from './key-pair.ts'
import { SshKeeper } from './session.ts'
import {
  type KeptKey,
  type SshKey,
  type SshKeyInputs,
  type SshKeyPending,
  type SshKeyState,
  sshKeyInputsSchema,
  sshKeyStateSchema,
} from './types.ts'

export type { SshKey, SshKeyInputs, SshKeyPending, SshKeyState } from './types.ts'

const example = `values:
  deploy:
    fn::rotate::ssh-key:
      inputs:
        host: app.example.org
        hostKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBKzTTXnQ09o2OuAWnKO1jCdXW2mKM6qJjvFMkCzXnAa
        login: {user: deploy, privateKey: {fn::secret: "…"}}
`

const name = 'ssh-key'
const usualFile = '.ssh/authorized_keys'

type KeptState = ChosenState<KeptKey>
type SshKeyRotator = Rotator<SshKeyInputs, SshKeyState, SshKeyPending, Plan>

/** Rotates keys with which an account logs in by SSH: lines of its `authorized_keys`. */
function sshKeyRotator(timing: SshTiming = sshTiming): SshKeyRotator {
  const kit = chosenPasswordRotator<SshKeyInputs, KeptKey, SshKeyPending, Plan, SshKeeper>({
    name,
    description: 'Keys with which an account logs in by SSH.',
    example,
    inputs: sshKeyInputsSchema,
    state: sshKeyStateSchema,
    outputs: sshKeyStateSchema,
    connection: { tls: [] },
    noun: 'key',
    make: ({ random }) => newSshKey(random),
    refusal: refusedLogin,
    verifyWaitsMs: [],
    names: '`host`, `port`, `user` and `file`',
    target: (inputs) =>
      `${name} ${JSON.stringify([inputs.host.toLowerCase(), portOf(inputs), userOf(inputs), fileOf(inputs)])}`,
    checkInputs,
    owner: (inputs) => `user "${userOf(inputs)}"`,
    place: (inputs) => place(addressOf(inputs)),
    overtaken: (owner) => `the keys of ${owner} were rotated by somebody else since; theirs are kept`,
    record: (inputs) => ({ ...addressOf(inputs), user: userOf(inputs), file: fileOf(inputs) }),
    address: addressOf,
    credentialOf: ({ user, password }) => ({ user, password, publicKey: publicKeyOf(password) }),
    isOf: ({ host, port, user, file }, inputs) =>
      host === inputs.host && port === portOf(inputs) && user === userOf(inputs) && file === fileOf(inputs),
    concerns: ({ host, port, user, file }) => `${file} of user "${user}" on ${place({ host, port })}`,
    connect,
    logIn,
    plan: planKeys,
  })

  async function connect(inputs: SshKeyInputs, context: RotatorContext): Promise<SshKeeper> {
    const connection = await connectSsh(serverOf(inputs), loginOf(inputs), timing)
    try {
      const owner = `user "${userOf(inputs)}" on ${place(addressOf(inputs))}`
      const file = { path: fileOf(inputs), options: inputs.options ?? '', owner }
      return new SshKeeper(connection, await connection.sftp(timing), { file, timing, context })
    } catch (error) {
      connection.close()
      throw error
    }
  }

  async function logIn(inputs: SshKeyInputs, { user, password }: KeptKey): Promise<LoginOutcome> {
    try {
      const connection = await connectSsh(serverOf(inputs), { username: user, privateKey: password.reveal() }, timing)
      connection.close()
      return { kind: 'works' }
    } catch (error) {
      if (!(error instanceof VendorError) || error.vendorCode !== refusedLogin) throw error
      // The server looks at where a log-in comes from before it looks at the key.
      if (/(?:^|,)from=/i.test(inputs.options ?? '')) {
        return inconclusive('`options` has from=, which may not let this machine in')
      }
      return { kind: 'wrong' }
    }
  }

  return inWords(kit)
}

export const sshKey = sshKeyRotator()

/** The kit knows passwords; here they are private keys. */
function inWords(kit: Rotator<SshKeyInputs, KeptState, SshKeyPending, Plan>): SshKeyRotator {
  const { retire, check, ...others } = kit
  const kept = (request: RotationRequest<SshKeyInputs, SshKeyState>) => ({ ...request, state: toKept(request.state) })
  return {
    ...others,
    open: (state) => state,
    plan: (request, context) => kit.plan(kept(request), context),
    rotate: (plan, request, stage, context) => kit.rotate(plan, kept(request), stage, context),
    async reconcile(pending, request, context) {
      const reconciled = await kit.reconcile(pending, { ...request, state: toKept(request.state) }, context)
      return reconciled.kind === 'rotated' ? { kind: 'rotated', state: fromKept(reconciled.state) } : reconciled
    },
    ...(retire && {
      retire: (superseded, request, context) => retire(toKept(superseded) as KeptState, kept(request), context),
    }),
    ...(check && { check: (request, context) => check(kept(request), context) }),
  }
}

function toKept(state: SshKeyState | undefined): KeptState | undefined {
  const one = ({ user, privateKey, publicKey }: SshKey): KeptKey => ({ user, password: privateKey, publicKey })
  return state && { current: one(state.current), ...(state.previous && { previous: one(state.previous) }) }
}

function fromKept({ current, previous }: KeptState): SshKeyState {
  const one = ({ user, password, publicKey }: KeptKey): SshKey => ({ user, privateKey: password, publicKey })
  return { current: one(current), ...(previous && { previous: one(previous) }) }
}

async function planKeys(
  session: SshKeeper,
  { inputs, state }: RotationRequest<SshKeyInputs, KeptState>,
  context: RotatorContext,
): Promise<Plan> {
  const keys = await session.requireUsable()
  const { current, previous } = state ?? {}
  const lineOf = (kept: KeptKey | undefined) => kept && keys.find((key) => isKeyOf(key, kept.publicKey))
  requireSameOptions(inputs, lineOf(current), context)
  const owner = `user "${userOf(inputs)}"`
  const kept = [current, previous].find((each) => lineOf(each) !== undefined)
  if (current !== undefined && kept !== current) {
    context.warn(`the current key of ${owner} is no longer in ${fileOf(inputs)}`)
  }
  const steps: PlanStep[] = [{ action: 'create', what: `key of ${owner}` }]
  if (kept !== undefined) {
    steps.push({
      action: 'keep',
      what: `key of ${owner} (${kept === current ? 'current, becomes previous' : 'previous'})`,
    })
  }
  if (previous !== undefined && previous !== kept && lineOf(previous) !== undefined) {
    steps.push({ action: 'delete', what: `key of ${owner} (previous), once the new one is saved` })
  }
  const foreign = keys.filter((key) => ![current, previous].some((each) => each && isKeyOf(key, each.publicKey))).length
  if (foreign > 0) {
    steps.push({ action: 'keep', what: `${foreign} other key${foreign > 1 ? 's' : ''} of ${owner} (not managed here)` })
  }
  return { steps }
}

/** A key must not be let do more than the one before it because nobody has said anything. */
function requireSameOptions({ options, file }: SshKeyInputs, line: KeyLine | undefined, context: RotatorContext): void {
  if (line === undefined || line.options === (options ?? '')) return
  const had = JSON.stringify(line.options)
  if (options !== undefined) {
    context.warn(`the current key has the options ${had}; the new one gets ${JSON.stringify(options)}`)
    return
  }
  throw new EscError('invalid_input', `${name}: the current key has the options ${had} in ${file ?? usualFile}`, {
    hint: 'write them as `options`, so that the new key gets them too; or options: "", for none',
  })
}

function checkInputs(inputs: SshKeyInputs, state: KeptState | undefined): void {
  const refuse = (problem: string, hint: string) => new EscError('invalid_input', `${name}: ${problem}`, { hint })
  const { login, options } = inputs
  requireAddress(name, addressOf(inputs))
  parseHostKeys(inputs.hostKey)
  for (const [input, user] of [['login.user', login.user] as const, ['user', userOf(inputs)] as const]) {
    if (/^[^\s\0-\x1f]+$/.test(user)) continue
    throw refuse(`\`${input}\` ${JSON.stringify(user)} is not a user name`, 'write the name of the account')
  }
  if ((login.privateKey === undefined) === (login.password === undefined)) {
    throw refuse('`login` must hold one of `privateKey` and `password`', 'give the key or the password of its user')
  }
  if (login.privateKey !== undefined && !/^-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n/.test(login.privateKey.reveal())) {
    throw refuse(
      '`login.privateKey` is not a private key',
      'give the content of its file, in the format of OpenSSH or PEM',
    )
  }
  if (options !== undefined && /[^\x20-\x7e]/.test(options)) {
    throw refuse(
      '`options` holds a line break, or something beyond ASCII',
      'write them on one line, as in authorized_keys',
    )
  }
  const { file } = inputs
  if (file === undefined && userOf(inputs) !== login.user) {
    throw refuse(
      `\`file\` is missing, and \`user\` is not the one of \`login\``,
      'write the whole path of its authorized_keys',
    )
  }
  if (file !== undefined && (/[\0-\x1f]|\/$/.test(file) || file.trim() === '')) {
    throw refuse(`\`file\` ${JSON.stringify(file)} is not a path of a file`, `write it as in /home/app/${usualFile}`)
  }
  requireStateOf(
    {
      rotator: name,
      input: 'user',
      account: userOf(inputs),
      another: ({ user }: KeptKey) => (user === userOf(inputs) ? undefined : `user "${user}"`),
      hint: 'put the user back, or remove `state` to begin anew with the user named',
    },
    state,
  )
  if (state?.previous !== undefined && login.privateKey?.reveal().trim() === state.previous.password.reveal().trim()) {
    throw refuse(
      '`login` uses the previous key, which this rotation removes',
      'let `login` use the current key, or another user',
    )
  }
}

function portOf({ port = 22 }: SshKeyInputs): number {
  return port
}

function addressOf(inputs: SshKeyInputs): { readonly host: string; readonly port: number } {
  return { host: inputs.host, port: portOf(inputs) }
}

function serverOf(inputs: SshKeyInputs): SshServer {
  return { ...addressOf(inputs), hostKeys: parseHostKeys(inputs.hostKey) }
}

function userOf({ user, login }: SshKeyInputs): string {
  return user ?? login.user
}

function fileOf({ file = usualFile }: SshKeyInputs): string {
  return file
}

function loginOf({ login: { user, privateKey, passphrase, password } }: SshKeyInputs): SshUser {
  return {
    username: user,
    privateKey: privateKey?.reveal(),
    passphrase: passphrase?.reveal(),
    password: password?.reveal(),
  }
}
