import { decode, type PropertyPath } from '../../yaml/index.ts'
import { referrersTo } from '../environments/referrers.ts'
import { operation } from '../session/operation.ts'
import { accessesIn, textsBelow } from './rename-key.ts'

/** An environment that leads to a value of another one by its name. */
export interface ImporterOfKey {
  readonly environment: string
  /** The number of references to it. */
  readonly references: number
}

/**
 * Lists the environments whose newest revisions refer to a value of this one by its path: what a
 * renaming does not change. Only those that the user may see.
 */
export const importersOfKey = operation({
  name: 'list-references-to-key',
  level: 'read',
  audit: 'environment-read',
  async run(work, { path }: { readonly path: PropertyPath }): Promise<readonly ImporterOfKey[]> {
    const { store, subject } = work
    if (!store.has(subject.name)) return []
    const referrers = referrersTo(work, subject.name, { allRevisions: false })
    const names = [...new Set(referrers.map(({ project, name }) => `${project}/${name}`))]
    return names.flatMap((environment) => {
      const { definition } = store.environment(environment).current()
      const references = countReferences(environment, definition, { path, environment: subject.name })
      return references === 0 ? [] : [{ environment, references }]
    })
  },
})

function countReferences(
  name: string,
  definition: string,
  wanted: { readonly path: PropertyPath; readonly environment: string },
): number {
  const { node } = decode(name, definition)
  const inline = ['environments', ...wanted.environment.split('/'), ...wanted.path]
  let count = 0
  for (const { node: text } of textsBelow(node, [])) {
    for (const keys of accessesIn(text)) {
      const begins = (path: PropertyPath) => path.every((key, i) => keys[i] === key)
      if (begins(wanted.path) || begins(inline)) count++
    }
  }
  return count
}
