import { basename, relative, sep } from 'node:path'
import { machineGit } from '../../git/index.ts'

/**
 * Returns the path of a folder below the top of its git repository, with slashes; its name where it
 * is in none, and nothing where it is not below.
 */
export async function placeInRepository(folder: string): Promise<string> {
  const top = await machineGit(['rev-parse', '--show-toplevel'], { cwd: folder })
  const path = top.status === 0 ? relative(top.stdout.toString().trim(), folder) : basename(folder)
  return path.startsWith('..') ? '' : path.split(sep).join('/')
}
