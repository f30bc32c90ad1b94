import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import { makeFolders, removeQuietly, temporaryPath, writeTemporary } from '../../files/index.ts'
import { complaint, type RunGit } from '../../git/index.ts'
import { rich, step } from '../../rich-text.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { hasConflictMarkers } from '../git/conflict-markers.ts'
import { layout } from '../layout.ts'
import { isReadable, mergeDefinitions, type ThreeTexts } from './merge-definitions.ts'

/**
 * `lines`: as git merges lines; `keys`: where lines conflict, by keys; `hand`: as a person
 * resolved it in environment.yaml.
 */
export interface MergedText {
  readonly how: 'lines' | 'keys' | 'hand'
  readonly text: string
}

/**
 * One definition of two. What a person made of the conflict in `environment.yaml` counts most; then
 * git's merge of lines, as long as it can be read; then the merge by keys.
 *
 * @throws EscError `conflict`, naming the paths, when both sides changed the same.
 */
export async function mergeTexts(
  runGit: RunGit,
  context: EnvironmentContext,
  texts: ThreeTexts,
  working: string | undefined,
): Promise<MergedText> {
  const lines = await mergeLines(runGit, context, texts)
  const clean = lines !== undefined && isReadable(lines) ? lines : undefined
  const keys = mergeDefinitions(texts)
  const merged = keys.kind === 'merged' ? keys.text : undefined
  const resolved = working !== undefined && !hasConflictMarkers(working) ? working : undefined
  const known = [texts.base, texts.ours, texts.theirs, lines, merged]
  if (resolved !== undefined && !known.includes(resolved)) return { how: 'hand', text: resolved }
  if (clean !== undefined) return { how: 'lines', text: clean }
  if (merged !== undefined) return { how: 'keys', text: merged }
  // Markers are gone, so somebody has chosen a side.
  if (resolved !== undefined && (resolved === texts.ours || resolved === texts.theirs)) {
    return { how: 'hand', text: resolved }
  }
  const file = layout.definition(context.folder)
  const paths = keys.kind === 'conflict' ? keys.conflicts.join(', ') : ''
  throw new EscError('conflict', `both sides changed ${paths} in environment '${context.name}'`, {
    hint: rich`resolve the conflict in ${file}, and ${step('try', { do: 'renumber-revisions', environment: context.name })} again`,
  })
}

/**
 * Returns the text that git makes of three texts line by line. Undefined: two of them changed the
 * same lines.
 */
export async function mergeLines(
  runGit: RunGit,
  context: EnvironmentContext,
  texts: ThreeTexts,
): Promise<string | undefined> {
  const { state, host } = context
  const { folder } = state
  makeFolders(host.files, folder, 0o700)
  const paths: string[] = []
  try {
    for (const text of [texts.ours, texts.base, texts.theirs]) {
      const path = join(temporaryPath(folder))
      writeTemporary(host.files, path, Buffer.from(text), { mode: 0o600, synced: false })
      paths.push(path)
    }
    const result = await runGit(['merge-file', '-p', '-q', ...paths], { cwd: folder, outside: true })
    // The status is the number of conflicts; above 127 something else went wrong.
    if (result.status === undefined || result.status > 127) {
      throw new EscError('io', `cannot merge environment '${context.name}': ${complaint(result)}`)
    }
    return result.status === 0 ? result.stdout.toString() : undefined
  } finally {
    for (const path of paths) removeQuietly(host.files, path)
  }
}
