import { EscError } from '../../errors.ts'
import {
  decode,
  deleteAt,
  formatPropertyPath,
  getAt,
  type PropertyPath,
  setAt,
  type YamlData,
} from '../../yaml/index.ts'
import { operation } from '../session/operation.ts'
import { changeNewest } from './change-newest.ts'
import { documentPathOf, relative, withinValues } from './document-path.ts'
import { type SaveResult, saveDefinition, saveOutcome } from './save-definition.ts'
import { refuseClearSecret } from './set-value.ts'

/** One of several values to set. */
export interface ValueAssignment {
  /** Below `values`, or beginning with `imports`. Not empty. */
  readonly path: PropertyPath
  readonly value: YamlData
  /** True when it is stored in the clear whatever it looks like. */
  readonly plaintext: boolean
}

/** Sets several values and saves the definition once: all of them, or none. In the order given. */
export const setValues = operation({
  name: 'set-values',
  level: 'write',
  audit: 'environment-updated',
  input: (z) =>
    z.array(
      z.strictObject({
        path: z.path(),
        value: z.data(),
        plaintext: z.boolean().default(false).describe('keep it in the clear although it looks like a secret'),
      }),
    ),
  async run(work, assignments: readonly ValueAssignment[]): Promise<SaveResult> {
    const environment = work.store.environment(work.subject.name)
    for (const { path, value, plaintext } of assignments) {
      if (!plaintext) await namingPath(formatPropertyPath(path), () => refuseClearSecret(path, value))
    }
    const values = assignments.map(({ path, value }) => ({ path: documentPathOf(path), value }))
    const paths = values.map(({ path }) => path)
    const plaintext = paths.filter((_, index) => assignments[index]?.plaintext)
    return changeNewest(environment, paths, (base) => {
      const text = relative(() =>
        values.reduce((edited, { path, value }) => setAt(edited, path, value), base.definition),
      )
      return saveDefinition(work, environment, { text, base, change: 'set', plaintext })
    })
  },
  outcome: saveOutcome,
})

/** Runs what concerns one of several values: its errors say which. */
export async function namingPath<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof EscError)) throw error
    const { code, message, hint } = error
    throw new EscError(code, `${path}: ${message}`, { hint, cause: error })
  }
}

export interface RemovedValues {
  readonly saved: SaveResult
  /** Paths at which there was nothing. */
  readonly missing: readonly string[]
}

/** Removes several values below `values`, and saves the definition. */
export const removeValues = operation({
  name: 'remove-values',
  level: 'write',
  audit: 'environment-updated',
  input: (z) => z.array(z.path()),
  async run(work, values: readonly PropertyPath[]): Promise<RemovedValues> {
    const environment = work.store.environment(work.subject.name)
    const paths = values.map(withinValues)
    return changeNewest(environment, paths, async (base) => {
      const { node } = decode(environment.name, base.definition)
      const missing = paths.filter((path) => getAt(node, path) === undefined)
      let text = base.definition
      // From the end of each list to its beginning, so that no index moves before its turn.
      for (const path of paths.filter((each) => !missing.includes(each)).sort(laterFirst)) {
        text = relative(() => deleteAt(text, path))
      }
      const saved = await saveDefinition(work, environment, { text, base, change: 'remove' })
      return { saved, missing: missing.map((path) => formatPropertyPath(path.slice(1))) }
    })
  },
  outcome: ({ saved }) => saveOutcome(saved),
})

function laterFirst(a: PropertyPath, b: PropertyPath): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [left, right] = [a[index], b[index]]
    if (left === right) continue
    return typeof left === 'number' && typeof right === 'number' ? right - left : 0
  }
  return b.length - a.length
}
