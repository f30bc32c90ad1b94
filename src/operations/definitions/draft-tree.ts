import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import { complaint, type GitResult, machineGit } from '../../git/index.ts'
import { again, input, rich } from '../../rich-text.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { commitChanges } from '../session/commit-changes.ts'
import { openWorkspaceAt } from '../session/open-workspace.ts'
import type { Work } from '../session/operation.ts'
import { Session } from '../session/session.ts'

/** A draft that was proposed. */
export interface SubmittedDraft {
  readonly kind: 'created' | 'updated'
  /** Name of the git branch. */
  readonly id: string
  /**
   * The place where to ask for its review; empty when the repository has no such place that we
   * know.
   */
  readonly url: string
}

/**
 * A draft while it is read or changed: the store as a branch of git has it,
 * in a work tree of its own.
 */
export interface Draft {
  /** Performs what is to be done in it. */
  readonly session: Session
  /** Commits what was changed to the branch. Undefined: nothing was. */
  submit(doing: string): Promise<SubmittedDraft | undefined>
  /**
   * Removes the work tree, and the branch too if it was made for this and nothing was submitted.
   */
  close(): Promise<void>
}

export interface DraftRequest {
  /** `new`: a branch is made from the last commit. Else the name of a branch. */
  readonly id: string
  /** Only to look at it. */
  readonly reading?: boolean
}

const branches = 'esc-draft'

/**
 * Checks a draft out into a work tree of its own.
 *
 * @throws EscError `not_found` for a branch there is not; `unsupported` where the store
 *   is in no git repository.
 */
export async function checkOutDraft(
  work: Work<EnvironmentReference>,
  { id, reading = false }: DraftRequest,
): Promise<Draft> {
  const { folder, kind } = work.store
  if (kind !== 'folder') {
    throw new EscError('unsupported', `a draft is a branch of git, and the store is in a database`, {
      hint: rich`make the change without ${input('draft')}`,
    })
  }
  const about = work.subject.name
  const git = (...args: string[]) => machineGit(args, { cwd: folder })
  const doing = reading || id !== 'new' ? 'getting environment draft definition' : 'creating environment draft'
  const prefix = await git('rev-parse', '--show-prefix')
  if (prefix.status !== 0 && !/not a git repository/.test(prefix.stderr)) {
    throw new EscError('io', `${doing}: ${complaint(prefix)}`, { hint: 'a draft is a branch of git' })
  }
  if (prefix.status !== 0) {
    throw new EscError('unsupported', `${doing}: ${folder} is in no git repository, and a draft is a branch of one`, {
      hint: rich`run "git init" and commit the store, or make the change without ${input('draft')}`,
    })
  }
  const { random = randomBytes, env } = work.host
  const isNew = id === 'new' && !reading
  const name = `${branches}/${about}/${Buffer.from(random(4)).toString('hex')}`
  const branch = isNew ? name : id
  if (!isNew && (await git('rev-parse', '--verify', '--quiet', `refs/heads/${branch}`)).status !== 0) {
    throw new EscError('not_found', `${doing}: there is no branch '${branch}'`, {
      hint: rich`"git branch --list '${branches}/*'" lists the drafts; ${again('draft')} alone makes a new one`,
    })
  }
  const tree = mkdtempSync(join(env.TMPDIR || tmpdir(), 'esc-draft-'))
  const how = isNew ? ['-b', branch, tree, 'HEAD'] : reading ? ['--detach', tree, branch] : [tree, branch]
  const added = await git('worktree', 'add', '--quiet', ...how)
  if (added.status !== 0) {
    rmSync(tree, { recursive: true, force: true })
    throw new EscError('io', `${doing}: ${complaint(added)}`, {
      hint: 'a branch that is checked out somewhere else is changed there; a repository needs a first commit',
    })
  }
  let submitted = false
  const close = async () => {
    await git('worktree', 'remove', '--force', tree)
    rmSync(tree, { recursive: true, force: true })
    if (isNew && !submitted) await git('branch', '--delete', '--force', branch)
  }
  try {
    const path = join(tree, prefix.stdout.toString().trimEnd())
    const draft = openWorkspaceAt(path, work, 'named', { original: work })
    if (!draft.store.has(about)) {
      const where = isNew ? 'the last commit' : `the branch '${branch}'`
      throw new EscError('not_found', `${doing}: environment '${about}' is not in ${where}`, {
        hint: 'commit the store first',
      })
    }
    const submit = async (command: string): Promise<SubmittedDraft | undefined> => {
      const outcome = await commitChanges(draft, { wanted: true, doing: command })
      if (outcome === undefined || outcome.kind === 'unchanged') return undefined
      if (outcome.kind === 'failed') {
        throw new EscError('io', rich`submitting change request: ${outcome.warning}`, { hint: outcome.hint })
      }
      submitted = true
      return { kind: isNew ? 'created' : 'updated', id: branch, url: await reviewUrl(git, branch) }
    }
    return { session: new Session(draft), submit, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Returns the place where the hosting of `origin` takes requests to merge a branch, for those
 * whose addresses are known.
 */
async function reviewUrl(git: (...args: string[]) => Promise<GitResult>, branch: string): Promise<string> {
  const remote = (await git('remote', 'get-url', 'origin')).stdout.toString().trim()
  const [, host = '', path = ''] =
    /^(?:https?:\/\/(?:[^@/]*@)?|ssh:\/\/(?:[^@/]*@)?|[^@/:]*@)([^/:]+)(?::\d+)?[/:](.+?)(?:\.git)?\/?$/.exec(remote) ??
    []
  const encoded = branch.split('/').map(encodeURIComponent).join('/')
  if (host === 'github.com') return `https://${host}/${path}/compare/${encoded}?expand=1`
  if (host.startsWith('gitlab.')) {
    return `https://${host}/${path}/-/merge_requests/new?merge_request%5Bsource_branch%5D=${encodeURIComponent(branch)}`
  }
  return ''
}
