import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import type { ExportedMap } from '../../evaluate/index.ts'
import { machineFiles, readTextIfPresent, replaceFile, statusOf } from '../../files/index.ts'
import type { PulumiSecrets } from '../../keys/index.ts'
import { again, rich } from '../../rich-text.ts'
import { decode, getAt, type Node, type PropertyPath, setAt } from '../../yaml/index.ts'
import type { ForeignValue } from '../definitions/import/foreign-value.ts'
import { hasSecure, secureText, stackEntries } from '../definitions/import/pulumi.ts'
import { makeStack, openStack, stackProvider } from '../definitions/import/pulumi-secrets.ts'
import { readObject } from '../definitions/import/read-yaml.ts'
import { operation } from '../session/operation.ts'
import type { SessionHost } from '../session/session-parts.ts'
import { configMembers } from './config-entries.ts'
import { comparable, stackValue, stackYaml } from './stack-values.ts'

export interface PulumiExport {
  /** The values of the environment, opened. */
  readonly properties: ExportedMap | undefined
  /** Absolute path of the folder of the Pulumi project. */
  readonly folder: string
  /** Name of the stack, without organization and project. */
  readonly stack: string
  /**
   * Namespace of keys that have none. `undefined`: the name in `Pulumi.yaml` of the folder.
   */
  readonly project: string | undefined
  /**
   * `passphrase`, or the URL of a vendor's key. `undefined`: as the stack file says; for a new
   * file, a passphrase.
   */
  readonly secretsProvider: string | undefined
}

export interface ExportedStack {
  /** Absolute path. */
  readonly file: string
  readonly added: readonly string[]
  readonly replaced: readonly string[]
  /** Keys that the file had with just that value: they keep their ciphertext. */
  readonly unchanged: readonly string[]
  /** `passphrase`, or the URL that the secrets are encrypted under. `undefined`: there are none. */
  readonly secretsProvider: string | undefined
}

/**
 * Writes the configuration of an environment, opened before, into the file of a stack, its secrets
 * encrypted under that stack's own key. Keys that only the file has stay, and so do its other
 * lines. What was written is read back and compared before the file is replaced, in one step.
 *
 * @throws EscError `key_unavailable` where the stack's key cannot be used; `invalid_input` for a
 *   file that cannot be read, or another secrets provider than it has.
 */
export const exportPulumiStack = operation({
  name: 'export-pulumi-stack',
  level: undefined,
  audit: 'environment-open',
  async run(work, request: PulumiExport): Promise<ExportedStack> {
    const file = stackFile(request)
    const before = readTextIfPresent(machineFiles, file)
    const values = stackValues(request)
    const stack = await stackOf(work.host, { before, file, values, request })
    const writing = written(before ?? '', values, stack)
    verify(writing.text, { file, values, secrets: stack.secrets })
    if (writing.text !== before) {
      const mode = statusOf(machineFiles, file)?.mode ?? 0o644
      replaceFile(machineFiles, file, Buffer.from(writing.text), { mode })
    }
    const { added, replaced, unchanged } = writing
    const isEncrypted = [...values.values()].some(hasSecret)
    return { file, added, replaced, unchanged, secretsProvider: isEncrypted ? stack.name : undefined }
  },
})

type Values = ReadonlyMap<string, ForeignValue>

/** The key of a stack, and the lines of its file that are to be written for it. */
interface Stack {
  readonly secrets: PulumiSecrets | undefined
  /** `passphrase` or the URL. */
  readonly name: string | undefined
  readonly lines: Readonly<Record<string, string | undefined>>
}

function stackFile({ folder, stack }: PulumiExport): string {
  if (!/^[A-Za-z0-9_.-]{1,100}$/.test(stack)) {
    throw new EscError('usage', `'${stack}' is not the name of a stack`, {
      hint: 'name the stack alone, without organization and project, such as dev',
    })
  }
  if (statusOf(machineFiles, folder)?.kind !== 'folder') {
    throw new EscError('not_found', `there is no folder ${folder}`, { hint: 'name the folder of the Pulumi project' })
  }
  const file = join(folder, `Pulumi.${stack}.yaml`)
  const kind = machineFiles.lstat(file)?.kind ?? 'file'
  if (kind === 'file') return file
  throw new EscError('invalid_input', `${file} is not a file of its own`, {
    hint: 'name the folder in which the file itself is',
  })
}

/**
 * The values to write by their keys, each with a namespace. Null is left out: no program can read
 * it.
 */
function stackValues({ properties, folder, project }: PulumiExport): Values {
  const values = new Map<string, ForeignValue>()
  let own: string | undefined
  for (const { key, value, inSecret } of configMembers(properties) ?? []) {
    const converted = stackValue(key, value, inSecret)
    if (converted.kind === 'scalar' && converted.value === null) continue
    if (!key.includes(':')) own ??= project ?? projectName(folder, key)
    const name = key.includes(':') ? key : `${own}:${key}`
    if (values.has(name)) {
      throw new EscError(
        'invalid_input',
        `the configuration has both ${name.slice(name.indexOf(':') + 1)} and ${name}: in a stack they are one key`,
        {
          hint: 'remove one of them',
        },
      )
    }
    values.set(name, converted)
  }
  return values
}

function projectName(folder: string, key: string): string {
  const file = join(folder, 'Pulumi.yaml')
  const text = readTextIfPresent(machineFiles, file)
  const name = text === undefined ? undefined : getAt(decode(file, text).node, ['name'])
  if (name?.kind === 'string' && name.value !== '') return name.value
  throw new EscError('invalid_input', `the key ${key} has no namespace, and ${folder} has no Pulumi.yaml with a name`, {
    hint: rich`name the Pulumi project with ${again('project')}, or its folder`,
  })
}

interface StackRequest {
  readonly before: string | undefined
  readonly file: string
  readonly values: Values
  readonly request: PulumiExport
}

/** Opens the key of the stack, or makes one where it has none and a secret is to be written. */
async function stackOf(host: SessionHost, { before, file, values, request }: StackRequest): Promise<Stack> {
  const isEmpty = before === undefined || before.trim() === ''
  const root = isEmpty
    ? undefined
    : readObject(before, file, { severalHint: 'keep one document in the file of a stack' })
  const { encryptionsalt, secretsprovider } = stackProvider(root)
  const config = getAt(root, ['config'])
  const has = secretsprovider ?? (encryptionsalt === undefined ? undefined : 'passphrase')
  const wanted = request.secretsProvider === 'passphrase://' ? 'passphrase' : request.secretsProvider
  if (has !== undefined && wanted !== undefined && has !== wanted) {
    throw new EscError('invalid_input', `the secrets of ${file} are encrypted under ${has}, not ${wanted}`, {
      hint: 'change its secrets provider first: "pulumi stack change-secrets-provider"',
    })
  }
  const holds = config !== undefined && hasSecure(config)
  const writes = [...values.values()].some(hasSecret)
  if (root !== undefined && (has !== undefined || holds)) {
    const secrets = holds || writes ? await openStack(root, host) : undefined
    return { secrets, name: has, lines: {} }
  }
  if (!writes) return { secrets: undefined, name: undefined, lines: {} }
  if (wanted === undefined && !isEmpty) {
    throw new EscError('key_unavailable', `${file} does not say how its secrets are encrypted`, {
      hint: rich`name a passphrase or the URL of a key with ${again('secrets-provider')}; secrets of the Pulumi service can only be set with Pulumi`,
    })
  }
  const url = wanted ?? 'passphrase'
  return { name: url, ...(await makeStack(url, host)) }
}

function hasSecret(value: ForeignValue): boolean {
  if (value.kind === 'list') return value.items.some(hasSecret)
  return value.kind === 'object' ? value.entries.some((each) => hasSecret(each.value)) : value.secret
}

/**
 * The text of the file with the values in it. A secret with the plaintext it had keeps its
 * ciphertext.
 */
function written(before: string, values: Values, { secrets, lines }: Stack) {
  let text = before
  for (const [name, line] of Object.entries(lines)) if (line !== undefined) text = setAt(text, [name], line)
  const config = getAt(decode('', before).node, ['config'])
  const known = new Map(stackEntries(config, before, secrets).map(({ key, value }) => [key, value]))
  const added: string[] = []
  const replaced: string[] = []
  const unchanged: string[] = []
  for (const [key, value] of values) {
    const present = known.get(key)
    if (present !== undefined && comparable(present) === comparable(value)) {
      unchanged.push(key)
      continue
    }
    const encrypt = (plaintext: string, path: PropertyPath) => sealed(secrets, plaintext, getAt(config, path))
    text = setAt(text, ['config', key], stackYaml(value, [key], encrypt))
    ;(present === undefined ? added : replaced).push(key)
  }
  return { text, added, replaced, unchanged }
}

function sealed(secrets: PulumiSecrets | undefined, plaintext: string, present: Node | undefined): string {
  if (secrets === undefined) throw new Error('a secret is written without a key')
  const ciphertext = present && secureText(present)
  if (ciphertext !== undefined && secrets.decrypt(ciphertext) === plaintext) return ciphertext
  return secrets.encrypt(plaintext)
}

interface Expected {
  readonly file: string
  readonly values: Values
  readonly secrets: PulumiSecrets | undefined
}

/** Reads the text as an import would, before it takes the place of the file. */
function verify(text: string, { file, values, secrets }: Expected): void {
  const entries = stackEntries(getAt(decode(file, text).node, ['config']), text, secrets)
  const read = new Map(entries.map(({ key, value }) => [key, comparable(value)]))
  for (const [key, value] of values) {
    if (read.get(key) === comparable(value)) continue
    throw new EscError('invalid_input', `${key} could not be written into ${file} as it is; nothing was written`, {
      hint: 'change the value, or set it with "pulumi config set"',
    })
  }
}
