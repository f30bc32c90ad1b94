import { EscError } from '../../errors.ts'
import {
  diagnoseEnvironment,
  findValue,
  type Got,
  getDefinition,
  getEnvironment,
  type InputKit,
  isObject,
  listEnvironments,
  parsePath,
  plainValues,
  resolveVersion,
  unknownPaths,
} from '../../operations/index.ts'
import type { Plain } from '../../plain.ts'
import { Secret } from '../../secret.ts'
import { formatPropertyPath, type PropertyPath } from '../../yaml/index.ts'
import { withPlaceholders } from '../placeholders.ts'
import { PublicText } from '../shown-texts.ts'
import { environmentText, pathText, type Recorded, type ToolCall, tool } from '../tool.ts'
import { diagnosticsData, openedBy } from './opened.ts'

const LOOK = { readOnlyHint: true, openWorldHint: false } as const

/** The input of a tool that takes the name of an environment, and nothing else. */
const oneEnvironment = (z: InputKit) => z.strictObject({ environment: environmentText(z) })

export const listEnvironmentsTool = tool({
  name: 'list_environments',
  title: 'List environments',
  description: 'Lists the names of the environments that this server may work with.',
  input: (z) => z.strictObject({ project: z.string().optional().describe('only the environments of this project') }),
  annotations: LOOK,
  level: 'read',
  async run({ session }, { project }) {
    const { result } = await session.perform(listEnvironments, undefined, { project })
    return { environments: result.environments.map((name) => new PublicText(name)) }
  },
})

export const listKeysTool = tool({
  name: 'list_keys',
  title: 'List the keys of an environment',
  description:
    'Lists the path of every value of an environment, with its type, and whether it is a secret. Nothing is opened: the type of a secret, and of what a provider or a rotator would give, is unknown.',
  input: oneEnvironment,
  annotations: LOOK,
  level: 'read',
  async run({ session, reference }, { environment }) {
    const { result } = await session.perform(getEnvironment, reference(environment), { path: [], showSecrets: false })
    return { keys: result.root === undefined ? [] : leaves(result.root, [], false) }
  },
})

type ShownValue = NonNullable<Got['root']>

function leaves(value: ShownValue, path: PropertyPath, inSecret: boolean): readonly object[] {
  const { value: content } = value
  const secret = inSecret || value.secret === true
  const members = Array.isArray(content)
    ? [...(content as readonly ShownValue[]).entries()]
    : isObject(content)
      ? Object.entries(content)
      : []
  if (members.length > 0 && !value.unknown)
    return members.flatMap(([key, member]) => leaves(member, [...path, key], secret))
  if (path.length === 0) return []
  return [{ path: new PublicText(formatPropertyPath(path)), type: typeOf(value), secret }]
}

function typeOf({ value, unknown }: ShownValue): string {
  if (unknown) return 'unknown'
  if (value === undefined || value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return isObject(value) ? 'object' : typeof value === 'object' ? 'number' : typeof value
}

export const showDefinitionTool = tool({
  name: 'show_definition',
  title: 'Show a definition',
  description:
    'Shows the YAML definition of an environment and the number of its revision. Each secret in it is a placeholder such as <secret 0123456789ab>, which save_definition understands.',
  input: oneEnvironment,
  annotations: LOOK,
  level: 'read',
  async run({ session, reference }, { environment }) {
    const asked = reference(environment)
    const { result: number } = await session.perform(resolveVersion, asked)
    const exact = { ...asked, version: String(number) }
    const { result } = await session.perform(getDefinition, exact, { showSecrets: false })
    return { revision: number, definition: new PublicText(withPlaceholders(result)) }
  },
})

export const checkEnvironmentTool = tool({
  name: 'check_environment',
  title: 'Check an environment',
  description: 'Lists the mistakes and warnings of a definition. Nothing is opened.',
  input: oneEnvironment,
  annotations: LOOK,
  level: 'read',
  async run({ session, reference }, { environment }) {
    const { result } = await session.perform(diagnoseEnvironment, reference(environment))
    return { diagnostics: diagnosticsData(result) }
  },
})

interface ValueArguments {
  readonly environment: string
  readonly path?: string
}

function pathOf({ path }: ValueArguments): Recorded {
  return path === undefined ? {} : { path }
}

const oneValue = (z: InputKit) =>
  z.strictObject({
    environment: environmentText(z),
    path: pathText(z).optional().describe('path of a value below `values`; default: all values'),
  })

export const getValueTool = tool({
  name: 'get_value',
  title: 'Get a value',
  description:
    'Opens an environment, which calls its providers, and returns its values, or the one at a path. Each secret shows as [secret].',
  input: oneValue,
  annotations: { readOnlyHint: true, openWorldHint: true },
  level: 'open',
  recorded: pathOf,
  run: async (call, given) => ({ value: masked(await valueAt(call, given)) }),
})

export const revealValueTool = tool({
  name: 'reveal_value',
  title: 'Reveal a value',
  description: 'Returns what get_value does, with secrets in the clear. Use run_command where it can be avoided.',
  input: oneValue,
  annotations: { readOnlyHint: true, openWorldHint: true },
  level: 'open',
  reveals: true,
  recorded: pathOf,
  run: async (call, given) => ({ value: revealed(await valueAt(call, given)) }),
})

async function valueAt(call: ToolCall, { environment, path = '' }: ValueArguments): Promise<Plain> {
  const { properties } = await openedBy(call, call.reference(environment))
  const keys = path === '' ? [] : parsePath(path, (reason) => `invalid path: ${reason}`)
  const found = findValue(properties, keys)
  if (found.kind === 'missing')
    throw new EscError('not_found', `${environment} has no value at ${path}`, { hint: found.instead })
  const [unknown] = unknownPaths(found.value, keys)
  if (found.value.unknown)
    throw new EscError('unknown_value', `${unknown} of ${environment} is not known yet`, {
      hint: 'rotate the environment, if a rotator makes the value; or try again later',
    })
  const { values } = plainValues({ value: found.value })
  return values.value ?? null
}

/** The value as it is, but for its secrets: the evaluator knows which they are. */
function masked(plain: Plain | undefined): unknown {
  if (plain instanceof Secret) return plain
  if (Array.isArray(plain)) return plain.map(masked)
  if (typeof plain === 'object' && plain !== null)
    return Object.fromEntries(Object.entries(plain).map(([key, member]) => [key, masked(member)]))
  return typeof plain === 'string' || typeof plain === 'number' ? new PublicText(plain) : plain
}

function revealed(plain: Plain | undefined): unknown {
  if (plain instanceof Secret) return revealed(plain.reveal())
  if (Array.isArray(plain)) return plain.map(revealed)
  if (typeof plain !== 'object' || plain === null) return plain
  return Object.fromEntries(Object.entries(plain).map(([key, member]) => [key, revealed(member)]))
}
