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
import { ENVIRONMENT_NAME, PATH, tool } from '../tool.ts'
import { diagnosticsData } from './opened.ts'

const CHANGE = { readOnlyHint: false, destructiveHint: false, openWorldHint: false } as const

interface SetArguments {
  readonly environment: string
  readonly path: string
  readonly value: unknown
  readonly secret?: boolean
  readonly plaintext?: boolean
}

export const setValueTool = tool<SetArguments>({
  name: 'set_value',
  title: 'Set a value',
  description:
    'Sets the value at a path and saves the next revision. The value is as it would stand in a definition: a text may hold references such as ${other.path}, an object may be a call such as {"fn::rotate::password": {"inputs": {}}}. With secret: true it is kept as it is, and encrypted.',
  input: {
    type: 'object',
    properties: {
      environment: ENVIRONMENT_NAME,
      path: PATH,
      value: { description: 'the value: a text, a number, true or false, an object or an array' },
      secret: { type: 'boolean', description: 'encrypt the value; default: false' },
      plaintext: {
        type: 'boolean',
        description: 'keep the value in the clear although it looks like a secret; default: that is refused',
      },
    },
    required: ['environment', 'path', 'value'],
    additionalProperties: false,
  },
  annotations: { ...CHANGE, idempotentHint: true },
  level: 'write',
  recorded: ({ path }) => ({ path }),
  async run({ session, reference, shown }, { environment, path, value, secret = false, plaintext = false }) {
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

export const removeValueTool = tool<{ environment: string; path: string }>({
  name: 'remove_value',
  title: 'Remove a value',
  description: 'Removes the value at a path and saves the next revision. Revisions before it keep the value.',
  input: {
    type: 'object',
    properties: { environment: ENVIRONMENT_NAME, path: PATH },
    required: ['environment', 'path'],
    additionalProperties: false,
  },
  annotations: { ...CHANGE, destructiveHint: true, idempotentHint: true },
  level: 'write',
  recorded: ({ path }) => ({ path }),
  async run({ session, reference }, { environment, path }) {
    return saved((await session.perform(removeValue, reference(environment), parseValuePath(path))).result)
  },
})

interface SaveArguments {
  readonly environment: string
  readonly definition: string
  readonly revision: number
}

export const saveDefinitionTool = tool<SaveArguments>({
  name: 'save_definition',
  title: 'Save a definition',
  description:
    'Saves a whole definition, made from the one that show_definition showed. Keep its placeholders of secrets. New secrets are written as fn::secret with the plaintext, and are encrypted before anything is written. A definition with mistakes is not saved.',
  input: {
    type: 'object',
    properties: {
      environment: ENVIRONMENT_NAME,
      definition: { type: 'string', description: 'the YAML text' },
      revision: { type: 'integer', description: 'the revision that show_definition showed' },
    },
    required: ['environment', 'definition', 'revision'],
    additionalProperties: false,
  },
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
