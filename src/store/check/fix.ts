import { join } from 'node:path'
import { removeQuietly, statusOf } from '../../files/index.ts'
import { present } from '../../present.ts'
import type { Environment } from '../environment.ts'
import type { CompleteHost } from '../host.ts'
import { FileLock } from '../locks/lock.ts'
import { cleanUpSwap } from '../revisions/swap.ts'
import { ensureLines, storeFiles } from '../store-files.ts'
import { removeTree } from '../tree.ts'
import type { Finding } from './finding.ts'

/**
 * Does what a finding that is `fixable` asks for. Each does nothing when the
 * trouble has gone meanwhile.
 */
export async function fix(
  finding: Finding,
  store: {
    readonly folder: string
    readonly host: CompleteHost
    readonly environment: (name: string) => Environment
  },
): Promise<void> {
  const { folder, host } = store
  switch (finding.kind) {
    case 'stale_definition':
      await store.environment(present(finding.environment)).refreshDefinition()
      return
    case 'packed_twice':
      await store.environment(present(finding.environment)).removePackedTwice()
      return
    case 'interrupted_change': {
      const environment = store.environment(present(finding.environment))
      // Taking the lock completes it or cleans up.
      const lock = await environment.lock('check')
      cleanUpSwap(host.files, environment.folder)
      lock.release()
      return
    }
    case 'broken_lock': {
      const lock = await FileLock.acquire(host, finding.file, { what: finding.file, purpose: 'check', waitMs: 0 })
      lock.release()
      return
    }
    case 'leftover':
      if (statusOf(host.files, finding.file)?.kind === 'folder') removeTree(host.files, finding.file)
      else removeQuietly(host.files, finding.file)
      return
    case 'git_files':
      for (const [name, lines] of Object.entries(storeFiles)) ensureLines(host.files, join(folder, name), lines)
      return
    default:
      throw new Error(`${finding.kind} cannot be fixed`)
  }
}
