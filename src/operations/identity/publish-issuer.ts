import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import { machineFiles, makeFolders, readTextIfPresent, replaceFile } from '../../files/index.ts'
import { type JsonWebKeySet, oidcKeys } from '../../keys/index.ts'
import { rich, step } from '../../rich-text.ts'
import { storeOperation } from '../session/operation.ts'
import { configuredIssuer, oidcContext, signingKeys } from '../session/signed-requests.ts'

export interface PublishedIssuer {
  readonly issuer: string
  /** The files that were written, below the folder. */
  readonly files: readonly string[]
  /** Thumbprints of the keys that are published. */
  readonly keys: readonly string[]
  /** Keys that were published there before and are no more. */
  readonly removed: readonly string[]
}

interface Publication {
  /** Absolute path of the folder that is to be served at the issuer's address. */
  readonly folder: string
  /** Key sets of others who sign for this store: what `esc oidc jwks` prints on their machines. */
  readonly others: readonly JsonWebKeySet[]
}

/**
 * Writes what vendors fetch from the issuer: the discovery documents and the key set, as static
 * files. Throws EscError `invalid_input` without an issuer, `not_found` without a key.
 */
export const publishIssuer = storeOperation({
  name: 'publish-issuer',
  level: undefined,
  audit: 'environment-read',
  async run(work, { folder, others }: Publication): Promise<PublishedIssuer> {
    const issuer = configuredIssuer(work)?.replace(/\/+$/, '')
    if (issuer === undefined) {
      throw new EscError('invalid_input', 'this store has no issuer of identity tokens', {
        hint: rich`${step('name the address that the folder is to be served at,', { do: 'create-issuer' })}`,
      })
    }
    // None is made here: one that vendors fetch should be the one that signs.
    oidcKeys(oidcContext(work.host), work.host.now())
    const keys = [signingKeys(work.host), ...others].flatMap((set) => set.keys)
    const set = { keys: [...new Map(keys.map((key) => [key.kid, key])).values()] }
    const jwks = '.well-known/jwks.json'
    const before = publishedKeys(join(folder, jwks))
    const documents: Readonly<Record<string, object>> = {
      [jwks]: set,
      '.well-known/jwks': set,
      '.well-known/openid-configuration': discovery(issuer, `${issuer}/${jwks}`),
      'v2/.well-known/openid-configuration': discovery(`${issuer}/v2`, `${issuer}/${jwks}`),
    }
    for (const [file, document] of Object.entries(documents)) write(join(folder, file), document)
    const published = set.keys.flatMap(({ kid }) => kid ?? [])
    const removed = before.filter((kid) => !published.includes(kid))
    return { issuer, files: Object.keys(documents), keys: published, removed }
  },
})

function discovery(issuer: string, jwksUri: string) {
  return {
    issuer,
    jwks_uri: jwksUri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid'],
    claims_supported: ['iss', 'sub', 'aud', 'iat', 'exp', 'jti'],
  }
}

function write(path: string, document: object): void {
  makeFolders(machineFiles, join(path, '..'))
  replaceFile(machineFiles, path, Buffer.from(`${JSON.stringify(document, undefined, 2)}\n`), { mode: 0o644 })
}

/** Thumbprints in a key set that was written before; none in what is something else. */
function publishedKeys(path: string): readonly string[] {
  try {
    const { keys } = JSON.parse(readTextIfPresent(machineFiles, path) ?? '{}') as Partial<JsonWebKeySet>
    return (keys ?? []).flatMap(({ kid }) => (typeof kid === 'string' ? [kid] : []))
  } catch {
    return []
  }
}
