import { badKeyUrl, type KeyUrlForm, splitKeyUrl } from '../key-url.ts'
import type { ProviderKind } from '../provider.ts'
import type { GcpKeyUrl } from './gcpkms.ts'

const form: KeyUrlForm = {
  usage: 'write gcpkms://projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>',
  parameters: ['additional_authenticated_data'],
}

const labels = ['projects', 'locations', 'keyRings', 'cryptoKeys']

/** `gcpkms://projects/…`. */
export function gcpkmsKind(): ProviderKind {
  return {
    remote: true,
    check: parseGcpKeyUrl,
    open: async (url, context, owner) =>
      (await import('./gcpkms.ts')).gcpkmsProvider(parseGcpKeyUrl(url), context, owner),
  }
}

/** Reads `gcpkms://…`. @throws EscError `invalid_input`. */
export function parseGcpKeyUrl(url: string): GcpKeyUrl {
  const refuse = (problem: string) => badKeyUrl(url, problem, form)
  const { path, parameters } = splitKeyUrl(url, form)
  const segments = path.split('/')
  labels.forEach((label, index) => {
    const value = segments[2 * index + 1]
    if (segments[2 * index] !== label) throw refuse(`it lacks '${label}/…'`)
    if (!value) throw refuse(`the part after '${label}' is empty`)
    if (!/^[A-Za-z0-9_-][A-Za-z0-9_.:-]*$/.test(value)) throw refuse(`'${value}' cannot follow '${label}'`)
  })
  if (segments.length > 2 * labels.length) throw refuse('there is more after the name of the key')
  const encoded = parameters.get('additional_authenticated_data') ?? ''
  const additionalData = Buffer.from(encoded, 'base64url')
  if (additionalData.toString('base64url') !== encoded.replace(/=+$/, '')) {
    throw refuse("the parameter 'additional_authenticated_data' is not base64url")
  }
  return { kind: 'gcpkms', name: path, additionalData }
}
