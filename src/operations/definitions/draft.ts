import { operation } from '../session/operation.ts'
import { checkOutDraft } from './draft-tree.ts'

/**
 * Opens a draft: a proposal that others can review and merge as they do with code. The user's own
 * work tree stays as it is. What is then done in it asks for the access that it needs. Throws
 * EscError `not_found` for a branch there is not; `unsupported` where the store is in no git
 * repository.
 */
export const openDraft = operation({
  name: 'open-draft',
  level: undefined,
  audit: 'environment-read',
  run: checkOutDraft,
})
