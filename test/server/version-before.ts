import { execFileSync } from 'node:child_process'
import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../cli/commands/esc.ts'

/** The last commit before the tables of a server changed to the present version. */
const commit = '1b2387100810678b974806d1e5a76aa36441f41f'

/**
 * Builds the program that knew one version less of the tables, from the history of this checkout,
 * and returns the folder. `undefined`: the history is not here.
 */
export function buildVersionBefore(): string | undefined {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: packageRoot, maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    git('cat-file', '-e', `${commit}^{commit}`)
  } catch {
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'esc-version-before-'))
  execFileSync('tar', ['-x', '-C', folder], { input: git('archive', commit) })
  symlinkSync(join(packageRoot, 'node_modules'), join(folder, 'node_modules'))
  execFileSync(process.execPath, ['esbuild.config.mjs'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  return folder
}
