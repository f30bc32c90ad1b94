import type { EscError } from '../errors.ts'
import {
  type CallContext,
  type Decrypt,
  type Provider as EvaluatorProvider,
  type Rotator as EvaluatorRotator,
  type ExportedMap,
  fromPlain,
  type LoadedEnvironment,
  toPlain,
  type World,
} from '../evaluate/index.ts'
import type { PlainObject } from '../plain.ts'
import type { IdentityTokenRequest } from '../providers/index.ts'
import type { Schema } from '../schema/index.ts'
import type { Environment, Revision } from '../store/index.ts'
import { denial, refusalOf } from './permit.ts'
import { findProvider, findRotator } from './plugins.ts'
import type { Workspace } from './workspace.ts'

/** An environment as an evaluation used it. */
export interface UsedEnvironment {
  readonly environment: Environment
  readonly revision: Revision
}

/** The evaluator's world, made of the store and the registries. */
export interface StoreWorld extends World {
  /** What has been loaded, by the name the evaluator asked for. */
  readonly used: ReadonlyMap<string, UsedEnvironment>
  /** Takes an environment as loaded that the evaluator was given as the root. Returns how to unlock it. */
  use(name: string, environment: Environment, revision: Revision): () => Promise<Decrypt>
  /** Verifies the seal of something loaded. Throws `tampered`, or `key_unavailable` when that cannot be told. */
  verify(name: string): Promise<void>
  /** The refusal that one of some messages is about: an import that was needed, and that the access rules withhold. */
  denied(messages: readonly string[]): EscError | undefined
}

export interface WorldOptions {
  /** Replaces the rotators, for a rotation. Default: rotators that only open. */
  readonly rotator?: World['rotator']
  /** Aborts calls of providers. */
  readonly signal?: AbortSignal
  /** Definitions that environments are about to have, by name: for checking those that refer to each other. */
  readonly pending?: ReadonlyMap<string, string>
  /** What the user must be allowed to do with an environment that is imported or referred to. Default: read it. */
  readonly imports?: 'read' | 'open'
}

export function buildWorld(workspace: Workspace, options: WorldOptions = {}): StoreWorld {
  const used = new Map<string, UsedEnvironment>()
  const refused: { readonly name: string; readonly refusal: EscError }[] = []
  const imports = options.imports ?? 'read'
  let root: string | undefined
  const signal = options.signal ?? new AbortController().signal

  function use(name: string, environment: Environment, revision: Revision): () => Promise<Decrypt> {
    used.set(name, { environment, revision })
    root ??= environment.name
    return async () => {
      // The seal first: what was changed by someone without the key is not decrypted.
      const key = await environment.unlock(revision)
      return (ciphertext) => key.decrypt(ciphertext)
    }
  }

  async function verify(name: string): Promise<void> {
    const known = used.get(name)
    if (known !== undefined) await known.environment.verify(known.revision)
  }

  /** The evaluator knows the root by the last part of its name alone. */
  const fullName = (name: string) => used.get(name)?.environment.name ?? name

  return {
    used,
    use,
    verify,
    denied(messages) {
      const one = refused.find(({ refusal }) => messages.some((text) => text.includes(refusal.message)))
      return one && denial(workspace, one.name, { level: imports, event: 'environment-imported', refusal: one.refusal })
    },
    async load(name: string): Promise<LoadedEnvironment> {
      const reference = workspace.reference(name)
      const pending = reference.version === undefined ? options.pending?.get(reference.name) : undefined
      if (pending !== undefined) return { text: pending, unlock: notYet }
      const refusal = refusalOf(workspace, reference.name, imports, 'environment-imported')
      if (refusal !== undefined) refused.push({ name: reference.name, refusal })
      // Not a denial yet: environments are loaded ahead, whether or not their values are needed.
      if (refusal !== undefined) throw refusal
      const environment = workspace.store.environment(reference.name)
      const revision = environment.resolve(reference.version)
      const unlock = use(name, environment, revision)
      const audited = () => {
        workspace.audit.begin('environment-imported', environment.name, root === undefined ? {} : { by: root }).done()
        return unlock()
      }
      return { text: revision.definition, unlock: audited }
    },
    async provider(name: string): Promise<EvaluatorProvider> {
      if (workspace.options.provider !== undefined) {
        const given = await workspace.options.provider(name)
        return {
          ...given,
          open: (inputs, call) => {
            workspace.audit.flush()
            return given.open(inputs, call)
          },
        }
      }
      const provider = await findProvider(workspace, name)
      return {
        inputs: provider.inputs,
        outputs: provider.outputs,
        open: async (inputs, call) => {
          // Whoever wrote the call decides where the secrets in it go.
          await verify(call.currentEnvironment)
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
          return fromPlain(await provider.open(plainInputs(inputs, provider.inputs), context))
        },
      }
    },
    rotator: options.rotator ?? ((name) => openingRotator(workspace, name)),
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
    open: async (inputs, state) =>
      fromPlain(
        rotator.open(
          state === undefined ? undefined : plainInputs(state, rotator.state),
          plainInputs(inputs, rotator.inputs),
        ),
      ),
    rotate: async (_inputs, _state, context: CallContext) => {
      throw new Error(`${context.path}: this world only opens`)
    },
  }
}

const NOWHERE = { line: 0, column: 0, byte: 0 }

function plainInputs(inputs: ExportedMap, schema: Schema): PlainObject {
  return toPlain({ value: inputs, trace: { def: { begin: NOWHERE, end: NOWHERE } } }, schema) as PlainObject
}
