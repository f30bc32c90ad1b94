import { randomBytes } from 'node:crypto'
import { EscError } from '../errors.ts'
import { type RotationMode, type RotationProgress, type RotationReport, rotate } from '../rotation/index.ts'
import { loadRotator } from '../rotators/index.ts'
import { parsePropertyPath } from '../syntax/index.ts'
import { buildWorld } from './build-world.ts'
import type { EnvironmentReference } from './reference.ts'
import type { Workspace } from './workspace.ts'

export interface RotateOptions {
  /** As typed, relative to `values`. Empty: every rotator of the environment. */
  readonly paths: readonly string[]
  readonly mode: RotationMode
  readonly signal: AbortSignal
  readonly onProgress: (progress: RotationProgress) => void
}

/**
 * Rotates credentials of an environment and saves what succeeded as one revision.
 *
 * @throws EscError when nothing was begun; what happens to a path after that is in the report.
 */
export async function rotateEnvironment(
  workspace: Workspace,
  reference: EnvironmentReference,
  options: RotateOptions,
): Promise<RotationReport> {
  const environment = workspace.store.environment(reference.name)
  return rotate({
    environment,
    author: await workspace.author(),
    mode: options.mode,
    paths: options.paths.map(parsePath),
    loadRotator,
    buildWorld: (rotator, base) => {
      const world = buildWorld(workspace, { rotator })
      return { world, unlock: world.use(environment.name, environment, base) }
    },
    context: {
      now: workspace.options.now,
      random: (byteCount) => randomBytes(byteCount),
      sleep: (ms) => interruptibleSleep(ms, options.signal),
      signal: options.signal,
    },
    onProgress: options.onProgress,
  })
}

function parsePath(text: string) {
  try {
    return parsePropertyPath(text)
  } catch (error) {
    throw new EscError('invalid_input', `'${text}' is an invalid property path: ${(error as Error).message}`, {
      hint: 'write it as in a.b["c.d"][0]',
      cause: error,
    })
  }
}

function interruptibleSleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const interrupted = () => {
      clearTimeout(timer)
      reject(new EscError('interrupted', 'interrupted', { hint: 'run the same command again' }))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', interrupted)
      resolve()
    }, ms)
    if (signal.aborted) interrupted()
    else signal.addEventListener('abort', interrupted, { once: true })
  })
}
