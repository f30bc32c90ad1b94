import { EscError } from '../../errors.ts'
import { present } from '../../present.ts'
import { badKeyUrl, hostLabel, type KeyUrlForm, splitKeyUrl } from '../key-url.ts'
import type { ProviderKind } from '../provider.ts'
import type { AzureKeyUrl } from './azurekeyvault.ts'

const form: KeyUrlForm = {
  usage: 'write azurekeyvault://<vault>.vault.azure.net/keys/<name>, and /<version> to pin one',
  parameters: ['algorithm'],
}

/** RSA1_5 is not among them: it can be attacked, and leaks what it decrypts. */
const algorithms = ['RSA-OAEP-256', 'RSA-OAEP']

/** `azurekeyvault://<vault>.vault.azure.net/keys/<name>`. */
export function azurekeyvaultKind(): ProviderKind {
  return {
    remote: true,
    hosts: {
      serverOf,
      // https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates
      wellKnown: [`${hostLabel}\\.vault\\.(?:azure\\.net|azure\\.cn|usgovcloudapi\\.net)`],
      variables: [],
      unknown: 'which is not a well-known one of its cloud',
    },
    check: parseAzureKeyUrl,
    open: async (url, context, owner) =>
      (await import('./azurekeyvault.ts')).azurekeyvaultProvider(parseAzureKeyUrl(url), context, owner),
  }
}

function serverOf(url: string): string {
  const { host } = parseAzureKeyUrl(url)
  if (URL.canParse(`https://${host}`)) return `https://${host}`
  throw new EscError('invalid_input', `the secrets provider azurekeyvault names '${host}', which is not a host name`)
}

/** Reads `azurekeyvault://…`. @throws EscError `invalid_input`. */
export function parseAzureKeyUrl(url: string): AzureKeyUrl {
  const refuse = (problem: string) => badKeyUrl(url, problem, form)
  const { path, parameters } = splitKeyUrl(url, form)
  const [host = '', keys, name = '', version, ...rest] = path.split('/')
  // Strict, because the token goes to this host.
  if (!/^[a-z0-9-]+\.vault\.[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(host))
    throw refuse(`'${host}' is not a vault's host name`)
  if (keys !== 'keys' || !/^[A-Za-z0-9-]+$/.test(name)) throw refuse('it names no key')
  if (rest.length > 0 || (version !== undefined && !/^[A-Za-z0-9]+$/.test(version))) {
    throw refuse('what follows the name is not a key version')
  }
  const algorithm = parameters.get('algorithm') ?? present(algorithms[0])
  if (!algorithms.includes(algorithm)) {
    throw refuse(`the algorithm '${algorithm}' is not one of ${algorithms.join(', ')}`)
  }
  return {
    kind: 'azurekeyvault',
    host: host.toLowerCase(),
    name,
    version,
    algorithm,
  }
}
