import { logInPatiently } from '../../log-in.ts'
import type { Plan, Reconciled, ReconcileRequest, RotatorContext } from '../../rotator.ts'
import { undone } from '../../undone.ts'
import { VendorError } from '../../vendor-error.ts'
import type { ChosenPending, ChosenState, Keeper, KeeperSession, PasswordCredential } from './keeper.ts'

export interface Reconciling<
  Inputs,
  Credential extends PasswordCredential,
  Pending extends ChosenPending,
  RotationPlan extends Plan,
  Session extends KeeperSession<Credential, Pending, Inputs, ChosenState<Credential>>,
> {
  readonly keeper: Keeper<Inputs, Credential, Pending, RotationPlan, Session>
  readonly session: Session
  readonly pending: Pending
  readonly request: ReconcileRequest<Inputs, ChosenState<Credential>>
  readonly context: RotatorContext
}

/**
 * Adds what is missing, and logs in with it; what does not work is removed. Adding the same
 * password again changes nothing, so after a crash it is added once more.
 */
export async function reconcileChosen<
  Inputs,
  Credential extends PasswordCredential,
  Pending extends ChosenPending,
  RotationPlan extends Plan,
  Session extends KeeperSession<Credential, Pending, Inputs, ChosenState<Credential>>,
>(
  reconciling: Reconciling<Inputs, Credential, Pending, RotationPlan, Session>,
): Promise<Reconciled<ChosenState<Credential>>> {
  const { keeper, session, pending, request, context } = reconciling
  const { inputs, state } = request
  const credential = keeper.credentialOf(pending)
  const owner = keeper.owner(inputs)
  const { noun = 'password' } = keeper
  const gone = await session.whyGone?.()
  if (gone !== undefined) return undone(keeper.name, gone)
  const takeBack = async (reason: string) => {
    await session.remove([credential])
    await session.save?.()
    return undone(keeper.name, reason)
  }
  if (request.movedOn || hasMovedOn(pending, state)) return takeBack(keeper.overtaken(owner))
  const refused = await addUnlessThere(reconciling, credential)
  if (refused !== undefined) return undone(keeper.name, refused)
  const outcome = await logInPatiently(() => keeper.logIn(inputs, credential), {
    verifyWaitsMs: keeper.verifyWaitsMs,
    context,
    waitingFor: `${keeper.place(inputs)} to accept the new ${noun} of ${owner}`,
  })
  if (outcome.kind === 'wrong') {
    return takeBack(`the new ${noun} of ${owner} was refused at log-in (${keeper.refusal}); it was removed`)
  }
  if (outcome.kind === 'inconclusive') {
    context.warn(`the new ${noun} of ${owner} is set but could not be tried: ${outcome.reason}`)
  }
  await session.save?.()
  const previous = await (keeper.live?.(session, state) ?? firstThere(session, state))
  return { kind: 'rotated', state: { current: credential, ...(previous !== undefined && { previous }) } }
}

/** Returns true when the state was rotated again since the record was staged. */
export function hasMovedOn<Credential extends PasswordCredential>(
  { current }: ChosenPending,
  state: ChosenState<Credential> | undefined,
): boolean {
  return state?.current.password.reveal() !== current?.reveal()
}

/** Returns why the server does not take the new password; undefined when it is there. */
async function addUnlessThere<
  Inputs,
  Credential extends PasswordCredential,
  Pending extends ChosenPending,
  RotationPlan extends Plan,
  Session extends KeeperSession<Credential, Pending, Inputs, ChosenState<Credential>>,
>(
  { keeper, session, request: { inputs } }: Reconciling<Inputs, Credential, Pending, RotationPlan, Session>,
  credential: Credential,
): Promise<string | undefined> {
  const there = await session.has(credential)
  if (there) return undefined
  const tried = there === undefined && keeper.keepsTwice?.(inputs) ? await keeper.logIn(inputs, credential) : undefined
  if (tried?.kind === 'works') return undefined
  try {
    await session.add(credential)
    return undefined
  } catch (error) {
    if (!(error instanceof VendorError) || !error.refused) throw error
    // The run before may have added it all the same, and the server refuses it as one of old.
    const outcome = there === false ? { kind: 'wrong' } : (tried ?? (await keeper.logIn(inputs, credential)))
    if (outcome.kind === 'works') return undefined
    if (outcome.kind === 'wrong') return error.reason
    throw error
  }
}

/** The credential that consumers hold, or the only one of ours that the server still takes. */
async function firstThere<Credential>(
  session: Pick<KeeperSession<Credential, never, never, never>, 'has'>,
  state: ChosenState<Credential> | undefined,
): Promise<Credential | undefined> {
  for (const each of [state?.current, state?.previous]) {
    if (each !== undefined && (await session.has(each))) return each
  }
  return undefined
}
