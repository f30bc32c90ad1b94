import { randomBytes } from 'node:crypto'
import { EscError, messageOf } from '../../errors.ts'
import { type ExportedMap, fromPlain, mapOf } from '../../evaluate/index.ts'
import type { PlainObject } from '../../plain.ts'
import {
  type CredentialLife,
  credentialLives,
  decodeJournalEntry,
  type Guard,
  type Retarget,
  type RotationCause,
  type RotationEvent,
  type RotationMode,
  type RotationProgress,
  type RotationReport,
  type RotationRun,
  rotate,
} from '../../rotation/index.ts'
import { parsePropertyPath } from '../../yaml/index.ts'
import { evaluationLimits } from '../opening/evaluation-limits.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { announcingRotation } from '../session/announce.ts'
import { buildWorld } from '../session/build-world.ts'
import { caFileReader } from '../session/ca-files.ts'
import { executionContext } from '../session/execution-context.ts'
import { permit } from '../session/permit.ts'
import { findRotator } from '../session/plugins.ts'
import { signedRequests } from '../session/signed-requests.ts'
import { UsedEnvironments } from '../session/used-environments.ts'
import type { Workspace } from '../session/workspace.ts'
import { rotationGuardMs, rotationRetries } from './rotation-settings.ts'

export interface RotateOptions {
  /**
   * As typed, relative to `values`. Empty: every rotator of the environment; in mode
   * `failed`, what failed last time.
   */
  readonly paths: readonly string[]
  /** What had it begin. Default: a person. */
  readonly cause?: RotationCause
  readonly mode: RotationMode
  readonly signal: AbortSignal
  readonly onProgress: (progress: RotationProgress) => void
  /**
   * Rotate although it was done a moment ago. In mode `resume`: clean up also what
   * no revision here explains.
   */
  readonly force?: boolean
  /** Asks whether to; undefined: nobody is there to answer. */
  readonly confirm?: Guard['confirm']
  /** In adopt mode: the credential, as the text of a JSON object. */
  readonly credential?: string
  /** In retarget mode: whether the record is to be moved. Default: yes. */
  readonly confirmRetarget?: (move: Retarget) => Promise<boolean>
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
  const [level, event] = rights[options.mode]
  const permitted = await permit(workspace, reference.name, level, event)
  const environment = workspace.store.environment(reference.name)
  const author = await workspace.author()
  let used: UsedEnvironments | undefined
  const run: RotationRun = {
    environment,
    author,
    mode: options.mode,
    paths: options.paths.map(parsePath),
    loadRotator: (name) =>
      used === undefined ? findRotator(workspace, name) : used.noting(findRotator(workspace, name)),
    buildWorld: (rotator, base) => {
      const environments = new UsedEnvironments(workspace, 'open')
      used = environments
      const unlock = environments.use(environment.name, environment, base)
      const name = { known: environment.name, full: environment.name }
      const world = buildWorld(workspace, { rotator }, environments)
      return { world, unlock, ...executionContext(workspace, name, environments) }
    },
    context: {
      now: workspace.options.now,
      random: (byteCount) => randomBytes(byteCount),
      sleep: (ms) => interruptibleSleep(ms, options.signal),
      signal: options.signal,
      readCaFile: caFileReader(workspace),
      ...(await signedRequests(workspace, { environment: environment.name, user: author.email || author.name })),
    },
    guard: {
      windowMs: options.force ? 0 : rotationGuardMs(environment),
      ...(options.confirm && { confirm: options.confirm }),
    },
    limits: evaluationLimits(workspace.options.env),
    retries: rotationRetries(workspace.store, environment),
    discard: options.mode === 'resume' && options.force === true,
    ...(options.cause && { cause: options.cause }),
    ...(options.credential === undefined ? {} : { adopt: parseCredential(options.credential) }),
    ...(options.confirmRetarget && { confirmRetarget: options.confirmRetarget }),
    onProgress: options.onProgress,
  }
  const rotates = !['plan', 'doctor', 'retarget'].includes(options.mode)
  const running = !rotates ? rotate(run) : announcingRotation(workspace, environment, () => rotate(run))
  // An import that the user may not open is no mistake in the definition.
  const report = await running.catch((error) => {
    const reason = used?.denied([messageOf(error)]) ?? error
    permitted.failed(reason)
    throw reason
  })
  const { revision, status, paths } = report
  const details = { ...(revision && { revision }), status, paths: paths.map(({ path }) => path) }
  if (status === 'failed') permitted.failed('rotation_failed', details)
  else permitted.done(details)
  return report
}

/** Looking needs no more than opening; the rest is what a rotation needs. */
const rights = {
  rotate: ['write', 'environment-rotated'],
  failed: ['write', 'environment-rotated'],
  resume: ['write', 'environment-rotated'],
  adopt: ['write', 'environment-rotated'],
  retarget: ['write', 'environment-rotation-retargeted'],
  plan: ['write', 'environment-rotation-planned'],
  doctor: ['open', 'environment-rotation-examined'],
} as const

function parseCredential(text: string): ExportedMap {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // Not the parser's own words: they quote the text.
  }
  const map = parsed !== null && typeof parsed === 'object' ? mapOf(fromPlain(parsed as PlainObject)) : undefined
  if (map) return map
  throw new EscError('invalid_input', 'the credential to adopt is no JSON object', {
    hint: 'give the members that `current` has in the state, such as {"accessKeyId": "…", "secretAccessKey": "…"}',
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

/** The rotations of an environment, newest first. Needs no key. */
export function rotationHistory(workspace: Workspace, reference: EnvironmentReference): readonly RotationEvent[] {
  return workspace.store.environment(reference.name).events<RotationEvent>('rotations').reverse()
}

/**
 * What became of each credential of an environment. Needs its key, because which credential is
 * which is told by its secret.
 */
export async function credentialHistory(
  workspace: Workspace,
  reference: EnvironmentReference,
): Promise<readonly CredentialLife[]> {
  const permitted = await permit(workspace, reference.name, 'open', 'environment-rotation-examined')
  const environment = workspace.store.environment(reference.name)
  const { records } = await environment.journal().look()
  const lives = await credentialLives(
    environment,
    records.map(({ content }) => decodeJournalEntry(content)),
  )
  permitted.done()
  return lives
}
