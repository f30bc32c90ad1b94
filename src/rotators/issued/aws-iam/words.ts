import { EscError } from '../../../errors.ts'
import { rich, step } from '../../../rich-text.ts'
import type { Listed, NoRoom, Words } from '../kit/index.ts'
import { isAwsError } from './remote.ts'

/** The words of this rotator in the terms of IAM. */
export const words: Partial<Words> = {
  gone: 'IAM no longer has it',
  where: 'at IAM',
  unreceived: 'was created but its secret was never received',
  otherLogin: 'let `login` use the current key of the user, or credentials of another user',
  unclear: 'its secret is lost: delete both at IAM, create the other one anew, and run again',
  severalOf: (ids, subject) => `${ids.join(' and ')} of ${subject}`,
  removed: (wasThere) => (wasThere ? 'it was deleted' : 'IAM no longer lists it'),
  crowded: ([key], subject) =>
    `access key ${key?.id} of ${subject} is not managed here and fills one of two places: the next rotation will meet the limit`,
  noRoom,
  refusal({ error, subject, removedId }) {
    const gone = removedId === undefined ? '' : `; previous access key ${removedId} is deleted`
    if (!isAwsError(error, 'LimitExceeded')) return { message: error.message + gone, hint: error.richHint }
    return {
      message: `aws-iam: ${subject} already has two access keys (LimitExceeded)${gone}`,
      hint: 'another key was created in the meantime: delete the one that is not managed here, and run again',
    }
  },
}

function noRoom({ subject, count, foreign, current }: NoRoom): EscError {
  const isActive = ({ problem }: Listed) => problem === undefined
  const names = foreign.map((key) => `${key.id}${isActive(key) ? '' : ' (inactive)'}`).join(' and ')
  const are = foreign.length > 1 ? 'are' : 'is'
  // A key that is inactive cannot be adopted: it must log in.
  const unwanted = foreign.find((key) => !isActive(key)) ?? foreign[0]
  const wanted = foreign.find(isActive)
  const adopt =
    wanted === undefined
      ? ''
      : rich`; or ${step(`take ${wanted.id} in`, { do: 'adopt-credential' })}, as {"accessKeyId": "${wanted.id}", "secretAccessKey": "…"}`
  const idle =
    current === undefined || isActive(current) ? '' : ` (\`current\`, ${current.id}, is inactive: it may go instead)`
  return new EscError(
    'rotation_failed',
    `aws-iam: ${subject} has ${count} access keys already, and ${names} ${are} not managed here`,
    { hint: rich`delete ${unwanted?.id ?? 'one'} at IAM if nothing uses it${idle}${adopt}` },
  )
}
