import type { ExportedExpr, ExportedRange, ExportedValue } from '../../evaluate/index.ts'
import type { PropertyPath } from '../../yaml/index.ts'

/**
 * The expression at a path, which may lead into the argument of a call:
 * `login["fn::open::aws-login"].static`.
 */
export function expressionAtPath(
  top: Readonly<Record<string, ExportedExpr>>,
  path: PropertyPath,
): ExportedExpr | undefined {
  const [first, ...rest] = path
  let expression = typeof first === 'string' && Object.hasOwn(top, first) ? top[first] : undefined
  for (const key of rest) {
    if (expression === undefined) return undefined
    const { builtin, list, object }: ExportedExpr = expression
    if (builtin !== undefined) expression = key === builtin.name ? builtin.arg : undefined
    else if (typeof key === 'number') expression = list?.[key]
    else expression = object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined
  }
  return expression
}

/** The place of an expression, and of what it overrides. */
export function expressionPlaces(expression: ExportedExpr): string[] {
  const places: string[] = []
  for (let each: ExportedExpr | undefined = expression; each !== undefined; each = each.base)
    places.push(place(each.range))
  return places
}

/**
 * The place where a value is defined, and those of what it overrides, as `environment:line:column`.
 */
export function valuePlaces(value: ExportedValue): string[] {
  return valuePlaceRanges(value).map(place)
}

/** The range in which a value is defined, and those of what it overrides. */
export function valuePlaceRanges(value: ExportedValue): ExportedRange[] {
  const ranges: ExportedRange[] = []
  for (let each: ExportedValue | undefined = value; each !== undefined; each = each.trace.base) {
    ranges.push(each.trace.def)
  }
  return ranges
}

function place({ environment, begin }: ExportedRange): string {
  return `${environment ?? ''}:${begin.line}:${begin.column}`
}
