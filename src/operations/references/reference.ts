import { EscError } from '../../errors.ts'

/** An environment as people name it: `[organization/][project/]environment[@version]`. */
export interface EnvironmentReference {
  /** `project/environment`: the name in the store. */
  readonly name: string
  /** The last part alone: what positions in an opened environment are reported under. */
  readonly environment: string
  /** A revision number or a tag; undefined: the newest revision. */
  readonly version: string | undefined
  /** As it was typed. */
  readonly typed: string
}

const HINT =
  'write project/environment, such as rotators/ci, with @ and a revision number or tag where a version is allowed'

/**
 * Reads a reference. `@` begins the version; where the last part has no `@`, `:` does. One part is
 * an environment of the project `default`. The organization is a label: where it is written, it
 * must be the store's own.
 */
export function parseReference(text: string, organization: () => string): EnvironmentReference {
  if (text.trim() === '') throw new EscError('usage', 'no environment name specified', { hint: HINT })
  const parts = text.split('/')
  const { name: environment, version } = splitVersion(parts.pop() as string)
  if (environment === '') throw new EscError('usage', `no environment name specified in '${text}'`, { hint: HINT })
  if (parts.length > 2) {
    throw new EscError('usage', `'${text}' has more than three parts`, { hint: HINT })
  }
  if (parts.length === 2 && parts[0] !== organization()) {
    throw new EscError(
      'not_found',
      `'${text}' names the organization '${parts[0]}'; this store is '${organization()}'`,
      {
        hint: `leave the organization out: ${parts[1]}/${environment}`,
      },
    )
  }
  const project = parts.at(-1) ?? 'default'
  return { name: `${project}/${environment}`, environment, version, typed: text }
}

/**
 * Reads a version that may stand alone, relative to `base`: `@3`, `:stable`; anything else
 * is a reference of its own.
 */
export function parseRelativeReference(
  text: string,
  base: EnvironmentReference,
  organization: () => string,
): EnvironmentReference {
  if (!/^[@:]/.test(text)) return parseReference(text, organization)
  const version = text.slice(1)
  return { ...base, version: version === '' ? undefined : version, typed: text }
}

function splitVersion(text: string): { readonly name: string; readonly version: string | undefined } {
  const at = text.includes('@') ? text.indexOf('@') : text.indexOf(':')
  if (at === -1) return { name: text, version: undefined }
  const version = text.slice(at + 1)
  return { name: text.slice(0, at), version: version === '' ? undefined : version }
}

/** Refuses a version for commands that work on the newest revision only. */
export function refuseVersion(reference: EnvironmentReference, command: string): void {
  if (reference.version === undefined) return
  const what = command === 'rotate' ? 'environments at specific versions' : 'versions'
  throw new EscError('usage', `the ${command} command does not accept ${what}`, {
    hint: `name the environment alone: ${reference.name}`,
  })
}
