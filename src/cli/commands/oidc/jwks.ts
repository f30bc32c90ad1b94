import { signingKeys } from '../../../operations/index.ts'
import { EscCommand } from '../../framework/command.ts'
import { sessionRequest } from '../../framework/session.ts'

export default class OidcJwks extends EscCommand<unknown> {
  static override id = 'oidc:jwks'
  static override summary = 'Print the public keys that verify tokens and requests of this store.'
  static override description =
    `Prints a JSON Web Key Set: the public part of the key that signs requests of the external rotator. Serve it under
<issuer>/.well-known/jwks and <issuer>/.well-known/jwks.json, where issuer is the one named in esc.yaml, or give it to the adapter.
Makes the key (oidc.key in the configuration folder, or ESC_OIDC_KEY) where there is none.`
  static override examples = [{ description: 'Print the key set', command: 'esc oidc jwks' }]

  async run(): Promise<unknown> {
    return signingKeys(sessionRequest(this.io, this.flags).host)
  }

  text(keys: unknown): string {
    return JSON.stringify(keys, null, 2)
  }
}
