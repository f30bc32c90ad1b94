import { sep } from 'node:path'
import { layout } from '../../layout.ts'

/** Several revisions in one file, as its name tells. */
export interface ArchiveName {
  readonly name: string
  /** Numbers of the first and the last revision in it. */
  readonly first: number
  readonly last: number
  /** The first 16 hex digits of the SHA-256 of the file. */
  readonly digest: string
}

const suffix = '.archive'

/**
 * So many of the newest revisions always have files of their own: the newest is verified against
 * the one before it, and neither is to wait for an archive.
 */
export const leastKept = 2

/** Takes the name of a file in `revisions/` apart. Undefined: it is none of an archive. */
export function archiveNamed(name: string): ArchiveName | undefined {
  if (!name.endsWith(suffix)) return undefined
  const [, first, last, digest] = /^([1-9]\d{0,14})-([1-9]\d{0,14})-([0-9a-f]{16})\.archive$/.exec(name) ?? []
  if (first === undefined || last === undefined || digest === undefined || Number(first) > Number(last))
    return undefined
  return { name, first: Number(first), last: Number(last), digest }
}

/** The archives among the names in `revisions/`, by their first revision, shorter ones first. */
export function archivesAmong(names: readonly string[]): ArchiveName[] {
  const found = names.flatMap((name) => archiveNamed(name) ?? [])
  return found.sort((a, b) => a.first - b.first || a.last - b.last || (a.digest < b.digest ? -1 : 1))
}

/**
 * Path of an archive. The digest is part of the name, so that two clones that pack the same
 * revisions with different compressors make two files, which both count, and no conflict.
 */
export function archivePath(
  environment: string,
  { first, last, digest }: Pick<ArchiveName, 'first' | 'last' | 'digest'>,
): string {
  return layout.revisions(environment) + sep + `${first}-${last}-${digest}${suffix}`
}

/**
 * Number up to which archives, in the order of `archivesAmong`, have all revisions after another
 * one. Default: from 1 up, and 0 for none.
 */
export function packedThrough(archives: readonly ArchiveName[], after = 0): number {
  let through = after
  for (const { first, last } of archives) if (first <= through + 1 && last > through) through = last
  return through
}
