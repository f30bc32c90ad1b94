import { randomBytes } from 'node:crypto'
import { EscError } from '../../errors.ts'
import { fromPlain, mapOf } from '../../evaluate/index.ts'
import type { PlainObject } from '../../plain.ts'
import {
  type CredentialLife,
  credentialLives,
  decodeJournalEntry,
  type Retarget,
  type RotationCause,
  type RotationEvent,
  type RotationMode,
  type RotationProgress,
  type RotationReport,
  type RotationRun,
  rotate,
} from '../../rotation/index.ts'
import type { Environment } from '../../store/index.ts'
import type { PropertyPath } from '../../yaml/index.ts'
import { evaluationLimits } from '../opening/evaluation-limits.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { announcingRotation } from '../session/announce.ts'
import { caFileReader } from '../session/ca-files.ts'
import { evaluationHost } from '../session/evaluation-host.ts'
import { executionContext } from '../session/execution-context.ts'
import { operation, type Work } from '../session/operation.ts'
import { findRotator } from '../session/plugins.ts'
import { signedRequests } from '../session/signed-requests.ts'
import { UsedEnvironments } from '../session/used-environments.ts'
import { rotationGuardMs, rotationRetries } from './rotation-settings.ts'

export interface RotateOptions {
  /**
   * Relative to `values`. Empty: every rotator of the environment; in mode
   * `failed`, what failed last time.
   */
  readonly paths: readonly PropertyPath[]
  /** The cause of the run. Default: a person. */
  readonly cause?: RotationCause
  readonly mode: RotationMode
  readonly onProgress: (progress: RotationProgress) => void
  /** Called once the environment is locked; what it throws ends the run before it begins. */
  readonly locked?: () => void | Promise<void>
  /**
   * Rotate although it was done a moment ago. In mode `resume`: clean up also what
   * no revision here explains.
   */
  readonly force?: boolean
  /** The credential, in adopt mode: with the members that `current` has in the state. */
  readonly credential?: PlainObject
  /** In retarget mode: whether the record is to be moved. Default: yes. */
  readonly confirmRetarget?: (move: Retarget) => Promise<boolean>
}

/**
 * Rotates credentials of an environment and saves what succeeded as one revision. Throws EscError
 * when nothing was begun; what happens to a path after that is in the report.
 */
export const rotateEnvironment = operation({
  name: 'rotate-environment',
  level: ({ mode }: RotateOptions) => rights[mode].level,
  audit: ({ mode }: RotateOptions) => rights[mode].event,
  changes: true,
  input: (z) =>
    z.strictObject({
      paths: z.array(z.path()).default([]).describe('the rotators; default: all'),
      mode: z.enum(Object.keys(rights) as RotationMode[]).default('rotate'),
      force: z.boolean().optional().describe('rotate although it was done a moment ago'),
    }),
  own: ['cause', 'credential'],
  async run(work, options: RotateOptions): Promise<RotationReport> {
    const environment = work.store.environment(work.subject.name)
    const used: { environments?: UsedEnvironments } = {}
    const run = await rotationRun(work, environment, { options, used })
    const rotates = !['plan', 'doctor', 'retarget'].includes(options.mode)
    const running = !rotates ? rotate(run) : announcingRotation(work, environment, () => rotate(run))
    // An import that the user may not open is no mistake in the definition.
    return running.catch((error) => {
      throw used.environments?.denied([error, error?.cause]) ?? error
    })
  },
  outcome: ({ revision, status, paths }) => ({
    failed: status === 'failed' ? 'rotation_failed' : undefined,
    details: { ...(revision && { revision }), status, paths: paths.map(({ path }) => path) },
  }),
})

/**
 * Returns the request to the engine. `used` gets the environments that take part, once they are
 * known.
 */
async function rotationRun(
  work: Work<EnvironmentReference>,
  environment: Environment,
  { options, used }: { readonly options: RotateOptions; readonly used: { environments?: UsedEnvironments } },
): Promise<RotationRun> {
  const { signal, confirm } = work
  const author = await work.author()
  return {
    environment,
    author,
    mode: options.mode,
    paths: options.paths,
    loadRotator: (name) => findRotator(work, name),
    evaluationHost: (rotator, base) => {
      const environments = new UsedEnvironments(work, 'open')
      used.environments = environments
      const unlock = environments.use(environment.name, environment, base)
      const name = { known: environment.name, full: environment.name }
      const host = evaluationHost(work, { rotator }, environments)
      return { host, unlock, ...executionContext(work, name, environments) }
    },
    context: {
      now: work.host.now,
      random: (byteCount) => randomBytes(byteCount),
      sleep: (ms) => interruptibleSleep(ms, signal),
      signal,
      readCaFile: caFileReader(work),
      ...(await signedRequests(work, { environment: environment.name, user: author.email || author.name })),
    },
    cooldown: {
      windowMs: options.force ? 0 : rotationGuardMs(environment),
      confirm,
    },
    limits: evaluationLimits(work.host.env),
    retries: rotationRetries(work.store, environment),
    discard: options.mode === 'resume' && options.force === true,
    cause: options.cause,
    locked: options.locked,
    ...(options.credential === undefined ? {} : { adopt: mapOf(fromPlain(options.credential)) }),
    confirmRetarget: options.confirmRetarget,
    onProgress: options.onProgress,
  }
}

/** Looking needs no more than opening; the rest is what a rotation needs. */
const rights = {
  rotate: { level: 'write', event: 'environment-rotated' },
  failed: { level: 'write', event: 'environment-rotated' },
  resume: { level: 'write', event: 'environment-rotated' },
  adopt: { level: 'write', event: 'environment-rotated' },
  retarget: { level: 'write', event: 'environment-rotation-retargeted' },
  plan: { level: 'write', event: 'environment-rotation-planned' },
  doctor: { level: 'open', event: 'environment-rotation-examined' },
} as const

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
export const rotationHistory = operation({
  name: 'list-rotations',
  level: 'read',
  audit: 'environment-read',
  async run(work): Promise<readonly RotationEvent[]> {
    return work.store.environment(work.subject.name).events.list<RotationEvent>('rotations').reverse()
  },
})

/**
 * Shows the life of each credential of an environment. Needs its key, because which credential is
 * which is told by its secret.
 */
export const credentialHistory = operation({
  name: 'list-credentials',
  level: 'open',
  audit: 'environment-rotation-examined',
  async run(work): Promise<readonly CredentialLife[]> {
    const environment = work.store.environment(work.subject.name)
    const { records } = await environment.journal().look()
    const lives = await credentialLives(
      environment,
      records.map(({ content }) => decodeJournalEntry(content)),
    )
    return lives
  },
})
