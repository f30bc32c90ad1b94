import { chmodSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EscError } from '../../errors.ts'
import { createFile, machineFiles, makeFolders, readTextIfPresent } from '../../files/index.ts'
import { complaint, machineGit } from '../../git/index.ts'
import { storeOperation } from '../session/operation.ts'

/**
 * Has git scan what is staged before each commit, by a hook `pre-commit` of the repository that a
 * folder is in. Returns the file. A hook that is there stays.
 *
 * @throws EscError `invalid_input` where there is no repository, another hook, or another
 *   folder of hooks.
 */
export const installScanHook = storeOperation({
  name: 'install-scan-hook',
  level: undefined,
  audit: 'environment-read',
  run: async (_work, { folder, script }: { readonly folder: string; readonly script: string }): Promise<string> => {
    const answer = await machineGit(['rev-parse', '--git-common-dir'], { cwd: folder })
    if (answer.status !== 0) {
      throw new EscError('invalid_input', `there is no git repository at ${folder}: ${complaint(answer)}`, {
        hint: 'change to a folder of a repository',
      })
    }
    // Programs such as husky keep hooks elsewhere, and one for all repositories of a user is no
    // place for this.
    for (const scope of ['--local', '--global']) {
      const set = await machineGit(['config', scope, '--get', 'core.hooksPath'], { cwd: folder })
      if (set.status !== 0) continue
      const place = set.stdout.toString('utf8').trimEnd()
      throw new EscError('invalid_input', `git takes hooks from another folder (core.hooksPath): ${place}`, {
        hint: 'add the scan of staged changes to the hooks there by hand',
      })
    }
    const hooks = join(resolve(folder, answer.stdout.toString('utf8').trimEnd()), 'hooks')
    const file = join(hooks, 'pre-commit')
    if (readTextIfPresent(machineFiles, file) === script) return file
    makeFolders(machineFiles, hooks)
    if (!createFile(machineFiles, file, Buffer.from(script), { mode: 0o755 })) {
      throw new EscError('invalid_input', `${file} is there already`, {
        hint: 'add the scan of staged changes to it by hand',
      })
    }
    chmodSync(file, 0o755)
    return file
  },
})
