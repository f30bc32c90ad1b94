import { EscError } from '../../errors.ts'
import { nearest } from '../../suggestion.ts'
import { decode, deleteAt, setAt } from '../../yaml/index.ts'
import { changeNewest } from '../definitions/change-newest.ts'
import { importCount, listedImports } from '../definitions/import-list.ts'
import { type SaveResult, saveDefinition, saveOutcome } from '../definitions/save-definition.ts'
import { definitionText } from '../opening/get-environment.ts'
import { operation } from '../session/operation.ts'

/** The environments that an environment imports, as they are written, in their order. */
export const listImports = operation({
  name: 'list-imports',
  level: 'read',
  audit: 'environment-read',
  async run(work): Promise<readonly string[]> {
    const text = await definitionText(work, work.subject, false)
    return listedImports(decode(work.subject.name, text).node).map(({ name }) => name)
  },
})

/** A change of imports: the result of saving, and what it was about. */
export interface ChangedImports {
  readonly saved: SaveResult
  /** Names that were added or removed, as they are written. */
  readonly changed: readonly string[]
}

/**
 * Adds environments to the imports, behind those that are there; one that is there already stays
 * where it is. Values of a later import stand over those of an earlier one.
 *
 * @throws EscError `not_found` for an environment that is not in the store.
 */
export const addImports = operation({
  name: 'add-imports',
  level: 'write',
  audit: 'environment-updated',
  input: (z) => z.array(z.string()),
  async run(work, names: readonly string[]): Promise<ChangedImports> {
    const environment = work.store.environment(work.subject.name)
    for (const name of names) work.store.environment(work.reference(name).name)
    return changeNewest(environment, [], async (base) => {
      const { node } = decode(environment.name, base.definition)
      const there = new Set(listedImports(node).map(({ name }) => name))
      const changed = [...new Set(names)].filter((name) => !there.has(name))
      const count = importCount(node)
      const text = changed.reduce(
        (edited, name, index) => setAt(edited, ['imports', count + index], name),
        base.definition,
      )
      return { saved: await saveDefinition(work, environment, { text, base, change: 'set' }), changed }
    })
  },
  outcome: ({ saved }: ChangedImports) => saveOutcome(saved),
})

/**
 * Removes environments from the imports, all of them or none.
 *
 * @throws EscError `not_found` for one that is not imported.
 */
export const removeImports = operation({
  name: 'remove-imports',
  level: 'write',
  audit: 'environment-updated',
  input: (z) => z.array(z.string()),
  async run(work, names: readonly string[]): Promise<ChangedImports> {
    const environment = work.store.environment(work.subject.name)
    return changeNewest(environment, [], async (base) => {
      const listed = listedImports(decode(environment.name, base.definition).node)
      const changed = [...new Set(names)]
      for (const name of changed) if (!listed.some((each) => each.name === name)) throw notImported(name, listed)
      const indices = listed.filter(({ name }) => changed.includes(name)).map(({ index }) => index)
      // From the end of the list, so that no index moves before its turn.
      const text = indices.reverse().reduce((edited, index) => deleteAt(edited, ['imports', index]), base.definition)
      return { saved: await saveDefinition(work, environment, { text, base, change: 'remove' }), changed }
    })

    function notImported(name: string, listed: readonly { readonly name: string }[]): EscError {
      const similar = nearest(
        name,
        listed.map((each) => each.name),
      )
      return new EscError('not_found', `${environment.name} does not import '${name}'`, {
        hint: similar === undefined ? 'look at the list of its imports' : `did you mean '${similar}'?`,
      })
    }
  },
  outcome: ({ saved }: ChangedImports) => saveOutcome(saved),
})
