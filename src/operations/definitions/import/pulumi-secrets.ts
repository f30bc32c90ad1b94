import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { EscError, messageOf } from '../../../errors.ts'
import {
  makePulumiPassphrase,
  makePulumiProvider,
  openPulumiPassphrase,
  openPulumiProvider,
  type PulumiSecrets,
} from '../../../keys/index.ts'
import { getAt, type Node, type ObjectNode } from '../../../yaml/index.ts'
import type { SessionHost } from '../../session/session-parts.ts'
import { keyContext } from '../../session/workspace.ts'

/** Secrets providers of Pulumi whose keys can be asked for here, too. */
const vendors = ['awskms', 'azurekeyvault', 'gcpkms', 'hashivault']

/** The lines of a stack file that say how its secrets are encrypted. */
export interface StackProvider {
  readonly encryptionsalt: string | undefined
  readonly secretsprovider: string | undefined
  readonly encryptedkey: string | undefined
}

export function stackProvider(root: Node | undefined): StackProvider {
  const line = (name: string) => {
    const node = getAt(root, [name])
    return node?.kind === 'string' ? node.value : undefined
  }
  return {
    encryptionsalt: line('encryptionsalt'),
    secretsprovider: line('secretsprovider'),
    encryptedkey: line('encryptedkey'),
  }
}

/**
 * Opens the secrets of a stack file.
 * @throws EscError `key_unavailable` where the Pulumi service has them; what opening throws.
 */
export async function openStack(root: ObjectNode, host: SessionHost): Promise<PulumiSecrets> {
  const { encryptionsalt: salt, secretsprovider: url, encryptedkey: encryptedKey } = stackProvider(root)
  const kind = url?.split(':', 1)[0]
  if (url !== undefined && encryptedKey !== undefined && vendors.includes(kind as string)) {
    return openPulumiProvider({ url, encryptedKey }, keyContext(host))
  }
  if (salt !== undefined) return openPulumiPassphrase(salt, await passphrase(host))
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
export async function stackSecrets({ type, state }: SecretsManager, host: SessionHost): Promise<PulumiSecrets> {
  const field = (name: string) => (typeof state[name] === 'string' ? (state[name] as string) : '')
  if (type === 'passphrase') return openPulumiPassphrase(field('salt'), await passphrase(host))
  const url = field('url')
  if (type === 'cloud' && vendors.includes(url.split(':', 1)[0] as string)) {
    return openPulumiProvider({ url, encryptedKey: field('encryptedkey') }, keyContext(host))
  }
  throw new EscError(
    'key_unavailable',
    `the secrets of the stack are encrypted by ${type === 'service' ? 'the Pulumi service' : type}, which cannot be asked here`,
    {
      hint: 'change its secrets provider with "pulumi stack change-secrets-provider" to a passphrase or a vendor\'s key',
    },
  )
}

/**
 * Makes the key of a stack that has none, and opens it again as a reader would.
 * @param url `passphrase`, or the URL of a vendor's key.
 * @throws EscError `invalid_input`, `key_unavailable`.
 */
export async function makeStack(
  url: string,
  host: SessionHost,
): Promise<{ readonly secrets: PulumiSecrets; readonly lines: Partial<StackProvider> }> {
  if (url === 'passphrase') {
    const typed = await passphrase(host, { confirm: true })
    const { encryptionsalt } = await makePulumiPassphrase(typed)
    return { secrets: await openPulumiPassphrase(encryptionsalt, typed), lines: { encryptionsalt } }
  }
  const context = keyContext(host)
  const { encryptedKey } = await makePulumiProvider(url, context)
  const lines = { secretsprovider: url, encryptedkey: encryptedKey }
  return { secrets: await openPulumiProvider({ url, encryptedKey }, context), lines }
}

async function passphrase(
  { env, cwd, prompt }: SessionHost,
  asking: { readonly confirm?: boolean } = {},
): Promise<string> {
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
  if (prompt !== undefined) return prompt('Passphrase of the stack: ', asking)
  throw new EscError('key_unavailable', 'the stack file has secrets, and their passphrase is not given', {
    hint: 'set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE, or run the command on a terminal',
  })
}
