import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bounded } from '../../budget.ts'
import type { Variables } from '../../child-environment.ts'
import { EscError, messageOf } from '../../errors.ts'
import type { ExportedMap, ExportedValue } from '../../evaluate/index.ts'
import { keyTexts } from '../../keys/index.ts'
import { formatAccess, scanReference } from '../../language/index.ts'
import { bytesOf } from '../../raw-bytes.ts'
import { findValue, unknownPaths } from './found-value.ts'
import { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts'
import { formatAsText, isObject, rootValue, type Variable, variablesOf } from './value-format.ts'

/** Temporary files that hold the `files` of an environment, each readable by the user alone. */
export interface FileVariables {
  /** Names with the paths of their files, in order of names. */
  readonly variables: readonly Variable[]
  remove(): void
}

export interface FilesFolder {
  /** Default: that of the operating system. */
  readonly folder?: string
  /**
   * True when they end with this process: then they lie in a folder that is swept if it is
   * killed. Default: they stay.
   */
  readonly ours?: boolean
  /** True when the user has named the folder, which is made where it is not there. */
  readonly named?: boolean
  /** For their names. Default: that of the operating system. */
  readonly random?: (byteCount: number) => Uint8Array
}

/**
 * Writes the `files` of an environment to temporary files; those already written are
 * removed when one cannot be.
 */
export function createFiles(properties: ExportedMap, place: FilesFolder = {}): FileVariables {
  const { random = randomBytes } = place
  const paths: string[] = []
  let own: TemporaryFolder | undefined
  const remove = () => {
    for (const path of paths) rmSync(path, { force: true })
    own?.remove()
  }
  try {
    const variables = variablesOf(properties, 'files', { redact: false }).map(({ name, value }) => {
      if (place.named && place.folder !== undefined) mkdirSync(place.folder, { recursive: true, mode: 0o700 })
      if (place.ours) own ??= makeTemporaryFolder('run', place.folder)
      const path = join(own?.path ?? place.folder ?? tmpdir(), `esc-${Buffer.from(random(8)).toString('hex')}`)
      writeFileSync(path, bytesOf(value), { mode: 0o600, flag: 'wx' })
      paths.push(path)
      return { name, value: path, secret: false }
    })
    return { variables, remove }
  } catch (error) {
    remove()
    if (error instanceof EscError) throw error
    const [doing, hint] = place.named
      ? [`writing files into ${place.folder}`, 'name a folder that can be written']
      : ['creating temporary files', 'set TMPDIR to a folder that can be written']
    throw new EscError('io', `${doing}: ${messageOf(error)}`, { hint, cause: error })
  }
}

/** An argument of a program with its references filled in. */
export interface FilledArgument {
  readonly text: string
  /** References to nothing, which stay as they were, and what there is instead. */
  readonly missing: readonly { readonly reference: string; readonly name: string; readonly instead: string }[]
  /** Paths of values that are not known. Their text is `[unknown]`. */
  readonly unknown: readonly string[]
  /** Paths of values with bytes that are no UTF-8, which no argument can hold. */
  readonly notText: readonly string[]
}

/**
 * Replaces `${path}` in the argument of a program by the value's text. What names no value of the
 * environment stays as it is, since it may be for a shell: `${HOME}`, `${X:-default}`, `$$`.
 * `$${path}` stands for the text `${path}`. Secrets that have been put in are added to `secrets`.
 */
export function interpolateArgument(properties: ExportedMap, argument: string, secrets: Set<string>): FilledArgument {
  const missing: { reference: string; name: string; instead: string }[] = []
  const unknown: string[] = []
  const notText: string[] = []
  let text = ''
  for (let at = 0; at < argument.length; ) {
    const dollar = argument.indexOf('$', at)
    if (dollar === -1) {
      text += argument.slice(at)
      break
    }
    text += argument.slice(at, dollar)
    at = dollar + 1
    if (argument.startsWith('$${', dollar)) {
      text += '${'
      at = dollar + 3
      continue
    }
    const reference = argument[at] === '{' ? scanReference(argument, dollar) : undefined
    const path = reference?.access.accessors.map((accessor) => accessor.key)
    const found = path && findValue(properties, path)
    if (reference === undefined || path === undefined || found === undefined) {
      text += '$'
      continue
    }
    at = reference.end
    if (found.kind === 'missing') {
      const written = argument.slice(dollar, at)
      missing.push({ reference: written, name: String(path[0]), instead: found.instead })
      text += written
      continue
    }
    unknown.push(...unknownPaths(found.value, path))
    const { value } = found
    const inserted = bounded(undefined, `the text of ${formatAccess(reference.access)}`, () =>
      formatAsText(value, { redact: false }),
    )
    if (value.secret) secrets.add(inserted)
    if (!inserted.isWellFormed()) notText.push(formatAccess(reference.access))
    text += inserted
  }
  return { text, missing, unknown, notText }
}

/**
 * Secrets this long are hidden in a program's output even if it was not handed them: it
 * may read them from a file.
 */
const LEAST_UNEXPORTED = 8

/**
 * The secret texts that a program's output must not show: those it is handed, any longer one of the
 * environment, and the keys in our own variables.
 */
export function hiddenTexts(properties: ExportedMap, env: Variables): Set<string> {
  const texts = keyTexts(env)
  for (const member of ['environmentVariables', 'files'] as const) {
    for (const { value, secret } of variablesOf(properties, member, { redact: false })) if (secret) texts.add(value)
  }
  collectSecrets(rootValue(properties), false, texts)
  return texts
}

function collectSecrets(value: ExportedValue, inSecret: boolean, texts: Set<string>): void {
  const secret = inSecret || value.secret === true
  const content = value.value
  if (Array.isArray(content)) {
    for (const element of content as readonly ExportedValue[]) collectSecrets(element, secret, texts)
  } else if (isObject(content)) {
    for (const member of Object.values(content)) collectSecrets(member, secret, texts)
  } else if (secret && typeof content === 'string' && content.length >= LEAST_UNEXPORTED) {
    texts.add(content)
  }
}
