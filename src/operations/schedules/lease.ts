import { randomBytes } from 'node:crypto'
import { EscError } from '../../errors.ts'
import { complaint, type GitResult } from '../../git/index.ts'
import { machineProcesses, type ProcessIdentity } from '../../store/index.ts'
import type { LeaseSettings } from './scheduler-settings.ts'

/** Runs git in the store's folder, as its author. */
export type Git = (...args: string[]) => Promise<GitResult>

interface Holder {
  readonly token: string
  readonly process: ProcessIdentity
  /** RFC 3339, UTC. */
  readonly since: string
  readonly expires: string
}

/**
 * `taken`: ours. `held`: somebody else's. `none`: the remote cannot be reached, and that is no
 * obstacle by the store's rule.
 */
export type Taken =
  | { readonly kind: 'taken' }
  | { readonly kind: 'held'; readonly by: string }
  | { readonly kind: 'none'; readonly warning: string }

/**
 * The right to rotate, among all clones of one remote: a ref there, whose commit says who has it
 * and until when. It is taken, renewed and given back by pushing the ref on condition that it is
 * what we have seen (compare-and-swap), so of several that try, one succeeds. One that has run out,
 * or whose process on this machine is gone, may be taken over.
 */
export class Lease {
  readonly #git: Git
  readonly #settings: LeaseSettings
  readonly #now: () => Date
  readonly #token = randomBytes(12).toString('hex')
  /** The commit of the ref at the remote, as far as we have it. */
  #commit: string | undefined
  #since = ''

  constructor({ git, settings, now }: { git: Git; settings: LeaseSettings; now: () => Date }) {
    this.#git = git
    this.#settings = settings
    this.#now = now
  }

  /** True when we have it. */
  get isOurs(): boolean {
    return this.#commit !== undefined
  }

  /** @throws EscError `io` when the remote cannot be reached, unless the store says to go on. */
  async take(): Promise<Taken> {
    const { remote, ref } = this.#settings
    const seen = await this.#look()
    if (seen.kind === 'unreachable') return this.#unreachable(seen.why)
    if (seen.holder !== undefined && !this.#mayTakeOver(seen.holder)) return { kind: 'held', by: describe(seen.holder) }
    this.#since = this.#now().toISOString()
    const commit = await this.#newCommit()
    const pushed = await this.#git(
      'push',
      '--quiet',
      `--force-with-lease=${ref}:${seen.commit ?? ''}`,
      remote,
      `${commit}:${ref}`,
    )
    if (pushed.status === 0) {
      this.#commit = commit
      return { kind: 'taken' }
    }
    const after = await this.#look()
    if (after.kind === 'unreachable') return this.#unreachable(after.why)
    // Somebody was faster. Who has it given back since has done what was due.
    if (after.commit !== seen.commit)
      return { kind: 'held', by: after.holder ? describe(after.holder) : 'another machine' }
    throw new EscError('io', `the lease ${ref} cannot be pushed to '${remote}': ${complaint(pushed)}`, {
      hint: 'the remote must let this machine create, change and delete that ref; scheduler.lease.ref in esc.yaml names another',
    })
  }

  /**
   * Pushes other refs with a renewal of the lease, all or nothing: who has lost the lease pushes
   * nothing. Undefined: done. Else what git said.
   */
  async pushWith(refspec: string): Promise<GitResult | undefined> {
    const { remote, ref } = this.#settings
    const commit = await this.#newCommit()
    const pushed = await this.#git(
      'push',
      '--quiet',
      '--atomic',
      `--force-with-lease=${ref}:${this.#commit}`,
      remote,
      refspec,
      `${commit}:${ref}`,
    )
    if (pushed.status !== 0) return pushed
    this.#commit = commit
    return undefined
  }

  /** True when the remote still says that it is ours. */
  async isStillOurs(): Promise<boolean> {
    const seen = await this.#look()
    return seen.kind === 'seen' && this.#commit !== undefined && seen.commit === this.#commit
  }

  /** Gives it back. What cannot be given back runs out. */
  async release(): Promise<void> {
    if (this.#commit === undefined) return
    const { remote, ref } = this.#settings
    await this.#git('push', '--quiet', `--force-with-lease=${ref}:${this.#commit}`, remote, `:${ref}`)
    this.#commit = undefined
  }

  async #look(): Promise<
    | { readonly kind: 'unreachable'; readonly why: string }
    | { readonly kind: 'seen'; readonly commit: string | undefined; readonly holder: Holder | undefined }
  > {
    const { remote, ref } = this.#settings
    const listed = await this.#git('ls-remote', '--quiet', remote, ref)
    if (listed.status !== 0) return { kind: 'unreachable', why: complaint(listed) }
    const [commit = ''] = listed.stdout.toString().split('\t')
    if (commit === '') return { kind: 'seen', commit: undefined, holder: undefined }
    await this.#git('fetch', '--quiet', '--no-tags', '--no-write-fetch-head', remote, ref)
    const message = await this.#git('show', '--no-patch', '--format=%B', commit)
    // It may have been given back between the two.
    if (message.status !== 0) return { kind: 'seen', commit, holder: unknownHolder }
    return { kind: 'seen', commit, holder: parseHolder(message.stdout.toString()) }
  }

  #mayTakeOver({ token, process, expires }: Holder): boolean {
    return token === this.#token || new Date(expires) <= this.#now() || machineProcesses.isGone(process)
  }

  async #newCommit(): Promise<string> {
    const expires = new Date(this.#now().getTime() + this.#settings.ttlMs).toISOString()
    const holder: Holder = { token: this.#token, process: machineProcesses.self(), since: this.#since, expires }
    const tree = await this.#git('mktree')
    const message = `esc scheduler lease\n\n${JSON.stringify(holder)}\n`
    const made = await this.#git('commit-tree', tree.stdout.toString().trim(), '-m', message)
    if (made.status !== 0) throw new EscError('io', `git cannot make a commit for the lease: ${complaint(made)}`)
    return made.stdout.toString().trim()
  }

  #unreachable(why: string): Taken {
    const { remote, whenUnreachable } = this.#settings
    const what = `the git remote '${remote}' cannot be reached: ${why}`
    if (whenUnreachable === 'proceed') {
      return { kind: 'none', warning: `${what}; going on without the lease, as scheduler.lease.whenUnreachable says` }
    }
    throw new EscError('io', `${what}; nothing was rotated, because another machine may be doing so`, {
      hint: 'try again when it can be reached; or set scheduler.lease.whenUnreachable: proceed in esc.yaml',
      transient: true,
    })
  }
}

const unknownHolder: Holder = {
  token: '',
  process: { pid: 0, host: 'another machine' },
  since: '',
  expires: '9999-12-31T23:59:59Z',
}

function parseHolder(message: string): Holder | undefined {
  try {
    const holder = JSON.parse(message.slice(message.indexOf('{'))) as Holder
    if (typeof holder.token === 'string' && typeof holder.process?.pid === 'number') return holder
  } catch {}
  // Somebody else's commit under our ref: nobody can be waiting for it.
  return undefined
}

function describe({ process, since, expires }: Holder): string {
  return process.pid === 0
    ? process.host
    : `process ${process.pid} on ${process.host} (since ${since}, until ${expires} at most)`
}
