import type { Diagnostic } from '../../yaml/index.ts'
import { checkDefinition } from '../definitions/save-definition.ts'
import { operation } from '../session/operation.ts'

/**
 * The mistakes and warnings of a revision. Nothing is opened: no secret is decrypted, and no
 * provider is called.
 */
export const diagnoseEnvironment = operation({
  name: 'diagnose-environment',
  level: 'read',
  audit: 'environment-read',
  async run(work): Promise<readonly Diagnostic[]> {
    const { subject, store } = work
    const { definition } = store.environment(subject.name).resolve(subject.version)
    const options = { onlyToLook: true, fullName: subject.name }
    return (await checkDefinition(work, subject.environment, definition, options)).diagnostics
  },
})
