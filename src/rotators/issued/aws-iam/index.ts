import { EscError } from '../../../errors.ts'
import type { Plain } from '../../../plain.ts'
import { rich } from '../../../rich-text.ts'
import { forgetHint } from '../../another-target.ts'
import type { Rotator } from '../../rotator.ts'
import { type IssuedPlan, type IssuedTiming, type Issuer, issuedCredentialRotator, issuedTiming } from '../kit/index.ts'
import { checkKeys } from './check-keys.ts'
import { fromRecord, toRecord } from './records.ts'
import { isAwsError } from './remote.ts'
import { UserSession } from './session.ts'
import {
  type AccessKey,
  type AwsIamInputs,
  type AwsIamPending,
  type AwsIamState,
  awsIamInputsSchema,
  awsIamOutputsSchema,
  awsIamStateSchema,
  keySchema,
} from './types.ts'
import { parseUserArn, regionFor } from './user-arn.ts'
import { words } from './words.ts'

const example = `values:
  keys:
    fn::rotate::aws-iam:
      inputs:
        login: {accessKeyId: AKIAIOSFODNN7EXAMPLE, secretAccessKey: {fn::secret: "…"}}
        userArn: arn:aws:iam::123456789012:user/ci
`

export type { AwsIamInputs, AwsIamPending, AwsIamState } from './types.ts'

/** New keys usually work after 2 s, sometimes after 10 to 15. */
export const awsIamTiming: IssuedTiming = {
  ...issuedTiming,
  absenceMs: 15_000,
  creationMs: 60_000,
  requestMs: 60_000,
}

type AwsIamRotator = Rotator<AwsIamInputs, AwsIamState, AwsIamPending, IssuedPlan>

/** Rotates the access keys of one IAM user: a key is `current`, then `previous`, then deleted. */
export function awsIamRotator(timing: IssuedTiming = awsIamTiming): AwsIamRotator {
  const kit = issuedCredentialRotator(issuerOf(timing))
  return {
    ...kit,
    state: awsIamStateSchema,
    outputs: awsIamOutputsSchema,

    open: (state) =>
      state && { current: shown(state.current), ...(state.previous && { previous: shown(state.previous) }) },

    target: ({ userArn }) => `aws-iam ${userArn}`,

    plan: ({ inputs, state }, context) => kit.plan({ inputs, state: state && dated(state) }, context),

    rotate: (plan, request, stage, context) =>
      kit.rotate(plan, request, (pending) => stage(toRecord(pending, request.inputs.userArn)), context),

    async reconcile(pending, request, context) {
      const { inputs, state } = request
      requireSameUser(pending.userArn, inputs.userArn)
      const reconciled = await kit.reconcile(fromRecord(pending, subjectOf(inputs), state), request, context)
      return reconciled.kind === 'rotated' && reconciled.state !== state
        ? { kind: 'rotated', state: dated(reconciled.state) }
        : reconciled
    },

    retarget: retargeted,

    check: (request, context) => checkKeys(request, context),
  }
}

export const awsIam = awsIamRotator()

function issuerOf(timing: IssuedTiming): Issuer<AwsIamInputs, AccessKey> {
  return {
    name: 'aws-iam',
    description: 'Access keys of an IAM user.',
    example,
    inputs: awsIamInputsSchema,
    credential: keySchema,
    timing,
    // Inactive ones included.
    limit: { count: 2, met: (error) => isAwsError(error, 'LimitExceeded') },
    marks: false,
    listsAll: true,
    retires: 'once proven',
    words,
    noun: 'access key',
    subject: subjectOf,
    idOf: ({ accessKeyId }) => accessKeyId,
    checkInputs: ({ userArn, region }) => void regionFor(parseUserArn(userArn), region),
    loginUses: ({ login }, { accessKeyId }) => login.accessKeyId === accessKeyId,
    connect: (inputs) => UserSession.connect(inputs),
  }
}

function subjectOf({ userArn }: AwsIamInputs): string {
  return `user ${parseUserArn(userArn).userName}`
}

function shown(key: AccessKey): Plain {
  return withDate(key)
}

/** A state whose dates have the name that is written now. */
function dated({ current, previous }: AwsIamState): AwsIamState {
  return { current: withDate(current), ...(previous && { previous: withDate(previous) }) }
}

function withDate({ createDate, createdAt = createDate, ...key }: AccessKey): Omit<AccessKey, 'createDate'> {
  return { ...key, ...(createdAt !== undefined && { createdAt }) }
}

function requireSameUser(recorded: string, userArn: string): void {
  if (recorded === userArn) return
  throw new EscError(
    'conflict',
    `aws-iam: an interrupted rotation concerns ${recorded}, but \`userArn\` is now ${userArn}`,
    {
      hint: rich`put \`userArn\` back to ${recorded} and run again, so that its keys can be put in order; ${forgetHint}`,
    },
  )
}

/**
 * A user that was renamed or moved to another path keeps its keys. Which key a lost answer
 * stood for is told by the user alone.
 */
function retargeted(pending: AwsIamPending, { userArn }: AwsIamInputs): AwsIamPending {
  const sameAccount = parseUserArn(pending.userArn).account === parseUserArn(userArn).account
  if (pending.phase !== 'creating' && sameAccount) return { ...pending, userArn }
  throw new EscError(
    'conflict',
    `aws-iam: the interrupted rotation of ${pending.userArn} cannot be moved to ${userArn}`,
    {
      hint: sameAccount
        ? rich`the secret of its key was never received: delete the key at IAM; ${forgetHint}`
        : rich`they are of two accounts; ${forgetHint}`,
    },
  )
}
