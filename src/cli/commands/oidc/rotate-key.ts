import { EscError } from '../../../errors.ts'
import { type OidcKeys, rotateSigningKey } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { boolean } from '../../framework/flags.ts'
import { openSession } from '../../framework/session.ts'

const flags = {
  prepare: boolean({ description: 'make the next key, to be published before it signs anything' }),
  drop: boolean({ description: 'let nothing of the old key count from now on: for one that others may have' }),
  ...OUTPUT_FLAG,
}

export default class OidcRotateKey extends EscCommand<OidcKeys, typeof flags> {
  static override id = 'oidc:rotate-key'
  static override summary = 'Replace the key that signs identity tokens.'
  static override description =
    `Makes a new signing key and lets it sign. The public half of the old one stays in what "esc oidc publish" and
"esc oidc jwks" print until its last token has run out (70 minutes), so that tokens on the way still count.

Vendors must be able to fetch the new key before they meet a token of it. So without a gap: --prepare makes the next key, "esc oidc publish" puts
it beside the old one, and "esc oidc rotate-key" lets it sign once the file is served. Vendors keep key sets for a while: wait an hour.`
  static override examples = [
    { description: 'Make the next key', command: 'esc oidc rotate-key --prepare' },
    { description: 'Let it sign', command: 'esc oidc rotate-key' },
  ]
  static override flags = flags

  async run(): Promise<OidcKeys> {
    const { prepare, drop } = this.flags
    if (prepare && drop) {
      throw new EscError('usage', '--prepare and --drop exclude each other', {
        hint: 'a key that others may have is replaced at once: --drop',
      })
    }
    const step = prepare ? 'prepare' : drop ? 'drop' : 'rotate'
    return (await openSession(this.io, this.flags).perform(rotateSigningKey, undefined, { step })).result
  }

  text({ current, next, retired }: OidcKeys): string {
    const lines = [`Signing key: ${current}`]
    if (next !== undefined) lines.push(`Next key: ${next}`)
    for (const { thumbprint, until } of retired) lines.push(`Old key: ${thumbprint}, published until ${until}`)
    lines.push(
      next === undefined
        ? 'Next: esc oidc publish <folder>, and serve it; until then vendors do not know the key.'
        : 'Next: esc oidc publish <folder>, serve it, wait an hour, then esc oidc rotate-key.',
    )
    return lines.join('\n')
  }
}
