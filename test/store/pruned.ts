import type { Store } from '../../src/store/index.ts'
import { name } from './sweep.ts'
import { by, enc, type Machine } from './worlds.ts'

export const revisionsFolder = '/work/environments/rotators/ci/revisions'

/**
 * Appends until there are so many revisions, each an hour after the one before. Returns the
 * definitions, from revision 1 up.
 */
export async function grow(store: Store, count: number): Promise<string[]> {
  if (!store.has(name)) await store.additions.create(name, by)
  const environment = store.environment(name)
  for (let number = environment.current().number; number < count; number++) {
    const key = await environment.dataKey()
    const definition = `values:\n  number: ${number + 1}\n  secret: ${enc(key, `hunter${number + 1}`)}\n`
    const created = new Date(by.created.getTime() + number * 3_600_000)
    await environment.append({ base: number, definition, change: 'edit', author: by.author, created })
  }
  return definitionsOf(store)
}

export function definitionsOf(store: Store): string[] {
  return [...store.environment(name).history()].map(({ definition }) => definition).reverse()
}

/** What is in the folder of the revisions, archives without their digests. */
export function inFolder(machine: Machine, folder = revisionsFolder): string[] {
  const names = machine.files.list(folder)
  return names.map((each) => each.replace(/-[0-9a-f]{16}\.archive$/, '.archive')).sort(byNumber)
}

function byNumber(a: string, b: string): number {
  return Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1)
}
