import { Budget } from '../budget.ts'
import { EscError } from '../errors.ts'
import { type EnvironmentDeclaration, parseEnvironment, valuePath } from '../language/index.ts'
import type { Diagnostic } from '../yaml/index.ts'
import { Driver, maxLoaded } from './driver.ts'
import type { EvaluationOptions, EvaluationRequest } from './evaluate-request.ts'
import type { RotationOutcome, RoundRequest } from './evaluation.ts'
import { exportEnvironment } from './export/export-environment.ts'
import type { ExportedEnvironment } from './export/exported.ts'
import type { EvaluationHost } from './host.ts'
import { EvaluationRound, maxDiagnostics } from './round.ts'
import { valueOfExported } from './values/convert.ts'
import { nowhere } from './values/value.ts'

export interface Evaluation {
  /** `undefined` when the definition is empty, or cannot be read. */
  readonly environment: ExportedEnvironment | undefined
  /** Mistakes of form of the root first, then those of evaluation, in the order they were found. */
  readonly diagnostics: readonly Diagnostic[]
  /** The errors of the host, by the diagnostics that tell of them. */
  readonly thrown: ReadonlyMap<Diagnostic, unknown>
  /** In mode `rotate`: one for each selected call, in the order of evaluation. */
  readonly rotations: readonly RotationOutcome[]
  /** Names of the environments that were evaluated, the root first. */
  readonly environments: readonly string[]
}

/** Characters in all diagnostics of the form of a definition. */
const maxDiagnosticText = 32 * 1024 * 1024

/**
 * Checks, opens or rotates an environment. Evaluates in rounds: each one finds out what
 * still has to be asked of the host, all of that is asked at once, and the next round knows
 * more. Nothing is asked twice.
 */
export async function evaluateEnvironment(
  request: EvaluationRequest,
  host: EvaluationHost,
  options: EvaluationOptions = {},
): Promise<Evaluation> {
  for (const key of ['currentEnvironment', 'rootEnvironment'])
    if (request.context && Object.hasOwn(request.context, key))
      throw new EscError('invalid_input', `reserved context key: "${key}"`)
  const { environment, diagnostics: found } = request.parsed ?? parseEnvironment(request.name, request.text)
  const diagnostics = readable(found)
  const nothing = { environment: undefined, diagnostics, thrown: none, rotations: [], environments: [] }
  if (environment === undefined || isEmpty(environment)) return nothing
  const malformed = found.some((diagnostic) => diagnostic.severity === 'error')
  if (malformed && request.mode !== 'check' && !options.despiteErrors) return nothing

  const driver = new Driver(request, host, options)
  await driver.loadAhead(environment)
  if (driver.loadedTooMuch) {
    const summary = `the environments that ${request.name} needs have more than ${maxLoaded / 1024 / 1024} MB of text together`
    return { ...nothing, diagnostics: [...diagnostics, { severity: 'error', summary, path: 'imports' }] }
  }
  const roundRequest = requestOf(request, environment)
  const budget = new Budget(request.limits)
  for (;;) {
    if (options.signal?.aborted) throw new EscError('interrupted', 'stopped')
    const round = new EvaluationRound(roundRequest, driver.answers)
    budget.forget()
    const root = budget.within(() => round.run())
    // What is asked for by a round that stopped is not needed: there will be no values.
    if (root !== undefined && (await driver.answer([...round.calls.values()], round.evaluated))) continue
    return {
      environment: root && exportEnvironment(round, root, budget.limits),
      diagnostics: [...diagnostics, ...round.diagnostics],
      thrown: round.thrown,
      rotations: [...round.rotations, ...driver.unreported(round.rotations)],
      environments: round.evaluated,
    }
  }
}

const none: ReadonlyMap<Diagnostic, unknown> = new Map()

/**
 * No more diagnostics than anybody reads. Their paths are as long as the keys of the document are.
 */
function readable(found: readonly Diagnostic[]): readonly Diagnostic[] {
  let count = 0
  let length = 0
  for (const { summary, path } of found) {
    if (count >= maxDiagnostics || length > maxDiagnosticText) break
    length += summary.length + path.length
    count++
  }
  if (count === found.length) return found
  const summary = `the definition has ${found.length} mistakes and warnings; only the first ${count} are listed`
  return [...found.slice(0, count), { severity: 'error', summary, path: '' }]
}

function isEmpty(environment: EnvironmentDeclaration): boolean {
  return (environment.imports?.length ?? 0) === 0 && (environment.values?.length ?? 0) === 0
}

function requestOf(request: EvaluationRequest, environment: EnvironmentDeclaration): RoundRequest {
  const contextValues = request.context ?? {}
  const paths = request.rotatePaths ?? []
  return {
    environment,
    mode: request.mode,
    showSecrets: request.showSecrets ?? false,
    rotate: paths.length === 0 ? undefined : new Set(paths.map(valuePath)),
    context: new Map(Object.entries(contextValues).map(([key, value]) => [key, valueOfExported(value, nowhere)])),
    contextValues,
    fullName: request.fullName ?? ((name) => name),
    literals: new Map(),
  }
}
