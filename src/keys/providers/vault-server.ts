import { homedir } from 'node:os'
import { join } from 'node:path'
import { type FileSystem, machineFiles, readIfPresent } from '../../files/index.ts'
import { type KeyCall, keyFault } from '../key-fault.ts'
import type { KeyContext } from '../provider.ts'
import { isVaultAddress, type VaultKeyUrl, vaultAddressVariables } from './vault-key.ts'

/** A server of Vault or OpenBao, and the token for it. */
export interface VaultServer {
  /** Without a slash at its end. */
  readonly address: string
  readonly token: string
  readonly namespace: string | undefined
}

type Variables = KeyContext['env']

/**
 * A variable of OpenBao's and Vault's clients: `ADDR` for `BAO_ADDR`, else
 * `VAULT_ADDR`. Empty is unset.
 */
export function vaultVariable(env: Variables, name: string): { name: string; value: string } | undefined {
  for (const each of [`BAO_${name}`, `VAULT_${name}`]) {
    const value = env[each]
    if (value) return { name: each, value }
  }
  return undefined
}

/**
 * The server that a key's URL or the environment variables name, and the token for it. The caller
 * has asked whether the host in a URL may have the user's token.
 * @throws EscError `key_unavailable`.
 */
export function findVaultServer(url: VaultKeyUrl, context: KeyContext, call: KeyCall): VaultServer {
  const { env } = context
  const address = url.address ?? addressOf(env, call)
  const namespace = url.namespace ?? vaultVariable(env, 'NAMESPACE')?.value
  return { address, token: tokenFor(address, context, call), namespace }
}

function addressOf(env: Variables, call: KeyCall): string {
  const variable = vaultAddressVariables.find((name) => env[name])
  const address = variable && env[variable]?.trim()
  if (address === undefined) {
    throw keyFault(call, 'credentials', {
      code: 'no address',
      text: 'neither VAULT_SERVER_URL nor VAULT_ADDR nor BAO_ADDR is set',
      hint: 'set one of them to the address of the server, or put ?address=https://… into the URL of the secrets provider',
    })
  }
  if (isVaultAddress(address)) return address.replace(/\/+$/, '')
  throw keyFault(call, 'credentials', {
    code: 'no address',
    text: `${variable} is not the http(s) address of a server`,
    hint: 'write it as https://vault.example.com:8200',
  })
}

/** Name of the variable with the token for one server: `ESC_VAULT_TOKEN_VAULT_EXAMPLE_COM_8200`. */
function serverTokenVariable(address: string): string {
  return `ESC_VAULT_TOKEN_${new URL(address).host.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`
}

function tokenFor(address: string, { env, files = machineFiles }: KeyContext, call: KeyCall): string {
  const own = serverTokenVariable(address)
  for (const name of [own, 'VAULT_SERVER_TOKEN', 'BAO_TOKEN', 'VAULT_TOKEN']) {
    const value = env[name]?.trim()
    if (!value) continue
    if (/^[!-~]+$/.test(value)) return value
    throw keyFault(call, 'credentials', {
      code: 'no token',
      text: `${name} holds something that is not a token`,
      hint: 'set it to one token: a line without spaces',
    })
  }
  const place = vaultVariable(env, 'TOKEN_PATH')?.value ?? join(env.HOME || homedir(), '.vault-token')
  const token = readToken(files, place, call)
  if (token !== '') return token
  throw keyFault(call, 'credentials', {
    code: 'no token',
    text: `neither ${own} nor VAULT_SERVER_TOKEN nor VAULT_TOKEN nor BAO_TOKEN is set, and ${place} holds no token`,
    hint: 'log in with "vault login" or "bao login", or set one of the variables to a token that may use the key',
  })
}

/** The token of `vault login`, which is all that the file holds. Empty: there is none. */
function readToken(files: FileSystem, place: string, call: KeyCall): string {
  const refuse = (text: string) =>
    keyFault(call, 'credentials', {
      code: 'no token',
      text,
      hint: 'log in again with "vault login" or "bao login", or set VAULT_TOKEN',
    })
  let text: string
  try {
    text = Buffer.from(readIfPresent(files, place) ?? [])
      .toString()
      .trim()
  } catch (error) {
    throw refuse(`${place} cannot be read (${(error as { code?: unknown }).code ?? 'no reason given'})`)
  }
  if (/^[!-~]*$/.test(text)) return text
  throw refuse(`${place} holds something that is not a token`)
}
