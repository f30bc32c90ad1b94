import { EscError } from '../../errors.ts'
import { complaint, machineGit } from '../../git/index.ts'
import { rich, step, type Text } from '../../rich-text.ts'
import { commitChange, layout } from '../../store/index.ts'
import { visibleEnvironments } from '../session/permit.ts'
import type { Session } from '../session/session.ts'
import { type Git, Lease, type Taken } from './lease.ts'
import type { LeaseSettings } from './scheduler-settings.ts'
import { scheduleOf } from './schedules.ts'

/**
 * The time between two looks for what others have pushed while there is nothing to do, in
 * milliseconds.
 */
const fetchEveryMs = 5 * 60_000

/**
 * Several clones of one git remote that rotate by the clock. Before anything is rotated, the lease
 * is taken and what others have pushed is fetched, so that what has run elsewhere is not run again;
 * after each run, its commit is pushed together with a renewal of the lease.
 */
export class SharedRemote {
  readonly #settings: LeaseSettings
  readonly #open: () => Session
  readonly #git: Git
  readonly #lease: Lease
  #branch: string | undefined
  #fetchedMs = Number.NEGATIVE_INFINITY
  #lost = false

  private constructor(open: () => Session, settings: LeaseSettings, git: Git) {
    const { workspace } = open()
    this.#open = open
    this.#settings = settings
    this.#git = git
    this.#lease = new Lease({ git, settings, now: workspace.host.now })
  }

  static async connect(open: () => Session, settings: LeaseSettings): Promise<SharedRemote> {
    const { store, author } = open().workspace
    if (store.kind !== 'folder') {
      throw new EscError('unsupported', 'a lease in git is for a store in a folder, and this one is in a database', {
        hint: 'remove scheduler.lease from esc.yaml: the database lets one scheduler at a time work',
      })
    }
    const { name, email } = await author()
    const identity = ['-c', `user.name=${name}`, '-c', `user.email=${email || name}`]
    const git: Git = (...args) => machineGit([...identity, ...args], { cwd: store.folder })
    await refusePath(git, settings.remote)
    return new SharedRemote(open, settings, git)
  }

  /** Somebody else has taken the lease over: nothing more may be rotated. */
  get lost(): boolean {
    return this.#lost
  }

  /** @throws EscError `io` when the remote cannot be reached and the store says to refuse then. */
  async acquire(): Promise<Taken> {
    this.#lost = false
    return this.#lease.take()
  }

  async release(): Promise<void> {
    await this.#lease.release()
  }

  /**
   * Brings the work tree up to date with the remote: at once when `fresh`, else now
   * and then. Returns warnings.
   * @throws EscError `conflict` when both have changed the same; `io` when the
   *   remote cannot be reached.
   */
  async fetch({ fresh = false }: { readonly fresh?: boolean } = {}): Promise<Text[]> {
    const { remote, whenUnreachable } = this.#settings
    const nowMs = this.#open().host.now().getTime()
    if (!fresh && nowMs - this.#fetchedMs < fetchEveryMs) return []
    const branch = await this.#currentBranch()
    // In full, since a branch may be named like an option.
    const fetched = await this.#git('fetch', '--quiet', remote, `refs/heads/${branch}`)
    if (fetched.status !== 0) {
      // The first machine of all: there is nothing to fetch yet.
      if (/couldn't find remote ref/.test(fetched.stderr)) return []
      const what = `cannot fetch '${branch}' from the git remote '${remote}': ${complaint(fetched)}`
      if (whenUnreachable === 'proceed') return [what]
      throw new EscError('io', `${what}; nothing was rotated, because another machine may be doing so`, {
        hint: 'try again when it can be reached; or set scheduler.lease.whenUnreachable: proceed in esc.yaml',
        transient: true,
      })
    }
    await this.#merge(branch)
    this.#fetchedMs = nowMs
    return []
  }

  /**
   * True when this clone holds what the remote lacks, such as a run that was cut
   * off before it was pushed.
   */
  async hasUnpushed(): Promise<boolean> {
    const ahead = await this.#git(
      'rev-list',
      '--count',
      `refs/remotes/${this.#settings.remote}/${await this.#currentBranch()}..HEAD`,
    )
    return Number(ahead.stdout.toString()) > 0 || (await this.#leftovers()).length > 0
  }

  /** Commits and pushes what a run that was cut off has left. Returns warnings. */
  async pushLeftovers(): Promise<Text[]> {
    const { store } = this.#open().workspace
    const paths = await this.#leftovers()
    if (paths.length > 0) {
      const message = 'esc scheduler: what a run that was cut off has left'
      const runGit: typeof machineGit = (args) => this.#git(...args)
      const outcome = await commitChange({ folder: store.folder, paths, message, runGit })
      if (outcome.kind === 'failed') return [rich`${outcome.warning} (${outcome.hint})`]
    }
    return (await this.hasUnpushed()) ? this.push('what an earlier run has left') : []
  }

  /** Pushes the branch and renews the lease. Returns warnings. */
  async push(what: string): Promise<Text[]> {
    const branch = await this.#currentBranch()
    if (!this.#lease.isOurs) return this.#pushWithoutLease(what, branch)
    for (let attempt = 1; ; attempt++) {
      const refused = await this.#lease.pushWith(`HEAD:refs/heads/${branch}`)
      if (refused === undefined) return []
      const again = 'what was rotated is committed here and nowhere else; "git push" it'
      if (!(await this.#lease.isStillOurs())) {
        this.#lost = true
        return [
          rich`${what}: not pushed, another machine has taken the lease over: ${again}, after "git pull"; where that conflicts, ${renumber}`,
        ]
      }
      if (attempt === 3) return [`${what}: not pushed: ${complaint(refused)}: ${again}`]
      try {
        // Somebody has pushed another change meanwhile.
        await this.fetch({ fresh: true })
      } catch (error) {
        return [`${what}: not pushed: ${(error as Error).message}: ${again}`]
      }
    }
  }

  async #pushWithoutLease(what: string, branch: string): Promise<Text[]> {
    const pushed = await this.#git('push', '--quiet', this.#settings.remote, `HEAD:refs/heads/${branch}`)
    return pushed.status === 0 ? [] : [`${what}: committed, but not pushed: ${complaint(pushed)}`]
  }

  /** @throws EscError `conflict`. */
  async #merge(branch: string): Promise<void> {
    const theirs = `refs/remotes/${this.#settings.remote}/${branch}`
    if ((await this.#git('merge-base', '--is-ancestor', theirs, 'HEAD')).status === 0) return
    const merged = await this.#git('merge', '--quiet', '--no-edit', theirs)
    if (merged.status === 0) return
    await this.#git('merge', '--abort')
    throw new EscError(
      'conflict',
      `what '${this.#settings.remote}/${branch}' has cannot be merged here: ${complaint(merged)}`,
      {
        hint: rich`run "git pull" in ${this.#open().folder}; where it conflicts, ${renumber}; schedules go on after that`,
      },
    )
  }

  /**
   * Files of environments with a schedule that are not committed, where no hand edit
   * is among them. Absolute.
   */
  async #leftovers(): Promise<string[]> {
    const { workspace } = this.#open()
    const { store } = workspace
    const status = await this.#git('status', '--porcelain', '-z', '--untracked-files=all', '--', '.')
    if (status.status !== 0 || status.stdout.length === 0) return []
    return visibleEnvironments(workspace).flatMap((name) => {
      const environment = store.environment(name)
      if (scheduleOf(environment) === undefined || environment.definitionState() === 'edited') return []
      const { folder } = environment
      const files = [layout.revisions(folder), layout.definition(folder), layout.settings(folder), `${folder}/events`]
      const prefix = `${name}/`
      return changedBelow(status.stdout.toString(), prefix) ? files : []
    })
  }

  async #currentBranch(): Promise<string> {
    if (this.#branch !== undefined) return this.#branch
    const head = await this.#git('symbolic-ref', '--short', 'HEAD')
    if (head.status !== 0) {
      throw new EscError('invalid_input', `a lease needs a git branch to push: ${complaint(head)}`, {
        hint: 'check out a branch in the clone that the scheduler works in, or leave scheduler.lease out of esc.yaml',
      })
    }
    this.#branch = head.stdout.toString().trim()
    return this.#branch
  }
}

const renumber = step('put the revisions in order', { do: 'renumber-revisions' })

/**
 * Git takes a name that no remote has for the path of a repository, and pushing to one runs its
 * hooks. `esc.yaml`, which names the remote, may come with such a folder.
 * @throws EscError `invalid_input`; `io` when git cannot tell.
 */
async function refusePath(git: Git, remote: string): Promise<void> {
  const configured = await git('config', '--get-all', `remote.${remote}.url`)
  if (configured.status === 0) return
  if (configured.status !== 1) throw new EscError('io', `cannot use git for scheduler.lease: ${complaint(configured)}`)
  throw new EscError(
    'invalid_input',
    `scheduler.lease.remote in esc.yaml is '${remote}', and git knows no such remote here`,
    {
      hint: `"git remote -v" lists them; add it with: git remote add ${remote} <url>`,
    },
  )
}

/**
 * Reads the output of `git status --porcelain -z`: paths are relative to the top of the repository,
 * wherever the store is in it.
 */
function changedBelow(status: string, folder: string): boolean {
  return status.split('\0').some((entry) => {
    const path = entry.slice(3)
    return path.startsWith(folder) || path.includes(`/${folder}`)
  })
}
