import { EscError } from '../../errors.ts'
import { decode, getAt, type Node, type PropertyPath, setAt, type YamlData } from '../../yaml/index.ts'
import { changeNewest } from '../definitions/change-newest.ts'
import { relative } from '../definitions/document-path.ts'
import { type SaveResult, saveDefinition, saveOutcome } from '../definitions/save-definition.ts'
import { refuseClearSecret } from '../definitions/set-value.ts'
import { operation } from '../session/operation.ts'
import { configPathInDefinition, configuration, showConfigPath } from './config-path.ts'

/** A value of the configuration to set. */
export interface ConfigAssignment {
  /** Below `pulumiConfig`. */
  readonly path: PropertyPath
  readonly value: YamlData
  /** Store it in the clear whatever it looks like. */
  readonly plaintext: boolean
}

/**
 * Sets values of the configuration and saves the definition once: all of them, or none.
 *
 * @throws EscError `usage` for a value in the clear that looks like a secret, and for a mapping
 *   whose only key is `secure`, which stands for an encrypted value in a stack file.
 */
export const setConfig = operation({
  name: 'set-config',
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
  async run(work, assignments: readonly ConfigAssignment[]): Promise<SaveResult> {
    const environment = work.store.environment(work.subject.name)
    const values: { readonly path: PropertyPath; readonly value: YamlData }[] = []
    for (const assignment of assignments) values.push(await assigned(assignment, assignments.length > 1))
    const paths = values.map(({ path }) => path)
    const plaintext = paths.filter((_, index) => assignments[index]?.plaintext)
    return changeNewest(environment, paths, (base) => {
      const text = relative(() =>
        values.reduce((edited, { path, value }) => setAt(edited, path, value), base.definition),
      )
      for (const { path } of assignments) refuseReserved(decode(environment.name, text).node, path)
      return saveDefinition(work, environment, { text, base, change: 'set', plaintext })
    })
  },
  outcome: saveOutcome,
})

async function assigned({ path, value, plaintext }: ConfigAssignment, isOneOfSeveral: boolean) {
  const below = configPathInDefinition(path)
  try {
    if (!plaintext) await refuseClearSecret(below, value)
    return { path: ['values', ...below], value }
  } catch (error) {
    if (!(error instanceof EscError) || !isOneOfSeveral) throw error
    const { code, message, richHint: hint } = error
    throw new EscError(code, `${showConfigPath(path)}: ${message}`, { hint, cause: error })
  }
}

/** Refuses a mapping that a stack file would take for an encrypted value, on the way or below. */
function refuseReserved(root: Node | undefined, path: PropertyPath): void {
  const whole = configPathInDefinition(path)
  const onTheWay = whole.map((_, index) => whole.slice(0, index + 1))
  const nodes = onTheWay.map((each) => getAt(root, ['values', ...each]))
  const last = nodes.pop()
  if (!nodes.some(isSecure) && !hasSecure(last)) return
  throw new EscError(
    'usage',
    `${showConfigPath(path)}: a mapping whose only key is 'secure' stands for an encrypted value in the configuration of a stack`,
    { hint: `use another key, or set another key beside it; the mapping is below ${configuration}` },
  )
}

function isSecure(node: Node | undefined): boolean {
  return node?.kind === 'object' && node.entries.length === 1 && node.entries[0]?.key.value === 'secure'
}

function hasSecure(node: Node | undefined): boolean {
  if (isSecure(node)) return true
  if (node?.kind === 'array') return node.elements.some(hasSecure)
  return node?.kind === 'object' && node.entries.some(({ value }) => hasSecure(value))
}
