import { EscError } from '../../errors.ts'
import type { DataKey } from '../../keys/index.ts'
import { rich, step } from '../../rich-text.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { type Revision, sealedBytesOf } from '../revisions/revision-file.ts'
import type { Settings } from '../settings/settings.ts'
import { digestOfKey } from './remembered.ts'

/**
 * Revisions that this machine has seen under the newest key that it knows, and that are as they
 * were then. A data key that verifies the seal of one is the one that sealed it, however it is
 * wrapped now. `revision`: reads one; undefined where it cannot be read.
 *
 * Those seen under a superseded key do not count: who has lost access still holds that one.
 */
export function provingRevisions(
  { memory }: Pick<EnvironmentContext, 'memory'>,
  { id }: Settings,
  revision: (number: number) => Revision | undefined,
): Revision[] {
  return memory.seenUnderNewestKey(id).flatMap(({ number, digest }) => {
    const there = revision(number)
    return there?.seal !== undefined && there.digest === digest ? [there] : []
  })
}

/** Returns true when a data key is the newest that this machine knows, wrapped in another way. */
export function isKnownDataKey(
  { memory }: Pick<EnvironmentContext, 'memory'>,
  {
    key,
    settings,
    proofs,
  }: { readonly key: DataKey; readonly settings: Settings; readonly proofs: readonly Revision[] },
): boolean {
  const used = memory.newestKey(settings.id)
  if (used !== undefined) return used.signer === key.signer
  return proofs.some((proof) => key.verifySeal('revision', sealedBytesOf(proof), proof.seal ?? ''))
}

/**
 * True when only the key itself can tell whether it is a known one: this machine has seen the
 * environment and never opened it.
 */
export function mayProveItself(
  { memory }: Pick<EnvironmentContext, 'memory'>,
  settings: Settings,
  proofs: readonly Revision[],
): boolean {
  return memory.newestKey(settings.id) === undefined && proofs.length > 0 && digestOfKey(settings.wrappedDataKey) !== ''
}

/** The alarm for a data key that nothing vouches for. */
export function unknownKeyError(name: string, { file }: Settings): EscError {
  return new EscError('tampered', `environment '${name}' has another data key than this machine has seen, in ${file}`, {
    hint: rich`the newest key that this machine knows has not signed the change, and whoever holds the new one can read what you save: unless you know who changed it, restore the environment from the git history; if you do know, ${step('accept the key', { do: 'accept-key', environment: name })}`,
  })
}
