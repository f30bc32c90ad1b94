import { EscError } from '../../errors.ts'
import type { DataKey } from '../../keys/index.ts'
import { present } from '../../present.ts'
import { rich, step } from '../../rich-text.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { unwrapDataKey } from '../keys/environment-key.ts'
import { digestOfKey } from '../keys/remembered.ts'
import { verifySettingsSeal } from '../keys/seals.ts'
import { parseRevision, type Revision, sealedBytesOf } from '../revisions/revision-file.ts'
import type { Settings } from '../settings/settings.ts'
import type { Side } from './side.ts'

/** A side whose seals have been checked. */
export interface VerifiedSide {
  readonly settings: Settings
  readonly key: DataKey | undefined
  /** The revisions beyond the common ones. */
  readonly tail: readonly Revision[]
}

/** Returns the number of revisions both sides have, byte for byte. */
export function commonLength(ours: Side, theirs: Side): number {
  let length = Math.min(ours.revisions.length, theirs.revisions.length)
  // The chain of digests vouches for all before the first from the end that is the same.
  while (length > 0 && !Buffer.from(present(ours.revisions[length - 1])).equals(present(theirs.revisions[length - 1])))
    length--
  return length
}

export function refuseStrangers(context: EnvironmentContext, ours: Settings, theirs: Settings, common: number): void {
  const { name } = context
  if (ours.id !== theirs.id) {
    throw new EscError('conflict', `both sides have made an environment '${name}', independently of each other`, {
      hint: `keep one of them with ${keepOneSide(context)}, and make the other again under another name`,
    })
  }
  if (common > 0) return
  throw new EscError(
    'conflict',
    `one side has changed the secrets provider of environment '${name}', so no revision is the same any more`,
    {
      hint: `keep the side with the new key (${keepOneSide(context)}), and repeat the changes of the other`,
    },
  )
}

/**
 * Refuses a key that is not known here. The incoming side's seals become part of the history here,
 * so its key must be that of this clone, or one that this machine knows: anybody can make a key
 * that we can unwrap.
 */
export function refuseUnknownKey(
  context: EnvironmentContext,
  side: Side,
  here: VerifiedSide,
  incoming: VerifiedSide,
): void {
  const { id, wrappedDataKey } = incoming.settings
  if (wrappedDataKey === undefined || wrappedDataKey === here.settings.wrappedDataKey) return
  if (here.key !== undefined && here.key.signer === incoming.key?.signer) return
  const { memory } = context
  // The key of this clone is in use here, so where nothing is remembered yet
  // the other is not the first.
  const own = digestOfKey(here.settings.wrappedDataKey)
  if (own !== '' && memory.knowsKey(id, own)) memory.trustKey(id, own)
  if (memory.knowsKey(id, digestOfKey(wrappedDataKey))) return
  throw new EscError(
    'tampered',
    `${side.label} has another data key of environment '${context.name}' than this machine has seen, in ${incoming.settings.file}`,
    {
      hint: rich`unless you know who made it, do not merge; to accept it, abort the merge, check out ${side.label}, ${step('accept the key', { do: 'accept-key', environment: context.name })}, and merge again`,
    },
  )
}

/** Unlike `git checkout --ours`, it removes the revisions that only the other side has. */
function keepOneSide({ folder }: EnvironmentContext): string {
  return `\`git restore --source=HEAD --staged --worktree -- ${folder}\`, or with MERGE_HEAD for theirs`
}

/** @throws EscError `tampered` for a side that somebody without the key has changed. */
export async function verifySide(
  context: EnvironmentContext,
  side: Side,
  settings: Settings,
  common: Revision,
): Promise<VerifiedSide> {
  const key = settings.wrappedDataKey === undefined ? undefined : await unwrapDataKey(context, settings)
  if (key !== undefined) verifySettingsSeal(settings, key)
  const tail: Revision[] = []
  let previous = common
  for (let number = common.number + 1; number <= side.revisions.length; number++) {
    const file = nameOnSide(context, side, `revisions/${number}.yaml`)
    const revision = parseRevision(present(side.revisions[number - 1]), file, number)
    const sealed = key?.verifySeal('revision', sealedBytesOf(revision), revision.seal ?? '')
    if (!sealed || revision.previous !== previous.digest) {
      throw new EscError('tampered', `${file} does not match its seal or the revision before it`, {
        hint: 'find out who changed it in the git history, and merge a sound commit',
      })
    }
    tail.push(revision)
    previous = revision
  }
  return { settings, key, tail }
}

export function nameOnSide(context: EnvironmentContext, side: Side, file: string): string {
  return `${side.label}:${context.name}/${file}`
}
