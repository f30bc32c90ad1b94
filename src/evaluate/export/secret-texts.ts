import { JsonNumber } from '../../json.ts'
import type { ExportedMap, ExportedValue } from './exported.ts'

/**
 * The texts and numbers of all secret values in evaluated inputs, whatever
 * their schema says of them.
 */
export function secretTexts(...maps: readonly (ExportedMap | undefined)[]): string[] {
  const texts: string[] = []
  for (const map of maps) if (map !== undefined) for (const value of Object.values(map)) collect(value, false, texts)
  return texts
}

function collect({ value, secret }: ExportedValue, inSecret: boolean, into: string[]): void {
  const isSecret = inSecret || secret === true
  if (value === undefined || typeof value === 'boolean') return
  if (typeof value === 'string') {
    if (isSecret) into.push(value)
  } else if (value instanceof JsonNumber) {
    if (isSecret) into.push(value.text)
  } else for (const member of Object.values(value)) collect(member as ExportedValue, isSecret, into)
}
