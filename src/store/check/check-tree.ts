import { dirname, join } from 'node:path'
import { type FileSystem, largeProblem, specialKind, specialRemedy } from '../../files/index.ts'
import { limitOf } from '../limits.ts'
import type { ReportFinding } from './finding.ts'

/**
 * At the top of a store, and no part of it. Packages are full of links, and the state of an earlier
 * version is checked by itself.
 */
const notOurs = ['.esc', '.git', 'node_modules']

/**
 * Reports everything in a store's folder that is neither a folder nor a regular
 * file of a size that is read.
 */
export function checkTree(files: FileSystem, store: string, report: ReportFinding): void {
  for (const name of files.list(store)) {
    if (!notOurs.includes(name)) visit(files, join(store, name), report)
  }
}

/** The same for one environment: its folder, and that of its project. */
export function checkTreeOf(files: FileSystem, environment: string, report: ReportFinding): void {
  if (!isSpecial(files, dirname(environment), report)) visit(files, environment, report)
}

function visit(files: FileSystem, path: string, report: ReportFinding): void {
  if (isSpecial(files, path, report)) return
  const status = files.lstat(path)
  if (status?.kind === 'folder') {
    for (const name of namesIn(files, path)) visit(files, join(path, name), report)
  } else if (status !== undefined && status.size > limitOf(path)) {
    const problem = largeProblem(path, status.size, limitOf(path))
    report({ severity: 'error', kind: 'oversized_file', file: path, problem, remedy: specialRemedy(path) })
  }
}

function isSpecial(files: FileSystem, path: string, report: ReportFinding): boolean {
  const status = files.lstat(path)
  const special = status && specialKind(status)
  if (special === undefined) return false
  const problem = `this is ${special}: a store holds only regular files and folders`
  report({ severity: 'error', kind: 'special_file', file: path, problem, remedy: specialRemedy(path) })
  return true
}

/** A folder that may not be read is said where it is needed. */
function namesIn(files: FileSystem, folder: string): readonly string[] {
  try {
    return files.list(folder)
  } catch {
    return []
  }
}
