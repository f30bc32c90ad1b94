import { EscError } from '../../errors.ts'
import { machineGit } from '../../git/index.ts'
import { encryptDefinition } from '../../language/index.ts'
import { rich, step } from '../../rich-text.ts'
import type { Renumbered } from '../../store/index.ts'
import { placeOf } from '../../yaml/index.ts'
import { checkDefinition } from '../definitions/save-definition.ts'
import { referrersTo } from '../environments/referrers.ts'
import { reencrypt } from '../keys/reencrypt.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { type Contested, proveRotations, reconcileRotations } from '../rotating/contested-rotations.ts'
import { operation, storeOperation } from '../session/operation.ts'
import type { Workspace } from '../session/workspace.ts'

export interface RenumberedEnvironment extends Renumbered {
  readonly name: string
}

/**
 * After a git merge that took revisions of an environment from both sides: puts theirs after ours,
 * and adds one with the definition of both.
 *
 * @throws EscError `conflict` when both changed the same value and nobody has resolved it yet;
 *   `usage` without a merge.
 */
export const renumberEnvironment = operation({
  name: 'renumber-environment',
  level: 'write',
  audit: 'environment-renumbered',
  async run(work): Promise<RenumberedEnvironment> {
    const { store } = work
    const { name } = work.subject
    const contested: Contested[] = []
    const renumbered = await store.upkeep.renumber(name, {
      reconcile: (texts) => reconcileRotations(name, texts, contested),
      author: await work.author(),
      created: work.host.now(),
      reencrypt,
      complete: async (definition, { encrypt }) => {
        const { diagnostics } = await checkDefinition(work, name, definition)
        const mistake = diagnostics.find(({ severity }) => severity === 'error')
        if (mistake !== undefined) throw brokenMerge(name, mistake)
        return encryptDefinition(name, definition, encrypt)
      },
    })
    // The side that was put after the other is `theirs` to the merge, whatever it is to the person.
    const whose = (kept: 'ours' | 'theirs') => (kept === 'theirs' ? renumbered.side : opposite(renumbered.side))
    const tried = contested.map((each) => ({ ...each, whose: whose(each.kept) }))
    const proved = tried.length === 0 ? [] : await proveRotations(work, tried)
    const revision = store.environment(name).current().number
    if (revision !== renumbered.revision) await machineGit(['add', '--all', '--', name], { cwd: store.folder })
    const notes = [...renumbered.notes, ...proved, ...referencesToMoved(work, work.subject, renumbered)]
    return { name, ...renumbered, revision, notes }
  },
})

function opposite(side: 'ours' | 'theirs'): 'ours' | 'theirs' {
  return side === 'ours' ? 'theirs' : 'ours'
}

/**
 * References by number that may mean a revision which has another number now, as notes. Others of
 * the store may be in conflict still: then none.
 */
function referencesToMoved(
  workspace: Workspace,
  reference: EnvironmentReference,
  { renumbered, side }: Pick<Renumbered, 'renumbered' | 'side'>,
): string[] {
  if (renumbered.length === 0) return []
  try {
    return referrersTo(workspace, reference.name, { allRevisions: false }).flatMap(({ project, name, version }) => {
      const moved = renumbered.find(({ from }) => String(from) === version)
      if (moved === undefined) return []
      const whose = side === 'ours' ? 'your revision' : 'their revision'
      return `${project}/${name} refers to ${reference.name}@${version}: if ${whose} is meant, write ${reference.name}@${moved.to} there`
    })
  } catch {
    return []
  }
}

type Mistake = Awaited<ReturnType<typeof checkDefinition>>['diagnostics'][number]

function brokenMerge(name: string, mistake: Mistake): EscError {
  const { summary } = mistake
  const place = placeOf(mistake) ?? name
  return new EscError('invalid_definition', `the definition that both sides come to has errors: ${place}: ${summary}`, {
    hint: rich`write environment.yaml as it should be, and ${step('try', { do: 'renumber-revisions', environment: name })} again`,
  })
}

/** Names of the environments that a merge has left in two minds. Needs no key. */
export const environmentsToRenumber = storeOperation({
  name: 'list-environments-to-renumber',
  level: undefined,
  audit: 'environment-read',
  async run(work): Promise<string[]> {
    const { findings } = await work.store.upkeep.check({ useKeys: false })
    const merged = findings.filter(({ kind }) => kind === 'merge_conflict' || kind === 'history_fork')
    return [...new Set(merged.flatMap(({ environment }) => environment ?? []))]
  },
})
