import { AMBIENT_SECRETS, isKeyVariable, isOwnKeyVariable, type Variables } from '../child-environment.ts'
import { type FileSystem, machineFiles } from '../files/index.ts'

/** Shorter values of variables that are not our own may stand in any output: a token `root`. */
const LEAST_FOREIGN = 8
const LARGEST_FILE = 1 << 20

/**
 * The secret texts in variables that hold keys, and in the files that such variables name. A
 * program's output must not show them. Files that cannot be read are passed over.
 */
export function keyTexts(env: Variables, files: FileSystem = machineFiles): Set<string> {
  const texts = new Set<string>()
  for (const name of Object.keys(env)) {
    if (!(isKeyVariable(name) || AMBIENT_SECRETS.includes(name))) continue
    const value = env[name]
    if (!value) continue
    // It names a program.
    if (name.endsWith('_CMD')) continue
    const text = name.endsWith('_FILE') ? readQuietly(files, value) : value
    if (text === undefined) continue
    const least = isOwnKeyVariable(name) ? 1 : LEAST_FOREIGN
    for (const each of secretParts(text)) if (each.length >= least) texts.add(each)
  }
  return texts
}

/** Finds in files what is neither a comment nor public. */
function* secretParts(text: string): Generator<string> {
  if (text.trimStart().startsWith('{')) {
    yield* membersOfJson(text)
    return
  }
  // As `ESC_OIDC_KEY` may be written.
  const lines = text.replaceAll('\\n', '\n').trim().split(/\r?\n/)
  const shown = lines.filter((line) => !line.startsWith('#')).join('\n')
  yield shown.trim()
  for (const line of lines) {
    // Those of several identities; the secret part of a key line.
    if (line.startsWith('AGE-SECRET-KEY-')) yield line.trim()
    const key = /^esc-key-v1:[0-9a-f]*:([\w-]+)/.exec(line.trim())?.[1]
    if (key !== undefined) yield key
  }
  if (text.includes('\\n')) yield text
}

function* membersOfJson(text: string): Generator<string> {
  try {
    const members = JSON.parse(text) as Record<string, unknown>
    for (const name of ['private_key', 'client_secret', 'refresh_token']) {
      const member = members[name]
      if (typeof member === 'string') yield member
    }
  } catch {
    yield text
  }
}

/** A pipe would keep us waiting; what was read from it before is nowhere any more. */
function readQuietly(files: FileSystem, path: string): string | undefined {
  try {
    const status = files.stat(path)
    return status?.kind === 'file' && status.size <= LARGEST_FILE ? files.readText(path) : undefined
  } catch {
    return undefined
  }
}
