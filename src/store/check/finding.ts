import { EscError, hintOf, messageOf } from '../../errors.ts'
import type { Text } from '../../rich-text.ts'
import { restoreHint } from '../environment-context.ts'

/** The kind of a finding, for programs. */
export type FindingKind =
  | 'merge_conflict' // git left both sides in files, or put together what does not belong together
  | 'history_fork' // a revision was made after another predecessor than the one that is here
  | 'missing_revision'
  | 'damaged' // a file cannot be read
  | 'special_file' // a link, pipe, socket or device
  | 'oversized_file'
  | 'tampered' // a seal or digest does not match, or this machine has seen something else
  | 'not_verified' // without the key nobody can tell
  | 'dangling_version' // a tag or retraction speaks of a revision that is not there or not usable
  | 'plaintext_secret' // a revision file holds an `fn::secret` in the clear
  | 'variables' // `environmentVariables` or `files` of another shape than programs get
  | 'duplicate_id'
  | 'name_collision' // names that are one to some file systems
  | 'stale_definition'
  | 'unsaved_edit'
  | 'unfinished_rotation'
  | 'foreign_journal' // entries of another store with an environment of the same id
  | 'interrupted_change' // of a secrets provider
  | 'committed_state' // `.esc`, where earlier versions kept what is this machine's, has come from git
  | 'earlier_state' // the same, and it could not be moved
  | 'state_folder' // others can get at what this machine keeps
  | 'leftover' // of a process that was killed
  | 'packed_twice' // a file whose revisions are in an archive too
  | 'broken_lock'
  | 'unknown_file'
  | 'torn_event'
  | 'future_time' // a revision or event with a time that has not come
  | 'missing_environment' // an environment refers to one, or to a version, that is not there
  | 'overdue_rotation' // the schedule's instant has passed without a run
  | 'git_files' // .gitignore or .gitattributes lack a line

/**
 * Something `check` has to say. `error`: something is lost, wrong or not to be trusted. `warning`:
 * nothing is lost, but a person must do something. `note`: harmless, or it could not be checked.
 */
export interface Finding {
  readonly severity: 'error' | 'warning' | 'note'
  readonly kind: FindingKind
  /** `undefined` when it concerns the store. */
  readonly environment?: string
  readonly file: string
  /** A sentence without a full stop. */
  readonly problem: string
  /** The remedy. */
  readonly remedy: Text
  /** `fix` can do it, and nothing that anybody needs can be lost by it. */
  readonly fixable: boolean
}

export type ReportFinding = (finding: Omit<Finding, 'fixable'> & { readonly fixable?: boolean }) => void

/** Returns the finding for an error that came up while reading a file. */
export function described(error: unknown, file: string): Pick<Finding, 'kind' | 'file' | 'problem' | 'remedy'> {
  const remedy = hintOf(error) || restoreHint
  return { kind: kindOf(error), file, problem: messageOf(error), remedy }
}

function kindOf(error: unknown): 'tampered' | 'damaged' {
  return error instanceof EscError && error.code === 'tampered' ? 'tampered' : 'damaged'
}
