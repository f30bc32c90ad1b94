import type { PulumiSecrets } from '../../../keys/index.ts'
import { present } from '../../../present.ts'
import { getAt, type Node } from '../../../yaml/index.ts'
import type { SessionHost } from '../../session/session-parts.ts'
import { type ForeignEntry, type ForeignFile, foreignValue, scalar } from './foreign-value.ts'
import { openStack } from './pulumi-secrets.ts'
import { readObject } from './read-yaml.ts'

/**
 * Reads a Pulumi stack file: the keys of `config`, with `secure:` values decrypted, and the
 * environments it builds on.
 * @throws EscError `key_unavailable` for a wrong passphrase, a vendor's key that cannot be used, or
 *   a stack whose secrets the Pulumi service has.
 */
export async function readPulumiStack(
  text: string,
  host: SessionHost,
  source = 'the stack file',
): Promise<ForeignFile> {
  const root = readObject(text, source)
  const config = getAt(root, ['config'])
  const secrets = config !== undefined && hasSecure(config) ? await openStack(root, host) : undefined
  return { entries: stackEntries(config, text, secrets), ...environmentOf(getAt(root, ['environment'])) }
}

/** The keys of `config` of a stack file, with `secure:` values decrypted by `secrets`. */
export function stackEntries(
  config: Node | undefined,
  text: string,
  secrets: PulumiSecrets | undefined,
): readonly ForeignEntry[] {
  const values =
    config?.kind === 'object'
      ? foreignValue(
          config,
          [],
          (node) => {
            const secure = secureText(node)
            return secure === undefined ? undefined : scalar(present(secrets).decrypt(secure), true)
          },
          text,
        )
      : undefined
  return values?.kind === 'object' ? values.entries : []
}

/** The text behind `secure:`, where that is all there is. */
export function secureText(node: Node): string | undefined {
  const only = node.kind === 'object' && node.entries.length === 1 ? node.entries[0] : undefined
  return only?.key.value === 'secure' && only.value.kind === 'string' ? only.value.value : undefined
}

/** True when there is an encrypted value in it. */
export function hasSecure(node: Node): boolean {
  if (secureText(node) !== undefined) return true
  if (node.kind === 'array') return node.elements.some(hasSecure)
  return node.kind === 'object' && node.entries.some(({ value }) => hasSecure(value))
}

/** `environment:` is a list of names, or a definition with imports and values. */
function environmentOf(node: Node | undefined): Pick<ForeignFile, 'imports' | 'warnings'> {
  const list = node?.kind === 'object' ? getAt(node, ['imports']) : node
  const imports = list?.kind === 'array' ? list.elements.flatMap(importName) : []
  const inline = getAt(node, ['values']) !== undefined
  return {
    imports,
    warnings: inline ? ['the values that the stack file has under environment.values were not imported'] : [],
  }
}

function importName(node: Node): string[] {
  if (node.kind === 'string') return [node.value]
  return node.kind === 'object' ? node.entries.slice(0, 1).map(({ key }) => key.value) : []
}
