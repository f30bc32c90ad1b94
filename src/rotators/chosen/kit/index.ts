import { EscError } from '../../../errors.ts'
import { rich } from '../../../rich-text.ts'
import { credentialsOf, withoutAdopted } from '../../adopted.ts'
import { retargetHint } from '../../another-target.ts'
import { checkLogin } from '../../log-in.ts'
import { madeReady } from '../../made-ready.ts'
import { newPassword } from '../../new-password.ts'
import type { CredentialCheck, Plan, RotationRequest, Rotator, RotatorContext } from '../../rotator.ts'
import type { ChosenPending, ChosenState, Keeper, KeeperSession, PasswordCredential } from './keeper.ts'
import { reconcileChosen } from './reconcile.ts'

export type { CheckAbout, ChosenState, KeeperSession } from './keeper.ts'
export { passwordSteps } from './password-steps.ts'
export { hasMovedOn } from './reconcile.ts'
export { requireStateOf } from './require-state.ts'

/** A rotator of passwords that we choose, of which the server keeps several. */
export function chosenPasswordRotator<
  Inputs,
  Credential extends PasswordCredential,
  Pending extends ChosenPending,
  RotationPlan extends Plan,
  Session extends KeeperSession<Credential, Pending, Inputs, ChosenState<Credential>>,
>(
  keeper: Keeper<Inputs, Credential, Pending, RotationPlan, Session>,
): Rotator<Inputs, ChosenState<Credential>, Pending, RotationPlan> {
  const { name, description, example, inputs, state, outputs } = keeper
  const rotator: Rotator<Inputs, ChosenState<Credential>, Pending, RotationPlan> = {
    ...{ name, description, example, inputs, state, outputs },

    open: (opened) => withoutAdopted(opened) as ReturnType<typeof rotator.open>,

    target: (named) => keeper.target(named),

    async plan(request, context) {
      keeper.checkInputs(request.inputs, request.state)
      return withSession(keeper, request.inputs, context, (session) => keeper.plan(session, request, context))
    },

    rotate: (plan, request, stage, context) => addNew({ keeper, plan, request, stage, context }),

    async reconcile(pending, request, context) {
      if (request.state !== undefined && holds(withoutAdopted(request.state), pending)) {
        return { kind: 'rotated', state: request.state }
      }
      requireSameTarget(keeper, pending, request.inputs)
      return withSession(keeper, request.inputs, context, async (session) => {
        await session.lock?.()
        return session.reconcile?.(pending, request) ?? reconcileChosen({ keeper, session, pending, request, context })
      })
    },

    retarget(pending, named) {
      const moved = { ...pending, ...keeper.address(named) }
      requireSameTarget(keeper, moved, named)
      return moved
    },

    async retire(superseded, request, context) {
      const gone = credentialsOf(superseded).filter((each) => !holds(request.state, each))
      if (gone.length === 0) return
      await withSession(keeper, request.inputs, context, async (session) => {
        if (session.forgets) return
        await session.lock?.()
        await session.remove(gone)
        await session.save?.()
      })
    },

    check: (request, context) => checkPasswords(keeper, request, context),
  }
  return madeReady(rotator, keeper.connection)
}

/** Runs `use` with a session of its own, which is closed afterwards. */
async function withSession<Inputs, Session extends { close(): Promise<void> | void }, Result>(
  keeper: { connect(inputs: Inputs, context: RotatorContext): Promise<Session> },
  inputs: Inputs,
  context: RotatorContext,
  use: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = await keeper.connect(inputs, context)
  try {
    return await use(session)
  } finally {
    await session.close()
  }
}

/** Returns true where the state names the password in any place. */
function holds<Credential extends PasswordCredential>(
  state: Partial<ChosenState<Credential>> | undefined,
  { password }: PasswordCredential,
): boolean {
  return credentialsOf(state).some((each) => each.password.reveal() === password.reveal())
}

/** Adding or removing must not reach another server or account than it was begun with. */
function requireSameTarget<Inputs, Pending extends ChosenPending>(
  keeper: Pick<Keeper<Inputs, never, Pending, never, never>, 'name' | 'isOf' | 'concerns' | 'names'>,
  pending: Pending,
  inputs: Inputs,
): void {
  if (keeper.isOf(pending, inputs)) return
  throw new EscError(
    'conflict',
    `${keeper.name}: an interrupted rotation concerns ${keeper.concerns(pending)}, which ${keeper.names} no longer name`,
    { hint: rich`put them back as they were and run again; ${retargetHint}` },
  )
}

interface Adding<
  Inputs,
  Credential extends PasswordCredential,
  Pending extends ChosenPending,
  P extends Plan,
  Session extends KeeperSession<Credential, Pending, Inputs, ChosenState<Credential>>,
> {
  readonly keeper: Keeper<Inputs, Credential, Pending, P, Session>
  readonly plan: P
  readonly request: RotationRequest<Inputs, ChosenState<Credential>>
  readonly stage: (pending: Pending) => Promise<void>
  readonly context: RotatorContext
}

async function addNew<
  Inputs,
  Credential extends PasswordCredential,
  Pending extends ChosenPending,
  P extends Plan,
  Session extends KeeperSession<Credential, Pending, Inputs, ChosenState<Credential>>,
>({
  keeper,
  plan,
  request: { inputs, state },
  stage,
  context,
}: Adding<Inputs, Credential, Pending, P, Session>): Promise<void> {
  const password = keeper.make?.(context) ?? newPassword(context.random)
  await withSession(keeper, inputs, context, async (session) => {
    await session.lock?.()
    const current = state?.current.password
    const pending = {
      ...keeper.record(inputs, plan),
      password,
      ...(current !== undefined && { current }),
    } as Pending
    await stage(pending)
    await session.add(keeper.credentialOf(pending))
    if (keeper.confirms) await stage({ ...pending, confirmed: true })
  })
}

/** Logs in with each password of the state, and names what else lets in. */
async function checkPasswords<
  Inputs,
  Credential extends PasswordCredential,
  Pending extends ChosenPending,
  P extends Plan,
  Session extends KeeperSession<Credential, Pending, Inputs, ChosenState<Credential>>,
>(
  keeper: Keeper<Inputs, Credential, Pending, P, Session>,
  { inputs, state }: RotationRequest<Inputs, ChosenState<Credential>>,
  context: RotatorContext,
): Promise<readonly CredentialCheck[]> {
  const owner = keeper.owner(inputs)
  const { noun = 'password' } = keeper
  const what = `${noun} of ${owner} on ${keeper.place(inputs)}`
  const wrong = `refused at log-in (${keeper.refusal})`
  const checks: CredentialCheck[] = []
  for (const role of ['current', 'previous'] as const) {
    const credential = state?.[role]
    if (credential === undefined) continue
    const about = { credential: role, what, wrong }
    const logIn = () => keeper.logIn(inputs, credential)
    checks.push(await (keeper.check?.(inputs, about, credential, context) ?? checkLogin({ ...about, logIn })))
  }
  try {
    const others = await withSession(keeper, inputs, context, (session) => session.listForeign(state))
    for (const other of others) {
      checks.push({ credential: 'foreign', what: other, works: undefined, detail: 'not managed here' })
    }
  } catch (error) {
    if (!(error instanceof EscError)) throw error
    context.warn(`whether ${owner} has other ${noun}s is not known: ${error.message}`)
  }
  return checks
}
