import { readTextIfPresent, replaceFile } from '../../files/index.ts'
import type { Environment } from '../environment.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import type { StoreParts } from '../store-parts.ts'
import type { SecretsProviderChange, SecretsProviderChanged } from './secrets-provider-change.ts'

/** Changes the data keys of a store's environments, and who can use them. */
export class StoreKeys {
  readonly #parts: StoreParts

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  /**
   * Gives an environment a new data key under another secrets provider, all or nothing. Killed at
   * any moment, it leaves the environment whole under the one or the other.
   * @throws EscError `conflict`, `unsaved_edit`, `tampered`, `key_unavailable`, `usage`, `io`.
   */
  async changeSecretsProvider(name: string, change: SecretsProviderChange): Promise<SecretsProviderChanged> {
    const { reencryptUnder } = await import('./secrets-provider-change.ts')
    return this.#change(name, (environment, context) => reencryptUnder(environment, context, change))
  }

  /**
   * Wraps an environment's data key again, under the same secrets provider or
   * another URL of its kind.
   */
  async rewrap(name: string, secretsProvider?: string): Promise<{ readonly from: string; readonly to: string }> {
    const { rewrap } = await import('./rewrap.ts')
    return this.#change(name, (environment, context) => rewrap(environment, context, secretsProvider))
  }

  async #change<Result>(
    name: string,
    run: (environment: Environment, context: EnvironmentContext) => Promise<Result>,
  ): Promise<Result> {
    const environment = this.#parts.environment(name)
    this.#parts.guard(environment.name, 'admin')
    const context = this.#parts.context(environment.name)
    const changed = await this.applyingRecipients(() => run(environment, context))
    this.#parts.handle(environment.name).current()
    return changed
  }

  /** Changes the text of a list of age recipients, of the store or of an environment. */
  async changeRecipients(file: string, change: (text: string) => string): Promise<void> {
    const { files, records } = this.#parts
    this.#parts.guard('*', 'admin')
    await records.transaction({ purpose: 'recipients' }, () => {
      const before = readTextIfPresent(files, file) ?? ''
      const after = change(before)
      if (after !== before) replaceFile(files, file, Buffer.from(after))
    })
  }

  /** Runs what encrypts data keys for the lists of recipients as they are now. */
  async applyingRecipients<Result>(run: () => Promise<Result>): Promise<Result> {
    const before = this.#parts.isApplyingRecipients
    this.#parts.isApplyingRecipients = true
    try {
      return await run()
    } finally {
      this.#parts.isApplyingRecipients = before
    }
  }
}
