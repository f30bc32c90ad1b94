import { type Decrypt, type ExportedMap, evaluateEnvironment } from '../../evaluate/index.ts'
import { rotatorNames } from '../../rotators/index.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import { evaluationHost } from '../session/evaluation-host.ts'
import { executionContext } from '../session/execution-context.ts'
import type { UsedEnvironments } from '../session/used-environments.ts'
import type { Workspace } from '../session/workspace.ts'
import { evaluationLimits } from './evaluation-limits.ts'
import type { OpenedCache } from './opened-cache.ts'

interface Opening {
  /** Of the root, as the evaluator knows it. */
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
): Promise<{ readonly properties: ExportedMap | undefined; readonly diagnostics: readonly Diagnostic[] }> {
  const { load, provider, rotator, vouch } = evaluationHost(workspace, options, environments)
  let depends = false
  const host = {
    load,
    vouch,
    provider: (each: string) => {
      depends = true
      return provider(each)
    },
    rotator: (each: string) => {
      // Of ours, what is opened is made of the state alone.
      depends ||= !rotatorNames.includes(each)
      return rotator(each)
    },
  }
  const limits = evaluationLimits(workspace.options.env)
  const context = executionContext(workspace, { known: name, full: fullName }, environments)
  const request = { name, text, mode: 'open', unlock, limits, ...context } as const
  const evaluation = await evaluateEnvironment(request, host, options)
  for (const each of evaluation.environments) await environments.verify(each)
  const { diagnostics } = evaluation
  const denied = environments.denied(diagnostics.map(({ summary }) => summary))
  if (denied !== undefined) throw denied
  const failed = diagnostics.some(({ severity }) => severity === 'error')
  const properties = failed ? undefined : evaluation.environment?.properties
  // Whoever opens it next may be somebody else.
  depends ||= [...environments.all.values()].some(({ revision }) => revision.definition.includes('context'))
  if (properties !== undefined && diagnostics.length === 0 && !depends)
    await cache?.keep(properties, evaluation.environments)
  return { properties, diagnostics }
}
