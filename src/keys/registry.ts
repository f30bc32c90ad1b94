import { EscError } from '../errors.ts'
import { nearest } from '../suggestion.ts'
import { showKeyUrl } from './key-url.ts'
import type { ProviderKind } from './provider.ts'
import { ageKind } from './providers/age-url.ts'
import { awskmsKind } from './providers/awskms-url.ts'
import { azurekeyvaultKind } from './providers/azurekeyvault-url.ts'
import { defaultKind } from './providers/default.ts'
import { gcpkmsKind } from './providers/gcpkms-url.ts'
import { hashivaultKind } from './providers/hashivault-url.ts'
import { passphraseKind } from './providers/passphrase.ts'

/** Every kind of secrets provider, by the word its URLs begin with. */
const kinds: Readonly<Record<string, () => ProviderKind>> = {
  default: defaultKind,
  passphrase: passphraseKind,
  age: ageKind,
  awskms: awskmsKind,
  azurekeyvault: azurekeyvaultKind,
  gcpkms: gcpkmsKind,
  hashivault: hashivaultKind,
}

/**
 * The kind of a URL or bare name, whether or not the rest of it can be used. `undefined` when there
 * is none.
 */
export function kindNamed(url: string): { readonly name: string; readonly kind: ProviderKind } | undefined {
  const [name = ''] = url.split(':', 1)
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  return kind && { name, kind: kind() }
}

/** The kind of a URL that can be used. @throws EscError `invalid_input`. */
export function checkedKind(url: string): { readonly name: string; readonly kind: ProviderKind } {
  const found = kindNamed(url)
  if (found === undefined) throw unknownKind(url.split(':', 1)[0] ?? '')
  const { name, kind } = found
  if (kind.check !== undefined) kind.check(url)
  else if (url !== name && url !== `${name}://`) throw unknownKind(url)
  return found
}

function unknownKind(kind: string): EscError {
  const suggestion = nearest(kind.slice(0, 40).split(':', 1)[0] ?? '', Object.keys(kinds))
  return new EscError(
    'invalid_input',
    `unknown secrets provider type '${showKeyUrl(kind)}' (supported values: ${Object.keys(kinds).join(', ')})`,
    suggestion === undefined ? {} : { hint: `did you mean "${suggestion}"?` },
  )
}
