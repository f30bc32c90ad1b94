import { relative } from 'node:path'
import { complaint, machineGit, type RunGit } from '../../git/index.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { isPublished, sideToKeep } from './published.ts'
import { renumber } from './renumber.ts'
import type { Renumbered, RenumberOptions, Whose } from './renumbering.ts'
import { type MergeCommits, mergeCommits, type Sides, sidesOfCommits } from './side.ts'
import { commonLength } from './verified-side.ts'

export interface RenumberEnvironment extends Omit<RenumberOptions, 'sides' | 'runGit' | 'incoming' | 'whose'> {
  readonly runGit?: RunGit
  /** Default: of the merge that git is in, or has just made. */
  readonly commits?: MergeCommits
  /** For histories that git does not know (`sideOfFolder`); then git's index is left alone. */
  readonly sides?: Sides
}

/**
 * `renumber` with the sides of a merge of git's, whose index then has what came of it. The side
 * that others have already keeps its numbers.
 */
export async function renumberMerged(context: EnvironmentContext, options: RenumberEnvironment): Promise<Renumbered> {
  const { runGit = machineGit, sides, commits } = options
  if (sides !== undefined) return renumber(context, { ...options, runGit, sides })
  const { store } = context
  const found = commits ?? (await mergeCommits(runGit, store))
  const inGit = await sidesOfCommits(runGit, context, found)
  const turned = !found.onTop && (await keepsTheirs(runGit, context, { commits: found, sides: inGit }))
  const moved: Whose = turned ? 'ours' : 'theirs'
  const renumbered = await renumber(context, {
    ...options,
    runGit,
    sides: turned ? { ...inGit, ours: inGit.theirs, theirs: inGit.ours } : inGit,
    incoming: turned || found.onTop ? 'ours' : 'theirs',
    // For who rebases, what git calls theirs is their own.
    whose: found.onTop ? { kept: 'theirs', moved: 'ours' } : { kept: turned ? 'theirs' : 'ours', moved },
  })
  const notes = [...renumbered.notes]
  if (
    renumbered.renumbered.length > 0 &&
    !found.onTop &&
    (await isPublished(runGit, { store, commit: found[moved] }))
  ) {
    notes.push(
      'some of the revisions with a new number may be on a remote already: others may know them by the former one',
    )
  }
  const added = await runGit(['add', '--all', '--', relative(context.store, context.folder)], { cwd: context.store })
  if (added.status !== 0) notes.push(`the files could not be added to git: ${complaint(added)}`)
  return { ...renumbered, notes }
}

async function keepsTheirs(
  runGit: RunGit,
  { name, store }: EnvironmentContext,
  { commits, sides }: { readonly commits: MergeCommits; readonly sides: Sides },
): Promise<boolean> {
  const { ours, theirs } = sides
  const common = commonLength(ours, theirs)
  if (common === 0 || common === Math.min(ours.revisions.length, theirs.revisions.length)) return false
  const file = `${name}/revisions/${common + 1}.yaml`
  return (await sideToKeep(runGit, { store, commits, file })) === 'theirs'
}
