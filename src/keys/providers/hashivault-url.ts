import { badKeyUrl, type KeyUrlForm, splitKeyUrl } from '../key-url.ts'
import type { ProviderKind } from '../provider.ts'
import { isVaultAddress, type VaultKeyUrl, vaultAddressVariables } from './vault-key.ts'

const form: KeyUrlForm = {
  usage:
    'write hashivault://<key>, with ?address=https://<host> for its server, &namespace=<namespace>, and &engine=<mount> where the transit engine is not mounted at transit',
  parameters: ['address', 'engine', 'namespace'],
}

/** `hashivault://<key>`. */
export function hashivaultKind(): ProviderKind {
  return {
    remote: true,
    hosts: {
      serverOf: (url) => parseVaultKeyUrl(url).address,
      wellKnown: [],
      variables: vaultAddressVariables,
      unknown: 'which is not the server that VAULT_ADDR names',
    },
    check: parseVaultKeyUrl,
    open: async (url, context, owner) =>
      (await import('./hashivault.ts')).hashivaultProvider(parseVaultKeyUrl(url), context, owner),
  }
}

/** Reads `hashivault://…`. @throws EscError `invalid_input`. */
export function parseVaultKeyUrl(url: string): VaultKeyUrl {
  const refuse = (problem: string) => badKeyUrl(url, problem, form)
  const { path, parameters } = splitKeyUrl(url, form)
  if (path === '') throw refuse('it names no key')
  if (/^[\w.-]+(?::\d+)?\/[\w.-]+$/.test(path)) {
    throw refuse(`'${path}' is not a key name; the server goes into the parameter address`)
  }
  if (!/^\w(?:[\w.-]*\w)?$/.test(path) || path.includes('..')) throw refuse(`'${path}' is not a key name`)
  const engine = parameters.get('engine') ?? 'transit'
  if (!isPath(engine)) throw refuse(`the engine '${engine}' is not a mount`)
  const namespace = parameters.get('namespace')?.replace(/^\/|\/$/g, '')
  if (namespace !== undefined && !isPath(namespace)) throw refuse(`'${namespace}' is not a namespace`)
  const address = parameters.get('address')
  return {
    kind: 'hashivault',
    key: path,
    engine,
    ...(address !== undefined && { address: checkAddress(address, refuse) }),
    namespace,
  }
}

/** A segment of dots would let the request leave the mount. */
function isPath(text: string): boolean {
  return text.split('/').every((segment) => /^[\w.-]+$/.test(segment) && !/^\.+$/.test(segment))
}

/**
 * Plain HTTP shows the token and the data key to everybody on the way, so it
 * is for this machine only.
 */
function checkAddress(address: string, refuse: (problem: string) => Error): string {
  if (isVaultAddress(address)) {
    const { protocol, hostname } = new URL(address)
    const local = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
    if (protocol === 'https:' || local) return address.replace(/\/+$/, '')
  }
  throw refuse("the parameter 'address' must be https:// and a host (http:// only for this machine)")
}
