import { operation } from '../session/operation.ts'

/** Refuses an environment that is not there, and says who keeps its key. Throws `not_found`. */
export const requireEnvironment = operation({
  name: 'require-environment',
  level: 'read',
  audit: 'environment-read',
  async run({ store, subject }): Promise<{ readonly secretsProvider: string }> {
    const { settings } = store.environment(subject.name)
    return { secretsProvider: settings.secretsProvider ?? store.configuration.defaultSecretsProvider }
  },
})
