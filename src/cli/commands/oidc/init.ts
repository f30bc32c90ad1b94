import { type InitializedIssuer, initIssuer } from '../../../operations/index.ts'
import { COMMIT_FLAG, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { text } from '../../framework/flags.ts'
import { openSession } from '../../framework/session.ts'

const flags = {
  issuer: text({ description: 'the address that vendors fetch the keys from, written to esc.yaml', value: 'url' }),
  ...COMMIT_FLAG,
  ...OUTPUT_FLAG,
}

export default class OidcInit extends EscCommand<InitializedIssuer, typeof flags> {
  static override id = 'oidc:init'
  static override summary = 'Create the signing key for identity tokens and set the issuer.'
  static override description =
    `Creates the signing key (oidc.key in the configuration folder) if there is none, and writes the issuer into esc.yaml. The issuer is an
https address of yours that serves two static files; "esc oidc publish" writes them. Clouds that trust the issuer give credentials in
exchange for tokens of this store, so that you need not store a long-lived key (docs/oidc.md).`
  static override examples = [
    { description: 'Set up an issuer', command: 'esc oidc init --issuer https://esc.example.org' },
    { description: 'Make the key alone', command: 'esc oidc init' },
  ]
  static override flags = flags

  async run(): Promise<InitializedIssuer> {
    return (await openSession(this.io, this.flags).perform(initIssuer, undefined, { issuer: this.flags.issuer })).result
  }

  text({ issuer, key, isNewKey }: InitializedIssuer): string {
    const made = isNewKey ? `Signing key made: ${key}` : `Signing key: ${key} (it was there already)`
    if (issuer === undefined)
      return `${made}\nNext: esc oidc init --issuer https://<address that you can serve files at>`
    return `${made}\nIssuer: ${issuer}\nNext: esc oidc publish <folder>, and serve the folder at ${issuer}`
  }
}
