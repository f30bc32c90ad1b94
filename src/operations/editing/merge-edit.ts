import { changedKeys, type EditSide, mergeByKeys } from '../../store/index.ts'
import { getAt, type Node } from '../../yaml/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { operation, type Work } from '../session/operation.ts'

/** A text that was made from a revision, while somebody else saved a later one. */
interface EditToMerge {
  readonly text: string
  /** The number of the revision that it was made from. */
  readonly base: number
  /** The number of the revision that came first. */
  readonly theirs: number
  /** The sides that a person has chosen, by the paths of the conflicts. */
  readonly chosen: readonly { readonly path: string; readonly side: EditSide }[]
}

/** A path that both sides changed, each in its own way. Secrets are hidden. */
interface ShownConflict {
  readonly path: string
  /** The value of that side. Undefined: there is none. */
  readonly ours: string | undefined
  readonly theirs: string | undefined
}

interface ProposedMerge {
  /** The merged definition. A conflict without a choice stays as in the text that was given. */
  readonly text: string
  readonly conflicts: readonly ShownConflict[]
  /** Paths that were taken from the other revision without a conflict. */
  readonly taken: readonly string[]
}

/**
 * Merges an edit with a revision that was saved meanwhile, key by key. Nothing of the store
 * changes. Null: one of the texts cannot be read, so that a person has to do it.
 */
export const proposeMerge = operation({
  name: 'propose-merge',
  level: 'read',
  audit: 'environment-read',
  input: (z) =>
    z.strictObject({
      text: z.string(),
      base: z.int(),
      theirs: z.int(),
      chosen: z.array(z.strictObject({ path: z.string(), side: z.enum(['ours', 'theirs']) })).default([]),
    }),
  async run(work, { text, base, theirs, chosen }: EditToMerge): Promise<ProposedMerge | null> {
    const texts = { base: definitionOf(work, base), ours: text, theirs: definitionOf(work, theirs) }
    const merged = mergeByKeys(texts, new Map(chosen.map(({ path, side }) => [path, side])))
    if (merged === undefined) return null
    const conflicts = merged.conflicts.map(({ path, ours, theirs }) => ({
      path,
      ours: ours && shownNode(ours),
      theirs: theirs && shownNode(theirs),
    }))
    return { ...merged, conflicts }
  },
})

/** A value of a definition that an edit changes. Secrets are hidden. */
interface ShownChange {
  readonly path: string
  /** The value before. Undefined: it is new. */
  readonly before: string | undefined
  /** The value after. Undefined: it is taken away. */
  readonly after: string | undefined
}

/**
 * Summarizes what an edit changes in the revision that it was made from. Null: one of the texts
 * cannot be read.
 */
export const summarizeEdit = operation({
  name: 'summarize-edit',
  level: 'read',
  audit: 'environment-read',
  input: (z) => z.strictObject({ text: z.string(), base: z.int() }),
  async run(
    work,
    { text, base }: { readonly text: string; readonly base: number },
  ): Promise<readonly ShownChange[] | null> {
    const changes = changedKeys(definitionOf(work, base), text)
    return (
      changes?.map(({ path, before, after }) => ({
        path,
        before: before && shownNode(before),
        after: after && shownNode(after),
      })) ?? null
    )
  },
})

function definitionOf({ store, subject }: Work<EnvironmentReference>, revision: number): string {
  return store.environment(subject.name).resolve(String(revision)).definition
}

/** Characters of a value that are shown. */
const MOST_SHOWN = 200

/** A part of a definition on one line, without its secrets. */
function shownNode(node: Node): string {
  const text = node.kind === 'string' ? node.value : shown(node)
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
}

function shown(node: Node): string {
  switch (node.kind) {
    case 'null':
      return 'null'
    case 'boolean':
      return String(node.value)
    case 'number':
      return node.text
    case 'string':
      return JSON.stringify(node.value)
    case 'array':
      return `[${node.elements.map(shown).join(', ')}]`
    case 'object':
      if (getAt(node, ['fn::secret']) !== undefined) return '[secret]'
      return `{${node.entries.map(({ key, value }) => `${key.value}: ${shown(value)}`).join(', ')}}`
  }
}
