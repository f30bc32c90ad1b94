import { EscError } from '../../errors.ts'
import { decryptDefinition } from '../../language/index.ts'
import { secretForms } from '../../masking/index.ts'
import type { Environment } from '../../store/index.ts'
import { belowValues } from '../rotating/rotator-state.ts'

/** A place in a store where a secret is, or was. */
export interface SecretPlace {
  readonly environment: string
  /** Below `values`. */
  readonly path: string
  /** The newest revision that holds it there. */
  readonly revision: number
  /** True when the newest revision has it there. */
  readonly current: boolean
}

/** The forms that give the secrets of environments away, each with the places of its secret. */
export class KnownSecrets {
  readonly #least: number
  /** By secret, in the order in which they were added. */
  readonly #places = new Map<string, SecretPlace[]>()
  /** The secret that each form gives away. */
  readonly #secrets = new Map<string, string>()

  /** `least`: shorter secrets, in characters, are not looked for. */
  constructor(least: number) {
    this.#least = least
  }

  get forms(): Uint8Array[] {
    return [...this.#secrets.keys()].map((form) => Buffer.from(form, 'latin1'))
  }

  /**
   * The places of the secret that a form, found in a text, gives away. Those where it was are left
   * out when there is one where it is.
   */
  placesOf(form: Uint8Array): readonly SecretPlace[] {
    const secret = this.#secrets.get(Buffer.from(form).toString('latin1'))
    const places = secret === undefined ? [] : (this.#places.get(secret) ?? [])
    const current = places.filter((place) => place.current)
    return current.length > 0 ? current : places
  }

  /**
   * Adds the secrets of all revisions, newest first. One that is the same in several counts for the
   * newest. Revisions of before the last change of the key are decrypted with it as well: they were
   * encrypted again then.
   */
  async addAll(environment: Environment, isAllowed: (path: string) => boolean): Promise<void> {
    const decrypted = new Map<string, string>()
    let newest: number | undefined
    for (const revision of environment.history()) {
      newest ??= revision.number
      if (environment.settings.wrappedDataKey === undefined) continue
      const key = await environment.unlock(revision)
      const current = revision.number === newest
      decryptDefinition(environment.name, revision.definition, (bytes, documentPath) => {
        const ciphertext = Buffer.from(bytes).toString('latin1')
        const text = decrypted.get(ciphertext) ?? key.decrypt(bytes)
        decrypted.set(ciphertext, text)
        const path = belowValues(documentPath)
        const place = { environment: environment.name, path, revision: revision.number, current }
        if (!isAllowed(path)) for (const secret of textsIn(text)) this.#add(secret, place)
        return text
      })
    }
  }

  #add(secret: string, place: SecretPlace): void {
    if ([...secret.trim()].length < this.#least) return
    const known = this.#places.get(secret)
    if (known !== undefined) {
      const isOf = ({ environment, path }: SecretPlace) => environment === place.environment && path === place.path
      if (!known.some(isOf)) known.push(place)
      return
    }
    this.#places.set(secret, [place])
    const lines = secret.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '')
    const common = lines.length < 2 ? [] : lines.filter((line) => !tells(line))
    const ordinary = new Set(secretForms(common).map((form) => Buffer.from(form).toString('latin1')))
    for (const form of secretForms([secret])) {
      const written = Buffer.from(form).toString('latin1')
      if (form.length >= this.#least && !ordinary.has(written) && !this.#secrets.has(written))
        this.#secrets.set(written, secret)
    }
  }
}

/**
 * True when a line of a secret of several lines is secret by itself. `-----BEGIN PRIVATE KEY-----`
 * and `"type": "service_account"` are in files that hold no secret.
 */
function tells(line: string): boolean {
  return (line.match(/[\w+/=-]{20,}/g) ?? []).some((run) => /\d/.test(run) && /[A-Z]/.test(run) && /[a-z]/.test(run))
}

/** A secret, or the texts in one that is JSON, such as the state of a rotator. */
function textsIn(text: string): readonly string[] {
  if (!/^\s*[[{]/.test(text)) return [text]
  try {
    const texts: string[] = [text]
    const visit = (value: unknown): void => {
      if (typeof value === 'string') texts.push(value)
      else if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) visit(member)
    }
    visit(JSON.parse(text))
    return texts
  } catch {
    return [text]
  }
}

/** True for errors by which an environment cannot be looked into, and others can. */
export function isOutOfReach(error: unknown): error is EscError {
  return error instanceof EscError && ['key_unavailable', 'forbidden', 'tampered', 'untrusted'].includes(error.code)
}
