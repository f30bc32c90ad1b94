import { compareKeys, formatJson, isJsonObject, type Json, JsonNumber, type JsonObject } from '../../src/json.ts'
import type { Diagnostic, Range } from '../../src/yaml/index.ts'

/**
 * Diagnostics as recorded, sorted; what sorts equal is put in one order, since the recorded one is
 * arbitrary there.
 */
export function diagnosticsJson(diagnostics: readonly Diagnostic[]): readonly Json[] {
  return sortDiagnostics(diagnostics.map(diagnosticJson))
}

export function sortDiagnostics(diagnostics: readonly Json[]): readonly Json[] {
  const key = (json: Json) => {
    const { Subject, Summary } = json as JsonObject
    if (!isJsonObject(Subject ?? null)) return [0, String(Summary), 0, 0] as const
    const { Filename, Start } = Subject as JsonObject
    const { Line, Column } = Start as JsonObject
    return [1, String(Filename), numberOf(Line), numberOf(Column)] as const
  }
  return [...diagnostics].sort((a, b) => {
    const [x, y] = [key(a), key(b)]
    return (
      x[0] - y[0] ||
      compareKeys(x[1], y[1]) ||
      x[2] - y[2] ||
      x[3] - y[3] ||
      compareKeys(formatJson(a, { sortKeys: true }), formatJson(b, { sortKeys: true }))
    )
  })
}

function numberOf(json: Json | undefined): number {
  return json instanceof JsonNumber ? Number(json.text) : Number(json ?? 0)
}

function diagnosticJson({ severity, summary, range, path }: Diagnostic): Json {
  return {
    Severity: severity === 'error' ? 1 : 2,
    Summary: summary,
    Detail: '',
    Subject: range ? rangeJson(range) : null,
    Context: null,
    Expression: null,
    EvalContext: null,
    Extra: null,
    Path: path,
  }
}

export function rangeJson({ environment, begin, end }: Range): Json {
  const position = ({ line, column, byte }: Range['begin']): Json => ({ Line: line, Column: column, Byte: byte })
  return { Filename: environment, Start: position(begin), End: position(end) }
}

/**
 * The first few differences of two JSON values, each a line. Numbers are compared as text, object
 * keys in any order.
 * `emptyIsAbsent`: an empty list or map and none at all are the same (but not under the key
 * `value`).
 */
export function differences(
  expected: Json | undefined,
  actual: Json | undefined,
  emptyIsAbsent: boolean,
): readonly string[] {
  const found: string[] = []
  compare(expected, actual, '', emptyIsAbsent, found)
  return found
}

const maxDifferences = 12

function compare(
  expected: Json | undefined,
  actual: Json | undefined,
  path: string,
  lenient: boolean,
  found: string[],
): void {
  if (found.length >= maxDifferences) return
  const differ = () => found.push(`${path || '.'}: expected ${show(expected)}, got ${show(actual)}`)
  if (lenient && !path.endsWith('.value') && isEmpty(expected) && isEmpty(actual)) return
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length) differ()
    else for (const [i, item] of expected.entries()) compare(item, actual[i], `${path}[${i}]`, lenient, found)
  } else if (expected !== undefined && actual !== undefined && isJsonObject(expected) && isJsonObject(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)])
    for (const key of [...keys].sort(compareKeys)) compare(expected[key], actual[key], `${path}.${key}`, lenient, found)
  } else if (expected === undefined || actual === undefined || scalar(expected) !== scalar(actual)) differ()
}

function isEmpty(json: Json | undefined): boolean {
  if (json === undefined) return true
  if (Array.isArray(json)) return json.length === 0
  return isJsonObject(json) && Object.keys(json).length === 0
}

function scalar(json: Json): string {
  return formatJson(json)
}

function show(json: Json | undefined): string {
  const text = json === undefined ? 'nothing' : formatJson(json)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
