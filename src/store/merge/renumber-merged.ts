import { relative } from 'node:path'
import { complaint, machineGit, type RunGit } from '../../git/index.ts'
import type { EnvironmentPlace } from '../place.ts'
import { type Renumbered, type RenumberOptions, renumber } from './renumber.ts'
import { type MergeCommits, mergeCommits, type Sides, sidesOfCommits } from './side.ts'

export interface RenumberEnvironment extends Omit<RenumberOptions, 'sides' | 'runGit'> {
  readonly runGit?: RunGit
  /** Default: of the merge that git is in, or has just made. */
  readonly commits?: MergeCommits
  /** For histories that git does not know (`sideOfFolder`); then git's index is left alone. */
  readonly sides?: Sides
}

/** `renumber` with the sides of a merge of git's, whose index then has what came of it. */
export async function renumberMerged(place: EnvironmentPlace, options: RenumberEnvironment): Promise<Renumbered> {
  const { runGit = machineGit, sides, commits } = options
  const found = sides ?? (await sidesOfCommits(runGit, place, commits ?? (await mergeCommits(runGit, place.store))))
  const renumbered = await renumber(place, { ...options, runGit, sides: found })
  if (sides !== undefined) return renumbered
  const added = await runGit(['add', '--all', '--', relative(place.store, place.folder)], { cwd: place.store })
  if (added.status === 0) return renumbered
  const note = `the files could not be added to git: ${complaint(added)}`
  return { ...renumbered, notes: [...renumbered.notes, note] }
}
