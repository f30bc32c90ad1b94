import type { AuditDetails } from '../../audit/index.ts'
import { EscError } from '../../errors.ts'
import type { Decrypt, LoadedEnvironment } from '../../evaluate/index.ts'
import type { Environment, Revision } from '../../store/index.ts'
import { denial, refusalOf } from './permit.ts'
import { refuseUnvouched } from './unvouched.ts'
import type { Workspace } from './workspace.ts'

/** An environment as an evaluation used it. */
export interface UsedEnvironment {
  readonly environment: Environment
  readonly revision: Revision
}

/**
 * The environments that an evaluation uses: who may use them, what they hold,
 * and whether to believe it.
 */
export class UsedEnvironments {
  readonly #workspace: Workspace
  readonly #level: 'read' | 'open'
  readonly #used = new Map<string, UsedEnvironment>()
  readonly #decrypted = new Set<string>()
  readonly #refused: { readonly name: string; readonly refusal: EscError }[] = []
  /** The name it was given by, and its own. */
  #root: { readonly asked: string; readonly name: string } | undefined
  #failed = false

  /**
   * `level`: what the user must be allowed to do with an environment that is
   * imported or referred to.
   */
  constructor(workspace: Workspace, level: 'read' | 'open') {
    this.#workspace = workspace
    this.#level = level
  }

  /** The environments that were loaded, by the name it was asked for, the root first. */
  get all(): ReadonlyMap<string, UsedEnvironment> {
    return this.#used
  }

  /** True when everything that was asked for could be loaded. */
  get complete(): boolean {
    return !this.#failed
  }

  /**
   * Takes an environment as loaded that the evaluator is given as the root.
   * Returns how to unlock it.
   */
  use(name: string, environment: Environment, revision: Revision): () => Promise<Decrypt> {
    this.#used.set(name, { environment, revision })
    this.#root ??= { asked: name, name: environment.name }
    return async () => {
      // The seal first: what was changed by someone without the key is not decrypted.
      const key = await environment.unlock(revision)
      return (ciphertext) => key.decrypt(ciphertext)
    }
  }

  /**
   * @throws EscError `forbidden`, `not_found`, `retracted` and what else
   *   `Environment.resolve` throws.
   */
  load(name: string): LoadedEnvironment {
    try {
      return this.#load(name)
    } catch (error) {
      this.#failed = true
      throw error
    }
  }

  /**
   * Verifies the seal of something loaded. Throws `tampered`, or `key_unavailable`
   * when that cannot be told.
   */
  async verify(name: string): Promise<void> {
    const known = this.#used.get(name)
    if (known !== undefined) await known.environment.verify(known.revision)
  }

  /**
   * Verifies something loaded that decides what a provider or rotator is called with.
   * @throws as `verify`; EscError `untrusted` for an environment without a key.
   */
  async vouch(name: string): Promise<void> {
    const known = this.#used.get(name)
    if (known === undefined) return
    refuseUnvouched(known.environment, known.revision, 'take part in a call of a provider or rotator')
    await this.verify(name)
  }

  /** Its secrets are about to be decrypted, or what was made from them. */
  async recordDecryption(name: string): Promise<void> {
    const known = this.#used.get(name)
    if (known === undefined || name === this.#root?.asked) return
    this.#decrypted.add(name)
    const details = { ...(this.#root && { by: this.#root.name }), revision: known.revision.number }
    const permitted = await this.#workspace.audit.begin('environment-imported', known.environment.name, details)
    permitted.done()
  }

  /**
   * For the line of the audit log: the revision of the root, and those of all that took part, as
   * `project/name@revision`.
   */
  auditDetails(): AuditDetails {
    const [root, ...others] = this.#used.values()
    if (root === undefined) return {}
    const imported = new Set(others.map(({ environment, revision }) => `${environment.name}@${revision.number}`))
    return { revision: root.revision.number, ...(imported.size > 0 && { environments: [...imported] }) }
  }

  /** True when secrets of something loaded have been decrypted. */
  decrypted(name: string): boolean {
    return this.#decrypted.has(name)
  }

  /**
   * The refusal among the errors that an evaluation has met: of an import that was needed, and that
   * the access rules withhold; or of what was not allowed on this machine.
   */
  denied(errors: Iterable<unknown>): EscError | undefined {
    const met = [...errors]
    const untrusted = met.find((error) => error instanceof EscError && error.code === 'untrusted')
    if (untrusted !== undefined) return untrusted as EscError
    const one = this.#refused.find(({ refusal }) => met.includes(refusal))
    const event = 'environment-imported'
    return one && denial(this.#workspace, one.name, { level: this.#level, event, refusal: one.refusal })
  }

  #load(name: string): LoadedEnvironment {
    const workspace = this.#workspace
    const reference = workspace.reference(name)
    const refusal = refusalOf(workspace, reference.name, this.#level, 'environment-imported')
    if (refusal !== undefined) this.#refused.push({ name: reference.name, refusal })
    // Not a denial yet: environments are loaded ahead, whether or not their values are needed.
    if (refusal !== undefined) throw refusal
    const environment = workspace.store.environment(reference.name)
    const revision = environment.resolve(reference.version)
    const unlock = this.use(name, environment, revision)
    const audited = async () => {
      await this.recordDecryption(name)
      return unlock()
    }
    return { text: revision.definition, unlock: audited }
  }
}
