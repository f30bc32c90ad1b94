import { EscError } from '../../errors.ts'
import { again, rich } from '../../rich-text.ts'
import { leastKept, type Pruned, type PruneRequest } from '../../store/index.ts'
import type { InputKit } from '../session/input-kit.ts'
import { operation } from '../session/operation.ts'

/** Revisions of an environment that were packed, or would be. */
export interface PrunedEnvironment extends Pruned {
  readonly name: string
}

const pruneSchema = (z: InputKit) =>
  z.strictObject({
    keep: z.int().min(1).optional().describe('the newest revisions that keep files of their own'),
    before: z.instant().optional().describe('pack what was made before, as RFC 3339 has it'),
  })

/**
 * Packs old revisions of an environment into an archive, from which they are read as before. It
 * takes an administrator: files that others may read by themselves go away, and the store gets a
 * version that earlier programs refuse, which the first time takes one of the whole store.
 *
 * @throws EscError `usage` for too few that are to be kept; `tampered`, `store_damaged`, `locked`,
 *   `forbidden`.
 */
export const pruneEnvironment = operation({
  name: 'prune-environment',
  level: 'admin',
  audit: 'environment-pruned',
  input: (z) => pruneSchema(z),
  own: ['dryRun'],
  async run(work, request: PruneRequest): Promise<PrunedEnvironment> {
    const { name } = work.subject
    return { name, ...(await work.store.upkeep.prune(name, { ...checked(request), dryRun: false })) }
  },
  outcome: ({ packed }) => ({ details: { packed: packed === undefined ? 'none' : `${packed.first}-${packed.last}` } }),
})

/** Tells what `pruneEnvironment` would pack, and how much that would save. Writes nothing. */
export const planPrune = operation({
  name: 'plan-prune',
  level: 'read',
  audit: 'environment-read',
  input: (z) => pruneSchema(z),
  own: ['dryRun'],
  async run(work, request: PruneRequest): Promise<PrunedEnvironment> {
    const { name } = work.subject
    return { name, ...(await work.store.upkeep.prune(name, { ...checked(request), dryRun: true })) }
  },
})

function checked(request: PruneRequest): PruneRequest {
  const { keep = leastKept, before } = request
  if (keep < leastKept) {
    throw new EscError('usage', `the newest ${leastKept} revisions always keep files of their own, not ${keep}`, {
      hint: rich`give ${again('keep')} ${leastKept} or more`,
    })
  }
  if (request.keep !== undefined || before !== undefined) return request
  throw new EscError('usage', 'it was not said which revisions to pack', {
    hint: rich`say how many to keep, such as ${again('keep')} 30, or how old the others are`,
  })
}
