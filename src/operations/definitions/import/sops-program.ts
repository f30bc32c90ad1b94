import { dirname } from 'node:path'
import { childEnvironment, isKeyVariable, isOwnKeyVariable } from '../../../child-environment.ts'
import { EscError } from '../../../errors.ts'
import { JsonNumber } from '../../../json.ts'
import { isSopsCiphertext } from '../../../keys/index.ts'
import { input, rich } from '../../../rich-text.ts'
import { decode, type Node, type ObjectNode, placeOf } from '../../../yaml/index.ts'
import type { SessionHost } from '../../session/session-parts.ts'
import { type ForeignEntry, type ForeignValue, foreignValue, scalar } from './foreign-value.ts'
import type { SopsDocument } from './sops-forms.ts'

/** A person may have to unlock a key first. */
const timeoutMs = 120_000

interface SopsProgramFile {
  /** The file as it is, encrypted. */
  readonly root: ObjectNode
  readonly form: SopsDocument['form']
  /** Its absolute path. */
  readonly path: string
  /** The name that the user gave the file. */
  readonly source: string
}

/**
 * The values of a file that the program `sops` decrypts, with any key that it knows. It verifies
 * the MAC. A value is a secret when one was encrypted under its keys: those of a list count
 * together.
 * @throws EscError `key_unavailable`, without anything that the program said.
 */
export async function decryptedBySops(file: SopsProgramFile, host: SessionHost): Promise<readonly ForeignEntry[]> {
  const json = await jsonOf(file, host)
  const { node, diagnostics } = decode(file.source, json)
  if (node?.kind !== 'object' || diagnostics.length > 0) {
    throw new EscError('key_unavailable', `sops printed no JSON object for ${file.source}`, {
      hint: 'update sops to 3.9 or newer',
    })
  }
  const encrypted = encryptedPaths(file.root)
  const leaf = (each: Node, path: readonly string[]) => (encrypted.has(pathText(path)) ? secretOf(each) : undefined)
  const places = new Map(file.root.entries.map(({ key }) => [key.value, placeOf(key)]))
  return node.entries.map(({ key, value }) => ({
    key: key.value,
    value: foreignValue(value, [key.value], leaf, json),
    at: file.form === 'yaml' || file.form === 'json' ? places.get(key.value) : undefined,
  }))
}

/** JSON, because each text in it is exact. */
async function jsonOf({ form, path, source }: SopsProgramFile, { env }: SessionHost): Promise<string> {
  const { printedBy } = await import('../../session/printed-by.ts')
  // The keys of SOPS and Vault, which other programs do not get, are for this one.
  const own = Object.entries(env).filter(([name]) => isKeyVariable(name) && !isOwnKeyVariable(name))
  return printedBy(['sops', '--decrypt', '--input-type', form, '--output-type', 'json', path], {
    cwd: dirname(path),
    env: childEnvironment(env, { add: Object.fromEntries(own) }),
    signal: new AbortController().signal,
    timeoutMs,
    fault: (problem) =>
      problem === 'is not installed'
        ? new EscError(
            'key_unavailable',
            rich`sops is not installed, and ${input('with-sops')} asks it to decrypt ${source}`,
            {
              hint: 'install sops (https://getsops.io), or import the file where it is installed',
            },
          )
        : new EscError('key_unavailable', `sops could not decrypt ${source}: it ${problem}`, {
            hint: 'run "sops --decrypt" on the file to see why',
          }),
  })
}

function secretOf(node: Node): ForeignValue | undefined {
  if (node.kind === 'number') return scalar(new JsonNumber(node.text), true)
  return node.kind === 'string' || node.kind === 'boolean' ? scalar(node.value, true) : undefined
}

/** The keys on the way to each value that is encrypted, without positions in lists. */
function encryptedPaths(root: ObjectNode): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { key, value } of root.entries) {
    if (key.value === 'sops') continue
    foreignValue(
      value,
      [key.value],
      (node, path) => {
        if (node.kind === 'string' && isSopsCiphertext(node.value)) found.add(pathText(path))
        return node.kind === 'array' || node.kind === 'object' ? undefined : scalar(null)
      },
      '',
    )
  }
  return found
}

function pathText(path: readonly string[]): string {
  return JSON.stringify(path)
}
