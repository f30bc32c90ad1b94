import type { ExportedMap } from '../../evaluate/index.ts'
import { formatPropertyPath } from '../../yaml/index.ts'
import { dotenvText } from './dotenv-format.ts'
import { type Rendering, variablesOf } from './value-format.ts'

/** Warnings about variables that some readers of `.env` files take for another value. */
export function misreadVariables(properties: ExportedMap, rendering: Rendering): string[] {
  return variablesOf(properties, 'environmentVariables', rendering).flatMap(({ name, value }) => {
    const { misread } = dotenvText(value)
    if (misread.length === 0) return []
    const readers = misread.length === 1 ? misread[0] : `${misread.slice(0, -1).join(', ')} and ${misread.at(-1)}`
    return [`${formatPropertyPath(['environmentVariables', name])} is read as another value by ${readers}`]
  })
}
