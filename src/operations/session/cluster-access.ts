import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { childEnvironment, type Variables } from '../../child-environment.ts'
import { EscError } from '../../errors.ts'
import { machineFiles } from '../../files/index.ts'
import { trackedNames } from '../../git/index.ts'
import type { ClusterAccess } from '../../providers/index.ts'
import { printedBy } from './printed-by.ts'

const timeoutMs = 60_000

interface Machine {
  readonly env: Variables
  readonly signal: AbortSignal
  /** The text of a file. @throws EscError `invalid_input`. */
  readonly read: (path: string) => string
}

/**
 * Gives the user's login to clusters of Kubernetes, which was allowed. A kubeconfig names programs
 * and files: one that comes with a repository could be changed to others without being asked about.
 *
 * @throws EscError `invalid_input`.
 */
export function clusterAccess(source: string, { env, signal, read }: Machine): ClusterAccess {
  if (source === 'in-cluster')
    return { kubeconfig: '', read, run: () => Promise.reject(new Error('a pod has no programs')) }
  const refuse = (problem: string) =>
    new EscError('invalid_input', `kubernetes-secrets: \`login.from\` ${JSON.stringify(source)} ${problem}`, {
      hint: 'give the text of a kubeconfig that belongs to the store as `login: {kubeconfig}`',
    })
  const home = env.HOME || homedir()
  const path = source.startsWith('~/') ? join(home, source.slice(2)) : source
  if (!isAbsolute(path)) throw refuse('is not an absolute path, and does not begin with ~/')
  const kubeconfig = read(path)
  const real = machineFiles.realPath(path)
  if (trackedNames(dirname(real), basename(real))?.length !== 0) throw refuse('is a file of a git repository')
  return {
    kubeconfig,
    read: (file) => read(resolve(dirname(path), file)),
    async run(words, { env: more, doing }) {
      const [program = ''] = words
      const fault = (problem: string) =>
        new EscError('provider_failed', `${doing}: ${program} ${problem}`, {
          hint: `the kubeconfig logs in with this program: run it by hand to see why`,
        })
      // kubectl takes such a program from the folder of the kubeconfig.
      const isPath = /[/\\]/.test(program) && !isAbsolute(program)
      const own = isPath ? [resolve(dirname(path), program), ...words.slice(1)] : words
      const variables = childEnvironment(env, { add: more })
      return printedBy(own, { cwd: home, env: variables, signal, timeoutMs, fault })
    },
  }
}
