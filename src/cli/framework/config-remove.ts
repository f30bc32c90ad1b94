import { configPathInDefinition, parseConfigKey, removeValues, writtenConfigPath } from '../../operations/index.ts'
import { savedConfig } from './config-text.ts'
import type { Host } from './host.ts'
import type { SavedRevision } from './saved-text.ts'
import type { Target } from './session.ts'

/** The result of removing keys. */
export interface RemovedConfig extends SavedRevision {
  /** Keys that the environment itself does not set. */
  readonly missing: readonly string[]
}

/** Removes keys of the configuration, as typed, and warns of those that are not there. */
export async function removeConfig(
  { session, reference, rest }: Target,
  { structured }: { readonly structured: boolean },
  io: Host,
): Promise<RemovedConfig> {
  const paths = rest.map((key) => parseConfigKey(key, { structured }))
  const { saved, missing } = (await session.perform(removeValues, reference, paths.map(configPathInDefinition))).result
  const result = savedConfig(io, reference.name, saved)
  const keys = rest.filter((_, index) => missing.includes(writtenConfigPath(paths[index] ?? [])))
  for (const key of keys) {
    io.err(`warning: ${reference.name} itself sets no ${key}; what it imports was not changed\n`)
  }
  return { ...result, missing: keys }
}
