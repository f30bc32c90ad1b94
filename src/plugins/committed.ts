import { execFile } from 'node:child_process'
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { childEnvironment } from '../child-environment.ts'

/**
 * Whether what is found at `node_modules/<name>` in `folder` came with git. Then whoever can push could run code on the
 * machines of all who pull, and installing would be nobody's decision. Without git, or outside a repository: false.
 */
export function isCommitted(folder: string, name: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(
      'git',
      ['ls-files', '-z', '--', pathToAsk(folder, name)],
      { cwd: folder, env: childEnvironment(process.env, { add: { LC_ALL: 'C' } }), maxBuffer: 64 << 20 },
      (_error, stdout, stderr) => {
        resolve(stdout !== '' || /in submodule/.test(stderr))
      },
    )
  })
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
