import {
  type CallContext,
  type EvaluationHost,
  type EvaluatorProvider,
  type EvaluatorRotator,
  fromPlain,
  type LoadedEnvironment,
} from '../../evaluate/index.ts'
import type { ParsedEnvironment } from '../../language/index.ts'
import { masked, openableProvider, plainInputs, type SharedCalls } from './openable-provider.ts'
import { findProvider, findRotator } from './plugins.ts'
import { UsedEnvironments } from './used-environments.ts'
import type { Workspace } from './workspace.ts'

/** The evaluator's host, made of the store and the registries. */
export interface StoreEvaluationHost extends EvaluationHost {
  readonly environments: UsedEnvironments
  /**
   * Until when what providers have given so far counts, in milliseconds since 1970. `undefined`:
   * what one of them has given is not to be kept.
   */
  keptUntil(): number | undefined
}

export interface EvaluationHostOptions {
  /** Replaces the rotators, for a rotation. Default: rotators that only open. */
  readonly rotator?: EvaluationHost['rotator']
  /** Aborts calls of providers. */
  readonly signal?: AbortSignal
  /**
   * Definitions that environments are about to have, by name: for checking those
   * that refer to each other.
   */
  readonly pending?: ReadonlyMap<string, string>
  /** Parses definitions that are loaded, such as one that remembers. Default: the evaluation. */
  readonly parse?: ParseDefinition
}

/** Parses the definition of an environment, as `parseEnvironment` does. */
export type ParseDefinition = (name: string, text: string) => ParsedEnvironment

/** `environments`: what has been used so far. Default: nothing, and others are only read. */
export function evaluationHost(
  workspace: Workspace,
  options: EvaluationHostOptions = {},
  environments: UsedEnvironments = new UsedEnvironments(workspace, 'read'),
): StoreEvaluationHost {
  const signal = options.signal ?? new AbortController().signal
  const once: SharedCalls = new Map()
  const lives: { until: number }[] = []

  /** The evaluator knows the root by the last part of its name alone. */
  const fullName = (name: string) => environments.all.get(name)?.environment.name ?? name

  return {
    environments,
    keptUntil() {
      const until = Math.min(...lives.map((life) => life.until))
      return until === Number.NEGATIVE_INFINITY ? undefined : until
    },
    async load(name: string): Promise<LoadedEnvironment> {
      const { name: full, version } = workspace.reference(name)
      const pending = version === undefined ? options.pending?.get(full) : undefined
      const loaded = pending === undefined ? environments.load(name) : { text: pending, unlock: notYet }
      return options.parse === undefined ? loaded : { ...loaded, parsed: options.parse(name, loaded.text) }
    },
    async provider(name: string): Promise<EvaluatorProvider> {
      if (workspace.host.provider !== undefined) {
        const given = await workspace.host.provider(name)
        return {
          ...given,
          open: async (inputs, call) => {
            lives.push({ until: Number.NEGATIVE_INFINITY })
            await workspace.audit.flush()
            return masked([inputs], () => given.open(inputs, call))
          },
        }
      }
      const provider = await findProvider(workspace, name)
      return openableProvider(provider, {
        once,
        open: async (work) => {
          await workspace.audit.flush()
          workspace.host.progress?.(`waiting for ${name}`)
          return work()
        },
        context: (call) => ({
          lasts: lifeOf(lives),
          lifetimeSeconds: workspace.policy.lifetimeSeconds,
          now: workspace.host.now,
          signal,
          env: workspace.host.env,
          warn: call.warn,
          // Few providers ask for one of these.
          identityToken: async (request) => {
            const { identityToken } = await import('../identity/identity-token.ts')
            const place = {
              currentEnvironment: fullName(call.currentEnvironment),
              rootEnvironment: fullName(call.rootEnvironment),
            }
            return (await identityToken(workspace, request, place, signal)).token
          },
          machine: async () => (await import('./machine-access.ts')).machineAccess(workspace, signal),
          network: async () => (await import('./signed-requests.ts')).hostPolicy(workspace),
        }),
      })
    },
    rotator: options.rotator ?? ((name) => openingRotator(workspace, name)),
    async vouch(names, { leaves }) {
      for (const name of names) await (leaves ? environments.vouch(name) : environments.verify(name))
    },
  }
}

/** The life of one call that is being made: it is not to be kept until its provider says so. */
function lifeOf(lives: { until: number }[]): (until: Date | 'always') => void {
  const life = { until: Number.NEGATIVE_INFINITY }
  lives.push(life)
  return (until) => {
    life.until = until === 'always' ? Number.POSITIVE_INFINITY : until.getTime()
  }
}

async function notYet(): Promise<never> {
  throw new Error('a definition that is not saved yet is only checked')
}

/** A rotator for everything but rotating. */
async function openingRotator(workspace: Workspace, name: string): Promise<EvaluatorRotator> {
  const rotator = await findRotator(workspace, name)
  return {
    inputs: rotator.inputs,
    state: rotator.state,
    outputs: rotator.outputs,
    local: rotator.local,
    open: async (inputs, state) =>
      masked([inputs, state], async () =>
        fromPlain(
          rotator.open(
            state === undefined ? undefined : plainInputs(state, rotator.state),
            plainInputs(inputs, rotator.inputs),
          ),
        ),
      ),
    rotate: async (_inputs, _state, context: CallContext) => {
      throw new Error(`${context.path}: this host only opens`)
    },
  }
}
