import { type BudgetLimits, bounded } from '../../budget.ts'
import { EscError } from '../../errors.ts'
import type { ExportedMap, ExportedValue } from '../../evaluate/index.ts'
import { formatJson } from '../../json.ts'
import { type PropertyPath, quote } from '../../yaml/index.ts'
import { requireText, requireVariableTexts } from './require-text.ts'
import {
  formatAsText,
  type Rendering,
  rootValue,
  toDetailedText,
  toPlainJson,
  type Variable,
  valueAt,
  variableLines,
  variablesOf,
} from './value-format.ts'
import { toYaml } from './yaml-format.ts'

/** The formats of `open`; `env get --value` knows all but `yaml` and `posix`. */
export const FORMATS = ['json', 'yaml', 'detailed', 'string', 'dotenv', 'shell', 'posix'] as const
export type Format = (typeof FORMATS)[number]

export interface RenderRequest extends Rendering {
  readonly format: Format
  /** Undefined or empty: everything. */
  readonly path?: PropertyPath
  /** The value at the path, where the caller has found it. */
  readonly value?: ExportedValue
  /** The variables that hold the paths of files, for the formats that are lists of variables. */
  readonly files: readonly Variable[]
  /** For people to look at: what JSON cannot hold shows as U+FFFD. Default: that is an error. */
  readonly onlyToLook?: boolean
  /**
   * The budget of the formats that can grow beyond the values. Default: what an evaluation may.
   */
  readonly limits?: BudgetLimits
}

/**
 * The values of an environment, or the value at a path, as text in one of the formats. A path to
 * nothing renders as null. As `string` and `posix`, bytes that are no UTF-8 stay (`raw-bytes.ts`).
 *
 * @throws EscError `not_text` for a value that the format cannot hold.
 */
export async function renderValue(properties: ExportedMap, request: RenderRequest): Promise<string> {
  const { format, path = [], files, limits } = request
  const value = request.value ?? valueAt(rootValue(properties), path)
  if (isText(format) && value !== undefined && !request.onlyToLook) requireText(value, path, format, request)
  switch (format) {
    case 'json':
      return `${formatJson(toPlainJson(value, request), { indent: 2, escapeHtml: true, sortKeys: true })}\n`
    case 'yaml':
      return toYaml(toPlainJson(value, request))
    case 'detailed':
      return `${bounded(limits, 'the detailed form', () => toDetailedText(value ?? nothing))}\n`
    case 'string': {
      const text = bounded(limits, 'the value as one text', () => formatAsText(value, request))
      // A file of bytes, such as a keystore, is printed as it is.
      return text.endsWith('\n') || !text.isWellFormed() ? text : `${text}\n`
    }
    case 'dotenv':
    case 'shell':
    case 'posix':
      requireVariableTexts(properties, format, request)
      return variableLines([...variablesOf(properties, 'environmentVariables', request), ...files], format)
  }
}

function isText(format: Format): boolean {
  return format === 'json' || format === 'yaml' || format === 'detailed'
}

export function unknownFormat(format: string, known: readonly string[] = FORMATS): EscError {
  return new EscError('usage', `unknown output format ${quote(format)}`, { hint: `use one of ${known.join(', ')}` })
}

const nowhere = { line: 0, column: 0, byte: 0 }

const nothing: ExportedValue = { trace: { def: { begin: nowhere, end: nowhere } } }
