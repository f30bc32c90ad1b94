import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { EscError, messageOf } from '../../../errors.ts'
import { openPulumiPassphrase, openPulumiProvider, type PulumiSecrets } from '../../../keys/index.ts'
import { present } from '../../../present.ts'
import { getAt, type Node, type ObjectNode } from '../../../yaml/index.ts'
import { keyContext, type WorkspaceOptions } from '../../session/workspace.ts'
import { type ForeignFile, foreignValue, scalar } from './foreign-value.ts'
import { readObject } from './read-yaml.ts'

/**
 * Reads a Pulumi stack file: the keys of `config`, with `secure:` values decrypted, and the
 * environments it builds on.
 * @throws EscError `key_unavailable` for a wrong passphrase, a vendor's key that cannot be used, or
 *   a stack whose secrets the Pulumi service has.
 */
export async function readPulumiStack(
  text: string,
  options: WorkspaceOptions,
  source = 'the stack file',
): Promise<ForeignFile> {
  const root = readObject(text, source)
  const config = getAt(root, ['config'])
  const secrets = config !== undefined && hasSecure(config) ? await openStack(root, options) : undefined
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
  return { entries: values?.kind === 'object' ? values.entries : [], ...environmentOf(getAt(root, ['environment'])) }
}

/** The text behind `secure:`, where that is all there is. */
function secureText(node: Node): string | undefined {
  const only = node.kind === 'object' && node.entries.length === 1 ? node.entries[0] : undefined
  return only?.key.value === 'secure' && only.value.kind === 'string' ? only.value.value : undefined
}

function hasSecure(node: Node): boolean {
  if (secureText(node) !== undefined) return true
  if (node.kind === 'array') return node.elements.some(hasSecure)
  return node.kind === 'object' && node.entries.some(({ value }) => hasSecure(value))
}

/** Secrets providers of Pulumi whose keys can be asked for here, too. */
const vendors = ['awskms', 'azurekeyvault', 'gcpkms', 'hashivault']

async function openStack(root: ObjectNode, options: WorkspaceOptions): Promise<PulumiSecrets> {
  const line = (name: string) => {
    const node = getAt(root, [name])
    return node?.kind === 'string' ? node.value : undefined
  }
  const [salt, url, encryptedKey] = [line('encryptionsalt'), line('secretsprovider'), line('encryptedkey')]
  const kind = url?.split(':', 1)[0]
  if (url !== undefined && encryptedKey !== undefined && vendors.includes(kind as string)) {
    return openPulumiProvider({ url, encryptedKey }, keyContext(options))
  }
  if (salt !== undefined) return openPulumiPassphrase(salt, await passphrase(options))
  const hint = 'run "pulumi stack change-secrets-provider passphrase" on a copy of the stack first, and import that'
  if (url !== undefined && vendors.includes(kind as string)) {
    throw new EscError('invalid_input', `the stack file has no encryptedkey beside its secretsprovider ${kind}`, {
      hint,
    })
  }
  const where = url === undefined ? 'by the Pulumi service' : `with ${kind}`
  throw new EscError('key_unavailable', `the secrets of the stack are encrypted ${where}, which cannot be asked here`, {
    hint,
  })
}

/** The way in which the secrets of a checkpoint are encrypted. */
export interface SecretsManager {
  readonly type: string
  readonly state: Readonly<Record<string, unknown>>
}

/**
 * Returns what decrypts the secret outputs of a stack: its passphrase, or a vendor's key.
 * @throws EscError `key_unavailable`, `invalid_input`.
 */
export async function stackSecrets({ type, state }: SecretsManager, options: WorkspaceOptions): Promise<PulumiSecrets> {
  const field = (name: string) => (typeof state[name] === 'string' ? (state[name] as string) : '')
  if (type === 'passphrase') return openPulumiPassphrase(field('salt'), await passphrase(options))
  const url = field('url')
  if (type === 'cloud' && vendors.includes(url.split(':', 1)[0] as string)) {
    return openPulumiProvider({ url, encryptedKey: field('encryptedkey') }, keyContext(options))
  }
  throw new EscError(
    'key_unavailable',
    `the secrets of the stack are encrypted by ${type === 'service' ? 'the Pulumi service' : type}, which cannot be asked here`,
    {
      hint: 'change its secrets provider with "pulumi stack change-secrets-provider" to a passphrase or a vendor\'s key',
    },
  )
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
