import { EscError } from '../../errors.ts'
import { makeOidcKey } from '../../keys/index.ts'
import { setAt } from '../../yaml/index.ts'
import { storeOperation } from '../session/operation.ts'
import { configuredIssuer, oidcContext } from '../session/signed-requests.ts'
import { allowTyped } from '../trust/powers.ts'
import { acceptAlso } from '../trust/require-powers.ts'

export interface InitializedIssuer {
  /** `undefined`: the store has none yet. */
  readonly issuer: string | undefined
  /** RFC 7638 thumbprint of the key that signs. */
  readonly key: string
  /** False when the key was there already. */
  readonly isNewKey: boolean
}

/**
 * Makes the key that identity tokens are signed with, unless there is one, and names the issuer in
 * `esc.yaml`. Whoever names it allows it on this machine. Throws EscError `invalid_input` for an
 * address that vendors could not fetch keys from.
 */
export const initIssuer = storeOperation({
  name: 'init-issuer',
  level: ({ issuer }: { readonly issuer?: string | undefined }) => (issuer === undefined ? undefined : 'admin'),
  audit: 'store-settings-updated',
  changes: true,
  async run(work, { issuer }): Promise<InitializedIssuer> {
    const address = issuer === undefined ? undefined : issuerAddress(issuer)
    const { thumbprint, isNew } = makeOidcKey(oidcContext(work.host))
    if (address !== undefined) {
      await work.store.configuration.change((text) => setAt(text, ['oidc', 'issuer'], address))
      const power = { kind: 'issuer', value: address } as const
      allowTyped(work, power)
      await acceptAlso(work, power)
    }
    return { issuer: configuredIssuer(work), key: thumbprint, isNewKey: isNew }
  },
})

/** The address as `iss` holds it: a slash at the end would make it another issuer for AWS. */
function issuerAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url?.protocol === 'https:' && `${url.username}${url.password}${url.search}${url.hash}` === ''
  if (isPlain) return text.replace(/\/+$/, '')
  throw new EscError('invalid_input', `${JSON.stringify(text)} cannot be the issuer of identity tokens`, {
    hint: 'write an address under your control that begins with https://, such as https://esc.example.org or https://example.org/esc',
  })
}
