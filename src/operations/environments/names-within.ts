import { listRotators, parseEnvironment } from '../../language/index.ts'
import type { Environment } from '../../store/index.ts'
import { belowValues } from '../rotating/rotator-state.ts'
import { operation } from '../session/operation.ts'

/** Something in an environment that a command can name. No secrets. */
export interface NameWithin {
  /** As it is typed: `3`, `stable`, `database.user`. */
  readonly name: string
  /** A line on it, such as the type of a rotator. */
  readonly about: string
}

/** More revisions than a person looks through. */
const MOST_REVISIONS = 50

/**
 * Lists names of an environment for a command line that is typed. `versions`: its revision tags,
 * and the newest revisions by number. `rotators`: the paths of its rotators, below `values`. Reads
 * little, and needs no key.
 */
export const namesWithin = operation({
  name: 'list-names-within',
  level: 'read',
  audit: 'environment-read',
  input: (z) => z.enum(['versions', 'rotators']),
  async run({ store, subject }, kind: 'versions' | 'rotators'): Promise<NameWithin[]> {
    const environment = store.environment(subject.name)
    return kind === 'versions' ? [...tagsOf(environment), ...numbersOf(environment)] : rotatorsOf(environment)
  },
})

function tagsOf(environment: Environment): NameWithin[] {
  const tags = environment.versions.tags().map(({ name, revision }) => ({ name, about: `revision ${revision}` }))
  return [{ name: 'latest', about: 'the newest revision' }, ...tags]
}

function numbersOf(environment: Environment): NameWithin[] {
  const names: NameWithin[] = []
  for (const { number, change, created, author } of environment.history()) {
    names.push({ name: String(number), about: `${change}, ${created.toISOString().slice(0, 10)}, ${author.name}` })
    if (names.length === MOST_REVISIONS) break
  }
  return names
}

function rotatorsOf(environment: Environment): NameWithin[] {
  const { definition, file } = environment.current()
  const { environment: parsed } = parseEnvironment(file, definition)
  if (parsed === undefined) return []
  return listRotators(parsed).map(({ path, provider }) => ({ name: belowValues(path), about: provider ?? '' }))
}
