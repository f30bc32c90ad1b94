import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { EscError, messageOf } from '../../../errors.ts'
import { type JsonWebKeySet, type PublishedIssuer, publishIssuer } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { list } from '../../framework/flags.ts'
import { openSession } from '../../framework/session.ts'

const flags = {
  also: list({
    description: 'a key set of somebody else who signs for this store (esc oidc jwks); can be given several times',
    value: 'file',
  }),
  ...OUTPUT_FLAG,
}

export default class OidcPublish extends EscCommand<PublishedIssuer, typeof flags> {
  static override id = 'oidc:publish'
  static override summary = "Write the issuer's discovery document and public keys to a folder."
  static override description =
    `Writes .well-known/openid-configuration and .well-known/jwks.json into a folder. Serve that folder at the address of the issuer: from a
bucket, a static site or any web server. The files hold only public keys. Write them again after "esc oidc rotate-key", and once more when the tokens of the old
key have expired, to remove it.`
  static override examples = [
    { description: 'Write the files', command: 'esc oidc publish site' },
    { description: "With a colleague's key", command: 'esc oidc publish site --also bob.jwks.json' },
  ]
  static override flags = flags
  static override args = {
    folder: { description: 'folder that is served at the address of the issuer', required: true },
  }
  static override count = { kind: 'exactly', count: 1 } as const
  static override usesSelected = false

  async run(): Promise<PublishedIssuer> {
    const folder = resolve(this.io.cwd, this.positionals[0] ?? '')
    const others = this.flags.also.map((file) => readKeySet(resolve(this.io.cwd, file)))
    return (await openSession(this.io, this.flags).perform(publishIssuer, undefined, { folder, others })).result
  }

  text({ issuer, files, keys, removed }: PublishedIssuer): string {
    const gone = removed.length === 0 ? '' : `\nNo longer published: ${removed.join(', ')}`
    const written = files.map((file) => `  ${issuer}/${file}`).join('\n')
    return `Written, to be served as:\n${written}\nKeys: ${keys.join(', ')}${gone}`
  }
}

/** @throws EscError `usage`, `io`. */
function readKeySet(path: string): JsonWebKeySet {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new EscError('io', `cannot read ${path}: ${messageOf(error)}`)
  }
  const problem = () =>
    new EscError('usage', `${path} is not a set of public RSA keys`, {
      hint: 'it is what "esc oidc jwks" prints on the other machine',
    })
  let set: { readonly keys?: unknown }
  try {
    set = JSON.parse(text)
  } catch {
    throw problem()
  }
  const isPublic = (key: unknown) => {
    const { kty, kid, n, e, d } = (key ?? {}) as Record<string, unknown>
    return kty === 'RSA' && [kid, n, e].every((each) => typeof each === 'string') && d === undefined
  }
  if (!Array.isArray(set?.keys) || !set.keys.every(isPublic)) throw problem()
  const keys = set.keys as readonly Readonly<Record<string, string>>[]
  return { keys: keys.map(({ kid = '', n = '', e = '' }) => ({ kty: 'RSA', use: 'sig', alg: 'RS256', kid, n, e })) }
}
