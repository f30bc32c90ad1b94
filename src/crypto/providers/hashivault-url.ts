import { badKeyUrl, type KeyUrlForm, splitKeyUrl } from '../key-url.ts'

export interface VaultKeyUrl {
  readonly kind: 'hashivault'
  readonly key: string
  /** Where the transit engine is mounted. */
  readonly engine: string
}

const form: KeyUrlForm = {
  usage: 'write hashivault://<key>, and ?engine=<mount> where the transit engine is not mounted at transit',
  parameters: ['engine'],
}

/** Reads `hashivault://…`. @throws EscError `invalid_input`. */
export function parseVaultKeyUrl(url: string): VaultKeyUrl {
  const refuse = (problem: string) => badKeyUrl(url, problem, form)
  const { path, parameters } = splitKeyUrl(url, form)
  if (path === '') throw refuse('it names no key')
  if (!/^\w(?:[\w.-]*\w)?$/.test(path) || path.includes('..')) throw refuse(`'${path}' is no key name`)
  const engine = parameters.get('engine') ?? 'transit'
  // A segment of dots would let the request leave the mount.
  if (!engine.split('/').every((segment) => /^[\w.-]+$/.test(segment) && !/^\.+$/.test(segment))) {
    throw refuse(`the engine '${engine}' is no mount`)
  }
  return { kind: 'hashivault', key: path, engine }
}
