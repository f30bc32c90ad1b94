import { EscError } from '../../errors.ts'
import { type EnvironmentContext, restoreHint } from '../environment-context.ts'
import { layout } from '../layout.ts'
import type { Settings } from '../settings/settings.ts'
import { newestNamed } from './promised.ts'
import type { Revision } from './revision-file.ts'

/** `above`: number of the revision that names another one before it. */
export function notLinked(name: string, before: Revision, above: number): EscError {
  const problem = `revision ${before.number} of environment '${name}' is not the one that revision ${above} was made from: ${before.file} was changed`
  return new EscError('tampered', problem, { hint: restoreHint })
}

/** The error for a newest revision that is not as new as the settings promise. */
export function notPromised({ folder, name }: EnvironmentContext, newest: Revision, settings: Settings): EscError {
  const { sealedFrom = 1, sealedAfter, file } = settings
  const named = newestNamed(settings)
  const problem =
    newest.number < named
      ? `the history of environment '${name}' was cut short: its newest revision is ${newest.number}, ${newest.file}, and a tag or retraction in ${file} speaks of revision ${named}`
      : newest.number === sealedFrom - 1 && sealedAfter !== undefined
        ? `revision ${newest.number} of environment '${name}' is not the one that the settings vouch for, and nothing newer is there: ${newest.file} was changed, or later revisions were removed`
        : `nothing vouches for revision ${newest.number} of environment '${name}', ${newest.file}: revisions from ${sealedFrom} on are sealed (sealedFrom in ${file}), and none of them is there`
  return new EscError('tampered', problem, {
    hint: `restore ${layout.revisions(folder)} from the git history`,
  })
}
