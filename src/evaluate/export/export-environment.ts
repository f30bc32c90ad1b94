import { type BudgetLimits, bounded } from '../../budget.ts'
import { mergedSchema } from '../../schema/index.ts'
import type { EvaluationRound } from '../round.ts'
import type { Value } from '../values/value.ts'
import { ExpressionExporter } from './export-expression.ts'
import { ValueExporter } from './export-value.ts'
import type { ExportedEnvironment, ExportedExpr, ExportedMap } from './exported.ts'

/**
 * The outcome of an evaluation. Expressions, schemas and traces are worked out
 * when they are first read.
 */
export function exportEnvironment(round: EvaluationRound, root: Value, limits: BudgetLimits): ExportedEnvironment {
  const scope = round.rootScope
  const { name, root: declared } = scope.environment
  const read = <T>(what: string, make: () => T): T => bounded(limits, `${what} of ${name}`, make)
  let exprs: Readonly<Record<string, ExportedExpr>> | undefined
  let properties: ExportedMap | undefined
  let context: ExportedMap | undefined
  const exported = {
    get schema() {
      return read('the schema', () => mergedSchema(scope.base?.schema, root.schema))
    },
    executionContext: {
      get properties() {
        context ??= new ValueExporter(name).export(scope.contextValue).value as ExportedMap
        return context
      },
      get schema() {
        return scope.contextValue.schema
      },
    },
  }
  if (declared.properties.size > 0)
    Object.defineProperty(exported, 'exprs', {
      enumerable: true,
      get() {
        exprs ??= read('the expressions', () => {
          const made: Record<string, ExportedExpr> = Object.create(null)
          const exporter = new ExpressionExporter(name)
          for (const [key, { value, keyNode }] of declared.properties)
            made[key] = exporter.export(scope, value, scope.base?.property(key, keyNode.range))
          return made
        })
        return exprs
      },
    })
  if (root.keys.length > 0)
    Object.defineProperty(exported, 'properties', {
      enumerable: true,
      get() {
        properties ??= read('the values', () => new ValueExporter(name).export(root).value as ExportedMap)
        return properties
      },
    })
  return exported
}
