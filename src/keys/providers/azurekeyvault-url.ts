import { badKeyUrl, type KeyUrlForm, splitKeyUrl } from '../key-url.ts'

export interface AzureKeyUrl {
  readonly kind: 'azurekeyvault'
  /** Such as `team.vault.azure.net`. */
  readonly host: string
  readonly name: string
  /** Undefined: the newest. */
  readonly version?: string
  readonly algorithm: string
}

const form: KeyUrlForm = {
  usage: 'write azurekeyvault://<vault>.vault.azure.net/keys/<name>, and /<version> to pin one',
  parameters: ['algorithm'],
}

/** RSA1_5 is not among them: it can be attacked, and leaks what it decrypts. */
const algorithms = ['RSA-OAEP-256', 'RSA-OAEP']

/** Reads `azurekeyvault://…`. @throws EscError `invalid_input`. */
export function parseAzureKeyUrl(url: string): AzureKeyUrl {
  const refuse = (problem: string) => badKeyUrl(url, problem, form)
  const { path, parameters } = splitKeyUrl(url, form)
  const [host = '', keys, name = '', version, ...rest] = path.split('/')
  // Strict, because the token goes to this host.
  if (!/^[a-z0-9-]+\.vault\.[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(host)) throw refuse(`'${host}' is no vault's host name`)
  if (keys !== 'keys' || !/^[A-Za-z0-9-]+$/.test(name)) throw refuse('it names no key')
  if (rest.length > 0 || (version !== undefined && !/^[A-Za-z0-9]+$/.test(version))) {
    throw refuse('what follows the name is no key version')
  }
  const algorithm = parameters.get('algorithm') ?? algorithms[0]!
  if (!algorithms.includes(algorithm)) {
    throw refuse(`the algorithm '${algorithm}' is not one of ${algorithms.join(', ')}`)
  }
  return {
    kind: 'azurekeyvault',
    host: host.toLowerCase(),
    name,
    ...(version !== undefined && { version }),
    algorithm,
  }
}
