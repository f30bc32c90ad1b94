import { type Decrypt, type EvaluatorProvider, evaluateEnvironment } from '../../evaluate/index.ts'
import { rotatorNames } from '../../rotators/index.ts'
import { evaluationHost } from '../session/evaluation-host.ts'
import { executionContext } from '../session/execution-context.ts'
import type { UsedEnvironments } from '../session/used-environments.ts'
import type { Workspace } from '../session/workspace.ts'
import { evaluationLimits } from './evaluation-limits.ts'
import type { OpenedCache } from './opened-cache.ts'
import type { OpenedEnvironment } from './opened-environment.ts'

interface Opening {
  /** The name of the root, as the evaluator knows it. */
  readonly name: string
  readonly fullName: string
  readonly text: string
  readonly unlock: () => Promise<Decrypt>
  readonly environments: UsedEnvironments
  readonly cache: OpenedCache | undefined
}

/**
 * Evaluates an environment whose own seal has been verified, and verifies those of all that take
 * part. What depends on nothing outside the store is kept for the next time.
 */
export async function evaluateOpened(
  workspace: Workspace,
  { name, fullName, text, unlock, environments, cache }: Opening,
  options: { readonly signal?: AbortSignal },
): Promise<Pick<OpenedEnvironment, 'properties' | 'partial' | 'diagnostics' | 'constant'>> {
  const { load, provider, rotator, vouch, keptUntil } = evaluationHost(workspace, options, environments)
  let depends = false
  let opens = false
  const failures = new Set<unknown>()
  const host = {
    load,
    vouch,
    provider: async (each: string) => {
      opens = true
      return noting(await provider(each), failures)
    },
    rotator: (each: string) => {
      // Of ours, what is opened is made of the state alone.
      depends ||= !rotatorNames.includes(each)
      return rotator(each)
    },
  }
  const limits = evaluationLimits(workspace.host.env)
  const context = executionContext(workspace, { known: name, full: fullName }, environments)
  const request = { name, text, mode: 'open', unlock, limits, ...context } as const
  const evaluation = await evaluateEnvironment(request, host, options)
  for (const each of evaluation.environments) await environments.verify(each)
  const { diagnostics, thrown } = evaluation
  const denied = environments.denied(thrown.values())
  if (denied !== undefined) throw denied
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  const known = evaluation.environment?.properties
  const properties = errors.length > 0 ? undefined : known
  const partial = errors.length > 0 && errors.every((each) => failures.has(thrown.get(each))) ? known : undefined
  // Whoever opens it next may be somebody else.
  depends ||= [...environments.all.values()].some(({ revision }) => mayMentionContext(revision.definition))
  if (properties !== undefined && diagnostics.length === 0 && !depends) {
    if (opens) await cache?.keepFor(keptUntil(), properties, evaluation.environments)
    else await cache?.keep(properties, evaluation.environments)
  }
  return { properties, ...(partial !== undefined && { partial }), diagnostics, constant: !depends && !opens }
}

/** True for a text with the word, also where an escape may hide a letter of it. */
function mayMentionContext(text: string): boolean {
  return text.includes('context') || /\\[xuU\r\n]/.test(text)
}

/** A provider of which is remembered what its calls failed with. */
function noting(provider: EvaluatorProvider, failures: Set<unknown>): EvaluatorProvider {
  return {
    ...provider,
    async open(inputs, context) {
      try {
        return await provider.open(inputs, context)
      } catch (error) {
        failures.add(error)
        throw error
      }
    },
  }
}
