import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import { type FileSystem, listIfPresent, readIfPresent } from '../../files/index.ts'
import { complaint, type RunGit } from '../../git/index.ts'
import { present } from '../../present.ts'
import { linesWithPacked } from '../events.ts'
import { layout, revisionNumber } from '../layout.ts'
import { archiveNamed } from '../revisions/archive/archive-name.ts'
import { eventArchiveNamed, linesOfArchive, mergedLines } from '../revisions/archive/packed-events.ts'
import { recordsOf, revisionBytes } from '../revisions/archive/packed-revisions.ts'

/** An environment as one side of a merge has it. */
export interface Side {
  /** For messages, such as `HEAD`. */
  readonly label: string
  readonly settings: string
  /** `environment.yaml`. Undefined: there is none. */
  readonly working?: string
  /** Files of the revisions from 1 up. */
  readonly revisions: readonly Uint8Array[]
  /** Contents of the files in `events/`, by name. */
  readonly events: ReadonlyMap<string, string>
}

/** Both sides of a merge, and the settings where they parted, when they can be told. */
export interface Sides {
  readonly ours: Side
  readonly theirs: Side
  readonly baseSettings: string | undefined
  /** `environment.yaml` where they parted. */
  readonly baseWorking?: string
}

/** The two commits of a merge. */
export interface MergeCommits {
  readonly ours: string
  readonly theirs: string
  /**
   * Git puts theirs, commits of this clone, on top of ours, as a rebase or
   * cherry-pick does. Default: false.
   */
  readonly onTop?: boolean
}

/** An environment's folder as a side, for histories that git does not know. */
export function sideOfFolder(files: FileSystem, folder: string, label: string): Side {
  const settings = readIfPresent(files, layout.settings(folder))
  if (settings === undefined)
    throw new EscError('not_found', `${folder} is not an environment: it has no settings.yaml`)
  const revisions: Uint8Array[] = []
  for (;;) {
    const found = revisionBytes(files, folder, revisions.length + 1)
    if (found === undefined) break
    revisions.push(found.bytes)
  }
  const names = listIfPresent(files, join(folder, 'events')).filter((name) => name.endsWith('.jsonl'))
  const text = (name: string) => linesWithPacked(files, join(folder, 'events', name)).join('\n')
  const events = new Map(names.map((name) => [name, text(name)]))
  const working = readIfPresent(files, layout.definition(folder))
  return {
    label,
    settings: Buffer.from(settings).toString(),
    working: working && Buffer.from(working).toString(),
    revisions,
    events,
  }
}

/**
 * The commits of the merge, rebase or cherry-pick in progress; else those that
 * HEAD, a merge, was made of.
 * @throws EscError `usage` when there is no merge to be seen; `io` when this is no git work tree.
 */
export async function mergeCommits(runGit: RunGit, store: string): Promise<MergeCommits> {
  const resolve = async (name: string) => {
    const result = await runGit(['rev-parse', '--verify', '--quiet', `${name}^{commit}`], { cwd: store })
    return result.status === 0 ? result.stdout.toString().trim() : undefined
  }
  const inside = await runGit(['rev-parse', '--is-inside-work-tree'], { cwd: store })
  if (inside.status !== 0) throw new EscError('io', `cannot read the git history of ${store}: ${complaint(inside)}`)
  const head = await resolve('HEAD')
  for (const name of ['MERGE_HEAD', 'REBASE_HEAD', 'CHERRY_PICK_HEAD']) {
    const theirs = await resolve(name)
    if (head === undefined || theirs === undefined) continue
    return { ours: head, theirs, onTop: name !== 'MERGE_HEAD' }
  }
  const [ours, theirs] = [await resolve('HEAD^1'), await resolve('HEAD^2')]
  if (ours !== undefined && theirs !== undefined) return { ours, theirs }
  throw new EscError('usage', 'there is no git merge in progress, and the last commit is none', {
    hint: 'merge first, or name the commits of the two sides',
  })
}

/** @throws EscError `not_found` when a side does not have the environment; `io`. */
export async function sidesOfCommits(
  runGit: RunGit,
  context: { readonly store: string; readonly name: string },
  commits: MergeCommits,
): Promise<Sides> {
  const base = await runGit(['merge-base', commits.ours, commits.theirs], { cwd: context.store })
  const baseCommit = base.status === 0 ? base.stdout.toString().trim() : undefined
  const side = async (commit: string): Promise<Side> => {
    const found = await sideOfCommit(runGit, context, commit)
    if (found !== undefined) return found
    throw new EscError('not_found', `environment '${context.name}' is not in commit ${commit.slice(0, 12)}`, {
      hint: 'one side has removed or never had it: keep the folder or remove it with git',
    })
  }
  const ours = await side(commits.ours)
  const theirs = await side(commits.theirs)
  const common = baseCommit && (await sideOfCommit(runGit, context, baseCommit))
  const shared = common === undefined || common === '' ? undefined : common
  return { ours, theirs, baseSettings: shared?.settings, baseWorking: shared?.working }
}

async function sideOfCommit(
  runGit: RunGit,
  { store, name }: { readonly store: string; readonly name: string },
  commit: string,
): Promise<Side | undefined> {
  const run = async (args: readonly string[], input?: string) => {
    const result = await runGit(args, { cwd: store, input })
    if (result.status === 0) return result.stdout
    throw new EscError('io', `cannot read commit ${commit.slice(0, 12)}: ${complaint(result)}`)
  }
  // Paths from ls-tree are relative to the store's folder, where it runs.
  const listing = (await run(['ls-tree', '-r', '-z', commit, '--', `${name}/`])).toString()
  const blobs = new Map<string, string>()
  for (const line of listing.split('\0')) {
    const [, id, path] = /^\d+ blob ([0-9a-f]+)\t([\s\S]*)$/.exec(line) ?? []
    if (id !== undefined && path !== undefined) blobs.set(path.slice(name.length + 1), id)
  }
  const settings = blobs.get('settings.yaml')
  if (settings === undefined) return undefined
  const isRevision = (path: string) => /^revisions\/[^/]+$/.test(path)
  const revisionFiles = [...blobs].filter(([path]) => isRevision(path))
  const eventFiles = [...blobs].filter(([path]) => /^events\/[^/]+\.(?:jsonl|archive)$/.test(path))
  const working = blobs.get('environment.yaml')
  const ids = [
    settings,
    ...revisionFiles.map(([, id]) => id),
    ...eventFiles.map(([, id]) => id),
    ...(working === undefined ? [] : [working]),
  ]
  const contents = readBatch(await run(['cat-file', '--batch'], ids.map((id) => `${id}\n`).join('')), ids.length)
  return {
    label: commit.slice(0, 12),
    settings: Buffer.from(present(contents[0])).toString(),
    working: working === undefined ? undefined : Buffer.from(present(contents.at(-1))).toString(),
    revisions: revisionsIn(revisionFiles.map(([path], index) => [path, present(contents[1 + index])])),
    events: eventsIn(eventFiles.map(([path], index) => [path, present(contents[1 + revisionFiles.length + index])])),
  }
}

/** The lines of each kind, those that were packed among them, by the name of its file. */
function eventsIn(contents: readonly (readonly [path: string, bytes: Uint8Array])[]): Map<string, string> {
  const parts = new Map<string, string[][]>()
  for (const [path, bytes] of contents) {
    const name = path.slice('events/'.length)
    const archive = eventArchiveNamed(name)
    const lines =
      archive === undefined
        ? Buffer.from(bytes).toString().split('\n')
        : linesOfArchive(bytes, { file: path, digest: archive.digest })
    const file = archive === undefined ? name : `${archive.kind}.jsonl`
    parts.set(file, [...(parts.get(file) ?? []), lines])
  }
  return new Map([...parts].map(([name, lines]) => [name, mergedLines(lines).join('\n')]))
}

/** The revisions from 1 up in the files of a folder, each with its path and content. */
function revisionsIn(contents: readonly (readonly [path: string, bytes: Uint8Array])[]): Uint8Array[] {
  const byNumber = new Map<number, Uint8Array>()
  const named = contents.map(([path, bytes]) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), bytes }))
  for (const { path, name, bytes } of named) {
    const archive = archiveNamed(name)
    const records = archive === undefined ? [] : recordsOf(bytes, path, archive)
    for (const [index, record] of records.entries()) byNumber.set((archive?.first ?? 0) + index, record)
  }
  // A file of its own counts before an archive, as it does where no git is asked.
  for (const { name, bytes } of named) {
    const number = revisionNumber(name)
    if (number !== undefined) byNumber.set(number, bytes)
  }
  const revisions: Uint8Array[] = []
  for (let bytes = byNumber.get(1); bytes !== undefined; bytes = byNumber.get(revisions.length + 1)) {
    revisions.push(bytes)
  }
  return revisions
}

/**
 * The output of `git cat-file --batch`: for each object a line `<id> <type> <size>`,
 * its bytes, and a newline.
 */
function readBatch(output: Buffer, count: number): Uint8Array[] {
  const contents: Uint8Array[] = []
  let at = 0
  for (let index = 0; index < count; index++) {
    const end = output.indexOf(0x0a, at)
    const size = Number(/ (\d+)$/.exec(output.toString('latin1', at, end))?.[1])
    if (end === -1 || Number.isNaN(size))
      throw new EscError('io', 'git cat-file printed something that esc cannot read')
    contents.push(output.subarray(end + 1, end + 1 + size))
    at = end + 1 + size + 1
  }
  return contents
}
