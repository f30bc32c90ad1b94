import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { openPulumiPassphrase, type PulumiSecrets } from '../../crypto/index.ts'
import { EscError, messageOf } from '../../errors.ts'
import { getAt, type Node, type ObjectNode } from '../../syntax/index.ts'
import type { WorkspaceOptions } from '../workspace.ts'
import { type ForeignFile, foreignValue, scalar } from './foreign-value.ts'
import { readObject } from './read-yaml.ts'

/**
 * Reads a Pulumi stack file: the keys of `config`, with `secure:` values decrypted, and the environments it builds on.
 * @throws EscError `key_unavailable` for a wrong passphrase, or a stack whose secrets are not under a passphrase.
 */
export async function readPulumiStack(text: string, options: WorkspaceOptions): Promise<ForeignFile> {
  const root = readObject(text, 'the stack file')
  const config = getAt(root, ['config'])
  const secrets = config !== undefined && hasSecure(config) ? await openStack(root, options) : undefined
  const values =
    config?.kind === 'object'
      ? foreignValue(
          config,
          [],
          (node) => {
            const secure = secureText(node)
            return secure === undefined ? undefined : scalar(secrets!.decrypt(secure), true)
          },
          text,
        )
      : undefined
  return { entries: values?.kind === 'object' ? values.entries : [], ...environmentOf(getAt(root, ['environment'])) }
}

/** The text behind `secure:`, where that is all there is. */
function secureText(node: Node): string | undefined {
  if (node.kind !== 'object' || node.entries.length !== 1) return undefined
  const { key, value } = node.entries[0]!
  return key.value === 'secure' && value.kind === 'string' ? value.value : undefined
}

function hasSecure(node: Node): boolean {
  if (secureText(node) !== undefined) return true
  if (node.kind === 'array') return node.elements.some(hasSecure)
  return node.kind === 'object' && node.entries.some(({ value }) => hasSecure(value))
}

async function openStack(root: ObjectNode, options: WorkspaceOptions): Promise<PulumiSecrets> {
  const salt = getAt(root, ['encryptionsalt'])
  if (salt?.kind === 'string') return openPulumiPassphrase(salt.value, await passphrase(options))
  const provider = getAt(root, ['secretsprovider'])
  const where = provider?.kind === 'string' ? `with ${provider.value}` : 'by the Pulumi service'
  throw new EscError('key_unavailable', `the secrets of the stack are encrypted ${where}, not with a passphrase`, {
    hint: 'run "pulumi stack change-secrets-provider passphrase" on a copy of the stack first, and import that',
  })
}

async function passphrase({ env, cwd, prompt }: WorkspaceOptions): Promise<string> {
  // Set but empty counts.
  if (env.PULUMI_CONFIG_PASSPHRASE !== undefined) return env.PULUMI_CONFIG_PASSPHRASE
  const file = env.PULUMI_CONFIG_PASSPHRASE_FILE
  if (file) {
    try {
      return readFileSync(resolve(cwd, file), 'utf8').trim()
    } catch (error) {
      throw new EscError('key_unavailable', `PULUMI_CONFIG_PASSPHRASE_FILE: ${messageOf(error)}`, {
        hint: 'name a file that holds the passphrase of the stack',
        cause: error,
      })
    }
  }
  if (prompt !== undefined) return prompt('Passphrase of the stack: ')
  throw new EscError('key_unavailable', 'the stack file has secrets, and their passphrase is not given', {
    hint: 'set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE, or run the command on a terminal',
  })
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
