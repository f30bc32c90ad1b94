import { EscError } from '../../../errors.ts'
import type { Plain } from '../../../plain.ts'
import { forgetHint } from '../../another-target.ts'
import { rfc3339 } from '../../rfc3339.ts'
import type { Rotator, RotatorContext } from '../../rotator.ts'
import { checkKeys } from './check-keys.ts'
import { CreationRefused, createKey, refusalError } from './create-key.ts'
import { decideKeys } from './key-table.ts'
import { listCurrentKeys } from './list-keys.ts'
import { connectIam } from './remote.ts'
import { proveKey, removeUnsavedKey, type Settlement } from './settle-key.ts'
import { type AwsIamTiming, awsIamTiming } from './timing.ts'
import {
  type AccessKey,
  type AwsIamInputs,
  type AwsIamPending,
  type AwsIamPlan,
  type AwsIamState,
  inputsSchema,
  outputsSchema,
  stateSchema,
} from './types.ts'
import { parseUserArn, regionFor, type UserArn } from './user-arn.ts'

export type { AwsIamInputs, AwsIamPending, AwsIamPlan, AwsIamState } from './types.ts'

/** Two minutes-apart rotations take a key from consumers that have not noticed the first. */
const soonMs = 10 * 60_000

/** Rotates the access keys of one IAM user: a key is `current`, then `previous`, then deleted. */
export function awsIamRotator(
  timing: AwsIamTiming = awsIamTiming,
): Rotator<AwsIamInputs, AwsIamState, AwsIamPending, AwsIamPlan> {
  return {
    name: 'aws-iam',
    description: 'Access keys of an IAM user.',
    inputs: inputsSchema,
    state: stateSchema,
    outputs: outputsSchema,

    open: (state) =>
      state && { current: shown(state.current), ...(state.previous && { previous: shown(state.previous) }) },

    target: ({ userArn }) => `aws-iam ${userArn}`,

    async plan({ inputs, state }, context) {
      const user = parseUserArn(inputs.userArn)
      const remote = await connectIam(inputs.login, regionFor(user, inputs.region))
      try {
        await requireSameAccount(inputs, user, () => remote.getCallerIdentity())
        const [arn, { keys, at }] = await Promise.all([
          remote.getUserArn(user.userName),
          listCurrentKeys(user.userName, state, { remote, timing, context }),
        ])
        if (arn !== undefined && arn !== inputs.userArn) {
          throw new EscError(
            'invalid_input',
            `aws-iam: user ${user.userName} is ${arn}, not \`userArn\` ${inputs.userArn}`,
            {
              hint: `write userArn: ${arn}`,
            },
          )
        }
        const seen = keys.map(({ accessKeyId }) => accessKeyId)
        const { warnings, ...decision } = decideKeys(user.userName, keys, state)
        if (decision.retireId === inputs.login.accessKeyId) {
          throw new EscError(
            'invalid_input',
            `aws-iam: \`login\` uses access key ${decision.retireId}, which this rotation would delete`,
            {
              hint: 'let `login` use the current key of the user, or credentials of another user',
            },
          )
        }
        for (const warning of warnings) context.warn(warning)
        warnWhenSoon(state, decision.retireId, context)
        return { ...decision, userName: user.userName, seen, listedAt: at.toISOString() }
      } finally {
        remote.close()
      }
    },

    async rotate(plan, { inputs }, stage, context) {
      const { userArn } = inputs
      const remote = await connectIam(inputs.login, regionFor(parseUserArn(userArn), inputs.region))
      try {
        const { seen, listedAt, previousId, retireId } = plan
        await stage({ phase: 'creating', userArn, seen, listedAt, stagedAt: context.now().toISOString() })
        const { key, retired } = await createKey(plan, remote, timing, context)
        await stage({
          phase: 'created',
          userArn,
          key,
          ...(previousId !== undefined && { previousId }),
          ...(retireId !== undefined && !retired && { retireId }),
        })
      } catch (error) {
        if (!(error instanceof CreationRefused)) throw error
        // Recorded, so that a key somebody else makes at this moment is never taken for ours.
        await stage({ phase: 'refused', userArn, reason: error.message })
        throw refusalError(error)
      } finally {
        remote.close()
      }
    },

    async settle(pending, request, context) {
      const { inputs, state, movedOn = false } = request
      if (pending.userArn !== inputs.userArn) {
        throw new EscError(
          'conflict',
          `aws-iam: an interrupted rotation concerns ${pending.userArn}, but \`userArn\` is now ${inputs.userArn}`,
          {
            hint: `put \`userArn\` back to ${pending.userArn} and run again, so that its keys can be put in order; ${forgetHint}`,
          },
        )
      }
      if (pending.phase === 'refused') return { kind: 'undone', reason: pending.reason }
      const user = parseUserArn(inputs.userArn)
      const region = regionFor(user, inputs.region)
      const remote = await connectIam(inputs.login, region)
      try {
        const settlement: Settlement = {
          userArn: inputs.userArn,
          userName: user.userName,
          state,
          movedOn,
          remote,
          connectAs: ({ accessKeyId, secretAccessKey }) => connectIam({ accessKeyId, secretAccessKey }, region),
          timing,
          context,
        }
        return pending.phase === 'created'
          ? await proveKey(pending, settlement)
          : await removeUnsavedKey(pending, settlement)
      } finally {
        remote.close()
      }
    },

    /**
     * A user that was renamed or moved to another path keeps its keys. Which key a lost answer
     * stood for is told by the user alone.
     */
    retarget(pending, { userArn }) {
      const sameAccount = parseUserArn(pending.userArn).account === parseUserArn(userArn).account
      if (pending.phase !== 'creating' && sameAccount) return { ...pending, userArn }
      throw new EscError(
        'conflict',
        `aws-iam: the interrupted rotation of ${pending.userArn} cannot be moved to ${userArn}`,
        {
          hint: sameAccount
            ? `the secret of its key was never received: delete the key at IAM; ${forgetHint}`
            : `they are of two accounts; ${forgetHint}`,
        },
      )
    },

    check: (request, context) => checkKeys(request, context),
  }
}

export const awsIam = awsIamRotator()

function shown({ accessKeyId, secretAccessKey, createDate, createdAt = createDate }: AccessKey): Plain {
  return { accessKeyId, secretAccessKey, ...(createdAt !== undefined && { createdAt }) }
}

/**
 * User names repeat from account to account: a login of another one would rotate a
 * stranger of the same name.
 */
async function requireSameAccount(
  { login, userArn }: AwsIamInputs,
  { account }: UserArn,
  identify: () => Promise<{ account: string; arn: string }>,
): Promise<void> {
  const identity = await identify()
  if (identity.account === account) return
  throw new EscError(
    'invalid_input',
    `aws-iam: \`login\` ${login.accessKeyId} belongs to account ${identity.account}, but \`userArn\` ${userArn} does not`,
    {
      hint: `use a login of account ${account}`,
    },
  )
}

function warnWhenSoon(state: AwsIamState | undefined, retireId: string | undefined, context: RotatorContext): void {
  const createdAt = state?.current.createdAt ?? state?.current.createDate
  if (retireId === undefined || retireId === state?.current.accessKeyId || createdAt === undefined) return
  const age = context.now().getTime() - new Date(createdAt).getTime()
  if (age < soonMs) {
    context.warn(
      `access key ${state!.current.accessKeyId} became current less than 10 minutes ago (${rfc3339(new Date(createdAt))}): ${retireId}, current until then, is deleted now`,
    )
  }
}
