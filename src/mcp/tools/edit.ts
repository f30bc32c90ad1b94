import { EscError } from '../../errors.ts'
import {
  getDefinition,
  givenValue,
  parseValuePath,
  removeValue,
  replaceDefinition,
  type SaveResult,
  setValue,
} from '../../operations/index.ts'
import { withCiphertexts } from '../placeholders.ts'
import { environmentText, pathText, tool } from '../tool.ts'
import { diagnosticsData } from './opened.ts'

const CHANGE = { readOnlyHint: false, destructiveHint: false, openWorldHint: false } as const

export const setValueTool = tool({
  name: 'set_value',
  title: 'Set a value',
  description:
    'Sets the value at a path and saves the next revision. The value is as it would stand in a definition: a text may hold references such as ${other.path}, an object may be a call such as {"fn::rotate::password": {"inputs": {}}}. With secret: true it is kept as it is, and encrypted.',
  input: (z) =>
    z.strictObject({
      environment: environmentText(z),
      path: pathText(z),
      value: z.data().describe('the value: a text, a number, true or false, an object or an array'),
      secret: z.boolean().default(false).describe('encrypt the value'),
      plaintext: z.boolean().default(false).describe('keep the value in the clear although it looks like a secret'),
    }),
  annotations: { ...CHANGE, idempotentHint: true },
  level: 'write',
  recorded: ({ path }) => ({ path }),
  async run({ session, reference, shown }, { environment, path, value, secret, plaintext }) {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    if (text.includes('[secret]')) {
      throw new EscError('invalid_input', 'the value holds the text [secret], which stands for a hidden value', {
        hint: 'refer to the value that is meant, such as ${database.password}',
      })
    }
    if (secret) shown.hide([text])
    // JSON is YAML, in which references and calls are what they are in a definition.
    const form = !secret ? 'yaml' : typeof value === 'string' ? 'text' : 'json'
    const given = givenValue(secret ? text : JSON.stringify(value), { secret, form })
    const request = { path: parseValuePath(path), value: async () => given, plaintext }
    return saved((await session.perform(setValue, reference(environment), request)).result)
  },
})

export const removeValueTool = tool({
  name: 'remove_value',
  title: 'Remove a value',
  description: 'Removes the value at a path and saves the next revision. Revisions before it keep the value.',
  input: (z) => z.strictObject({ environment: environmentText(z), path: pathText(z) }),
  annotations: { ...CHANGE, destructiveHint: true, idempotentHint: true },
  level: 'write',
  recorded: ({ path }) => ({ path }),
  async run({ session, reference }, { environment, path }) {
    return saved((await session.perform(removeValue, reference(environment), parseValuePath(path))).result)
  },
})

export const saveDefinitionTool = tool({
  name: 'save_definition',
  title: 'Save a definition',
  description:
    'Saves a whole definition, made from the one that show_definition showed. Keep its placeholders of secrets. New secrets are written as fn::secret with the plaintext, and are encrypted before anything is written. A definition with mistakes is not saved.',
  input: (z) =>
    z.strictObject({
      environment: environmentText(z),
      definition: z.string().describe('the YAML text'),
      revision: z.int().min(1).describe('the revision that show_definition showed'),
    }),
  annotations: { ...CHANGE, destructiveHint: true, idempotentHint: true },
  level: 'write',
  async run({ session, reference }, { environment, definition, revision }) {
    const asked = reference(environment)
    if (definition.trim() === '') {
      throw new EscError('invalid_input', 'the definition is empty', {
        hint: 'to empty the environment, write values: {}',
      })
    }
    const exact = { ...asked, version: String(revision) }
    const { result: original } = await session.perform(getDefinition, exact, { showSecrets: false })
    const text = withCiphertexts(definition, original)
    return saved((await session.perform(replaceDefinition, asked, { text, revision })).result)
  },
})

/** @throws EscError `invalid_definition` when nothing was saved. */
function saved({ kind, revision, diagnostics }: SaveResult): object {
  if (kind !== 'refused') return { saved: kind === 'saved', revision, diagnostics: diagnosticsData(diagnostics) }
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  const said = errors.map(
    ({ path, summary, range }) => `${path}${range ? ` (line ${range.begin.line})` : ''}: ${summary}`,
  )
  throw new EscError('invalid_definition', `nothing was saved, since the definition has errors: ${said.join('; ')}`, {
    hint: errors[0]?.hint ?? 'correct them, and save it again',
  })
}
