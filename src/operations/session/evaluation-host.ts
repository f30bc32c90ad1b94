import {
  type CallContext,
  type EvaluationHost,
  type EvaluatorProvider,
  type EvaluatorRotator,
  type ExportedMap,
  fromPlain,
  type LoadedEnvironment,
  toPlain,
} from '../../evaluate/index.ts'
import type { PlainObject } from '../../plain.ts'
import type { IdentityTokenRequest } from '../../providers/index.ts'
import type { Schema } from '../../schema/index.ts'
import { findProvider, findRotator } from './plugins.ts'
import { UsedEnvironments } from './used-environments.ts'
import type { Workspace } from './workspace.ts'

/** The evaluator's host, made of the store and the registries. */
export interface StoreEvaluationHost extends EvaluationHost {
  readonly environments: UsedEnvironments
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
}

/** `environments`: what has been used so far. Default: nothing, and others are only read. */
export function evaluationHost(
  workspace: Workspace,
  options: EvaluationHostOptions = {},
  environments: UsedEnvironments = new UsedEnvironments(workspace, 'read'),
): StoreEvaluationHost {
  const signal = options.signal ?? new AbortController().signal

  /** The evaluator knows the root by the last part of its name alone. */
  const fullName = (name: string) => environments.all.get(name)?.environment.name ?? name

  return {
    environments,
    async load(name: string): Promise<LoadedEnvironment> {
      const { name: full, version } = workspace.reference(name)
      const pending = version === undefined ? options.pending?.get(full) : undefined
      return pending === undefined ? environments.load(name) : { text: pending, unlock: notYet }
    },
    async provider(name: string): Promise<EvaluatorProvider> {
      if (workspace.options.provider !== undefined) {
        const given = await workspace.options.provider(name)
        return {
          ...given,
          open: (inputs, call) => {
            workspace.audit.flush()
            return masked([inputs], () => given.open(inputs, call))
          },
        }
      }
      const provider = await environments.noting(findProvider(workspace, name))
      return {
        inputs: provider.inputs,
        outputs: provider.outputs,
        open: async (inputs, call) => {
          workspace.audit.flush()
          workspace.options.progress?.(`waiting for ${name}`)
          const place = {
            currentEnvironment: fullName(call.currentEnvironment),
            rootEnvironment: fullName(call.rootEnvironment),
          }
          const context = {
            now: workspace.options.now,
            signal,
            // Few providers ask for one.
            identityToken: async (request: IdentityTokenRequest) =>
              (await import('./identity-token.ts')).identityToken(workspace, request, place),
          }
          const opening = masked([inputs], () => provider.open(plainInputs(inputs, provider.inputs), context))
          return fromPlain(await environments.noting(opening))
        },
      }
    },
    rotator: options.rotator ?? ((name) => environments.noting(openingRotator(workspace, name))),
    async vouch(names, { leaves }) {
      for (const name of names) await (leaves ? environments.vouch(name) : environments.verify(name))
    },
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

/**
 * Runs work of a provider or rotator; what it throws tells none of the secrets that it was given.
 */
async function masked<T>(given: readonly (ExportedMap | undefined)[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { maskedError } = await import('./masked-error.ts')
    throw maskedError(error, given)
  }
}

const NOWHERE = { line: 0, column: 0, byte: 0 }

function plainInputs(inputs: ExportedMap, schema: Schema): PlainObject {
  return toPlain({ value: inputs, trace: { def: { begin: NOWHERE, end: NOWHERE } } }, schema) as PlainObject
}
