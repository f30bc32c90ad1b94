import { EscError } from '../errors.ts'
import type { Plain, PlainObject } from '../plain.ts'
import { Secret } from '../secret.ts'
import { type PropertyPath, parsePropertyPath } from '../yaml/index.ts'
import { OpenEnvironment } from './environment.ts'
import { isSecret, Output } from './output.ts'
import type { EnvironmentStore, HistoryEntry, RotationResult, SetOptions, Watch } from './store.ts'

/**
 * A store in memory, for tests: its environments are the values that it is given.
 *
 * @example
 * ```ts
 * import { mockStore } from '@gitesc/cli'
 *
 * const store = mockStore({ 'app/dev': { port: 80 } })
 * const seen = []
 * const watch = await store.watch('app/dev', (env) => seen.push(env.get('port')))
 * store.replace('app/dev', { port: 81 })
 * watch.close()
 * seen // [80, 81]
 * ```
 */
export interface MockStore extends EnvironmentStore {
  /** Gives an environment other values, as its next revision, and tells who watches it. */
  replace(name: string, values: PlainObject): void
}

interface MockEnvironment {
  values: PlainObject
  revision: number
  readonly watchers: Set<() => void>
}

/**
 * A store in memory with these environments. Values that are secrets are written as
 * `new Secret('…')`. `rotate` gives the same values as a new revision.
 *
 * @example
 * ```ts
 * import { mockStore, Secret } from '@gitesc/cli'
 *
 * const store = mockStore({ 'app/dev': { port: 80, password: new Secret('x') } })
 * await store.get('app/dev', 'port') // 80
 * await store.set('app/dev', 'port', 81) // 2: the number of the revision
 * ```
 */
export function mockStore(environments: Readonly<Record<string, PlainObject>>): MockStore {
  const all = new Map<string, MockEnvironment>(
    Object.entries(environments).map(([name, values]) => [name, { values, revision: 1, watchers: new Set() }]),
  )
  const named = (reference: string): MockEnvironment => {
    // Every version of it is the one that there is.
    const known = all.get(reference.replace(/@.*/, ''))
    if (known !== undefined) return known
    throw new EscError('not_found', `the mock store has no environment ${reference}`, {
      hint: `give mockStore() the values of ${reference}`,
    })
  }
  const opened = (name: string) => {
    const { values, revision } = named(name)
    const textsOf = (member: string) => texts(values[member])
    return new OpenEnvironment({
      name,
      revision,
      values,
      environmentVariables: textsOf('environmentVariables'),
      files: textsOf('files'),
    })
  }
  const replace = (name: string, values: PlainObject) => {
    const environment = named(name)
    environment.values = values
    environment.revision++
    for (const tell of environment.watchers) tell()
    return environment.revision
  }
  return {
    replace,
    async open(reference) {
      return opened(reference)
    },
    async check(reference) {
      named(reference)
      return []
    },
    async environments() {
      return [...all.keys()].sort()
    },
    async get(reference, path) {
      return opened(reference).get(path)
    },
    async set(reference, path, value, { secret }: SetOptions = {}) {
      const isOutput = Output.isInstance(value)
      const plain = isOutput ? ((await value.reveal()) as Plain) : value
      const marked = secret ?? (isOutput && (await isSecret(value)))
      const kept = marked && !(plain instanceof Secret) ? new Secret(plain) : plain
      return replace(reference, withValueAt(named(reference).values, parsePropertyPath(path), kept) as PlainObject)
    },
    async rotate(reference): Promise<RotationResult> {
      const revision = replace(reference, named(reference).values)
      return { status: 'succeeded', revision, paths: [], warnings: [] }
    },
    async history(reference): Promise<readonly HistoryEntry[]> {
      const { revision } = named(reference)
      return Array.from({ length: revision }, (_, i) => ({
        number: revision - i,
        created: new Date(0),
        author: { name: 'mock', email: '' },
        change: 'edit',
        rotated: [],
        tags: [],
        retracted: false,
      }))
    },
    async watch(reference, onChange): Promise<Watch> {
      const { watchers } = named(reference)
      const tell = () => onChange(opened(reference))
      tell()
      watchers.add(tell)
      return { close: () => void watchers.delete(tell) }
    },
  }
}

/** The same data with another value at a path; objects that are not there are made. */
function withValueAt(data: Plain | undefined, [key, ...rest]: PropertyPath, value: Plain): Plain {
  if (key === undefined) return value
  if (Array.isArray(data) && typeof key === 'number') {
    const elements: Plain[] = [...data]
    elements[key] = withValueAt(elements[key], rest, value)
    return elements
  }
  const members = typeof data === 'object' && data !== null && !(data instanceof Secret) ? (data as PlainObject) : {}
  return { ...members, [key]: withValueAt(members[key], rest, value) }
}

function texts(value: Plain | undefined): Record<string, string | Secret<string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Secret) return {}
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      each instanceof Secret ? new Secret(String(each.reveal())) : String(each),
    ]),
  )
}
