import { signingKeys } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { sessionRequest } from '../../framework/session.ts'

export default class OidcJwks extends EscCommand<unknown, typeof OUTPUT_FLAG> {
  static override id = 'oidc:jwks'
  static override summary = "Print the public keys that verify this store's tokens and requests."
  static override description =
    `Prints the public keys as a JSON Web Key Set. Verifiers need it: adapters of the external rotator, and clouds. Serve it as
<issuer>/.well-known/jwks and <issuer>/.well-known/jwks.json, where the issuer is the one in esc.yaml, or give it to the adapter.
Creates the key (oidc.key in the configuration folder, or ESC_OIDC_KEY) if there is none.`
  static override examples = [{ description: 'Print the key set', command: 'esc oidc jwks' }]

  static override flags = OUTPUT_FLAG

  async run(): Promise<unknown> {
    return signingKeys(sessionRequest(this.io, this.flags).host)
  }

  text(keys: unknown): string {
    return JSON.stringify(keys, null, 2)
  }
}
