import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { machineGit } from '../git/index.ts'

/**
 * True when what is found at `node_modules/<name>` in `folder` came with git. Then whoever can push
 * could run code on the machines of all who pull, and installing would be nobody's decision.
 * Without git, or outside a repository: false.
 */
export async function isCommitted(folder: string, name: string): Promise<boolean> {
  const { stdout, stderr } = await machineGit(['ls-files', '-z', '--', pathToAsk(folder, name)], { cwd: folder })
  return stdout.length > 0 || /in submodule/.test(stderr)
}

/** The first link on the way, since git knows nothing behind it; else the package itself. */
function pathToAsk(folder: string, name: string): string {
  let path = ''
  for (const segment of ['node_modules', ...name.split('/')]) {
    path = path === '' ? segment : `${path}/${segment}`
    if (lstatSync(join(folder, path)).isSymbolicLink()) break
  }
  return path
}
