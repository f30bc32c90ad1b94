import { statusOf } from '../../files/index.ts'
import { tracksAny } from '../../git/index.ts'
import type { CompleteHost } from '../host.ts'
import type { StoreState } from '../state/state.ts'
import type { ReportFinding } from './finding.ts'

/** Checks that the state folder is this user's alone, and outside what others can push to. */
export function checkState(
  { state, host }: { readonly state: StoreState; readonly host: CompleteHost },
  report: ReportFinding,
): void {
  const { files } = host
  const file = state.machine
  const status = statusOf(files, file)
  if (status === undefined) {
    report({
      severity: 'note',
      kind: 'state_folder',
      file,
      problem:
        'this machine has no state folder, and none could be made: nothing that was seen is remembered, and no rotation can begin',
      remedy: 'make the folder writable, or set ESC_STATE_HOME to one that is',
    })
    return
  }
  if (process.platform !== 'win32' && (status.mode & 0o022) !== 0) {
    report({
      severity: 'warning',
      kind: 'state_folder',
      file,
      problem: `others than its owner can write in the state folder (mode ${status.mode.toString(8)})`,
      remedy: `run \`chmod 700 ${file}\``,
    })
  }
  if (!tracksAny(realPath(host, file))) return
  report({
    severity: 'error',
    kind: 'committed_state',
    file,
    problem: 'git tracks files in the state folder: whoever can push can change what this machine keeps for itself',
    remedy: `set ESC_STATE_HOME to a folder outside the repository, move what is in this one there, and run \`git rm -r --cached ${file}\``,
  })
}

function realPath({ files }: CompleteHost, path: string): string {
  try {
    return files.realPath(path)
  } catch {
    return path
  }
}
