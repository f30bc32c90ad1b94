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
  static override summary = 'Replace the signing key for identity tokens.'
  static override description =
    `Creates a new signing key and signs with it. "esc oidc publish" and "esc oidc jwks" still include the old public key until its
last token expires (70 minutes).

Vendors must fetch the new key before they see a token signed with it. To avoid a gap: create the next key with --prepare, publish it with
"esc oidc publish", wait an hour, because vendors cache key sets, and then run "esc oidc rotate-key".`
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
