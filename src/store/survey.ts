import { type FileSystem, readTextIfPresent } from '../files/index.ts'
import { environmentNames } from './environments.ts'
import { layout } from './layout.ts'
import { Settings } from './settings/settings.ts'

/**
 * Everything that the environments of a store say in the clear, for a look at the store as a whole.
 * Holds no value of any of them.
 */
export interface StoreSurvey {
  /** URLs of the secrets providers that environments name. */
  readonly secretsProviders: readonly string[]
  /** Texts of `environment.yaml`. */
  readonly definitions: readonly string[]
}

/**
 * Reads every environment that can be read; a damaged one is left out. Needs no
 * key and verifies nothing.
 */
export function surveyStore(files: FileSystem, store: string): StoreSurvey {
  const secretsProviders: string[] = []
  const definitions: string[] = []
  for (const name of environmentNames(files, store)) {
    const folder = layout.environment(store, name)
    const settings = layout.settings(folder)
    const provider = unlessDamaged(() => {
      const text = readTextIfPresent(files, settings)
      return text === undefined ? undefined : new Settings(text, settings).secretsProvider
    })
    if (provider !== undefined) secretsProviders.push(provider)
    const definition = unlessDamaged(() => readTextIfPresent(files, layout.definition(folder)))
    if (definition !== undefined) definitions.push(definition)
  }
  return { secretsProviders, definitions }
}

function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
