/**
 * The events of the log, by the hosted service's names where it has one (spec D.5), and how a
 * sentence says it: "ada may not <rotate> environment 'app/prod'".
 */
export const auditEvents = {
  'environment-read': 'read',
  'environment-open': 'open',
  'environment-imported': 'import',
  'environment-decrypted': 'read the secrets of',
  'environment-token-issued': 'speak as',
  'environment-created': 'create',
  'environment-updated': 'change',
  'environment-update-planned': 'plan a change of',
  'environment-deleted': 'remove',
  'environment-restored': 'bring back',
  'environment-cloned': 'clone',
  'environment-renumbered': 'renumber the revisions of',
  'environment-pruned': 'pack old revisions of',
  'environment-rotated': 'rotate',
  'environment-rotation-planned': 'plan a rotation of',
  'environment-rotation-examined': 'examine the rotators of',
  'environment-rotation-forgotten': 'give up an unfinished rotation of',
  'environment-rotation-retargeted': 'move an unfinished rotation of',
  'environment-settings-updated': 'change the settings of',
  'environment-deletion-protection-enabled': 'protect',
  'environment-deletion-protection-disabled': 'take the protection from',
  'environment-tag-created': 'tag',
  'environment-tag-updated': 'change a tag of',
  'environment-tag-deleted': 'remove a tag of',
  'environment-revision-retracted': 'retract a revision of',
  'environment-revision-tag-created': 'tag a revision of',
  'environment-revision-tag-updated': 'move a revision tag of',
  'environment-revision-tag-deleted': 'remove a revision tag of',
  'environment-schedule-created': 'schedule rotations of',
  'environment-schedule-updated': 'change the schedule of',
  'environment-schedule-deleted': 'remove the schedule of',
  'environment-webhook-created': 'add a webhook to',
  'environment-webhook-updated': 'change a webhook of',
  'environment-webhook-deleted': 'remove a webhook of',
  'environment-webhook-delivered': 'send a delivery of',
  'environment-key-changed': 'change the key of',
  'environment-key-rewrapped': 'wrap the key again of',
  'environment-key-trusted': 'accept the key of',
  'store-copied': 'copy the whole of',
  'store-settings-updated': 'change the settings of',
  'store-trusted': 'change what this machine allows',
  'agent-tool-called': 'let an agent work on',
  'token-created': 'make a token of the server for',
  'token-rotated': 'rotate a token of the server for',
  'token-revoked': 'revoke a token of the server for',
  'token-exchanged': 'sign in with an identity token to',
  'user-signed-in': 'sign in with a browser to',
  'audit-log-read': 'read the audit log of',
  'access-updated': 'change the access rules of',
} as const

export type AuditEvent = keyof typeof auditEvents

/** The verb for an event in a sentence, such as `change the settings of`. */
export function verbOf(event: AuditEvent): string {
  return auditEvents[event]
}
