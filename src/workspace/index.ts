export { addPrincipal, type JoinerPlan, type JoinerReport } from './add-principal.ts'
export { type JoinRequest, joinRequest } from './own-recipient.ts'
/** What a user can do, one function each. Nothing here prints. */

export {
  type AuditAnchor,
  type AuditLine,
  type AuditVerification,
  auditCef,
  auditCsv,
  describeLine,
} from '../audit/index.ts'
export type { KeyHolders } from '../crypto/index.ts'
export { type CredentialLife, HasteError, type RotationEvent, type RotationReport } from '../rotation/index.ts'
export type { ScheduledRun } from '../schedule/index.ts'
export type { EnvironmentTag } from '../store/index.ts'
export { isDigest } from '../trust/index.ts'
export type { Delivered, Delivery, Webhook } from '../webhooks/index.ts'
export { hasDue as hasDueDeliveries } from '../webhooks/index.ts'
export {
  type AccessExplanation,
  type AccessList,
  explainAccess,
  listAccess,
  type PrincipalAccess,
  type UnappliedList,
} from './access.ts'
export { type Applied, applyDefinitions, readDefinitions } from './apply.ts'
export { auditLines, verifyAuditLog } from './audit-log.ts'
export { changeSecretsProvider, type SecretsProviderReport } from './change-secrets-provider.ts'
export { type CheckedStore, checkStore } from './check-store.ts'
export { checkVariables } from './check-variables.ts'
export { type Cloned, cloneEnvironment } from './clone-environment.ts'
export { commitChanges } from './commit-changes.ts'
export { type CopiedValues, copyValues } from './copy-values.ts'
export { type Created, createEnvironment } from './create-environment.ts'
export { indentedByTwo } from './definition-text.ts'
export { diffEnvironments, type EnvironmentDiff } from './diff.ts'
export { openDraft, type SubmittedDraft } from './draft.ts'
export { beginEdit, finishEdit, replaceDefinition } from './edit-definition.ts'
export { type EnvironmentGraph, environmentGraph } from './environment-graph.ts'
export {
  environmentTag,
  environmentTags,
  removeEnvironmentTag,
  renameEnvironmentTag,
  setEnvironmentTag,
} from './environment-tags.ts'
export { evaluationLimits } from './evaluation-limits.ts'
export { findValue, unknownPaths, unknownVariables } from './found-value.ts'
export { definitionText, type Got, getEnvironment, renderGot } from './get-environment.ts'
export { secretCall, type ValueForm } from './given-value.ts'
export {
  describeVersion,
  history,
  type RevisionSummary,
  revisionTags,
  type TagSummary,
  type VersionSummary,
} from './history.ts'
export {
  type ForeignFile,
  type ImportedValues,
  importValues,
  readDotenv,
  readPulumiStack,
  readSops,
} from './import/index.ts'
export { initChosenStore, initStore } from './init-store.ts'
export { type ListedEnvironments, listEnvironments } from './list-environments.ts'
export { type LocateMode, locate, locateComparison } from './locate.ts'
export { logIn, logOut } from './login.ts'
export { setLoginProvider } from './login-provider.ts'
export { misreadVariables } from './misread-variables.ts'
export { type OpenedEnvironment, openEnvironment } from './open-environment.ts'
export { openWorkspace, openWorkspaceAt } from './open-workspace.ts'
export { owedRotations } from './owed-rotations.ts'
export { visibleEnvironments } from './permit.ts'
export type { Principal } from './principal.ts'
export { createFiles, type FilledArgument, interpolateArgument, secretTexts } from './program-environment.ts'
export { type EnvironmentReference, refuseVersion } from './reference.ts'
export { listReferrers, type Referrer } from './referrers.ts'
export { type Removed, removeEnvironment } from './remove-environment.ts'
export { type LeaverPlan, type LeaverReport, removePrincipal, settleRemoval } from './remove-principal.ts'
export { FORMATS, type Format, renderValue, unknownFormat } from './render-value.ts'
export { environmentsToRenumber, type RenumberedEnvironment, renumberEnvironment } from './renumber.ts'
export { requireKnown } from './require-known.ts'
export { requireVariableTexts } from './require-text.ts'
export { removedEnvironments, restoreEnvironment } from './restore-environment.ts'
export { type Rewrapped, rewrapKeys } from './rewrap.ts'
export { rollBack } from './rollback.ts'
export { credentialHistory, rotateEnvironment, rotationHistory } from './rotate.ts'
export {
  type ForgottenRecord,
  forgetRecord,
  journalRecords,
  retargetRecord,
  type UnfinishedRecord,
} from './rotation-journal.ts'
export {
  type CredentialsHeld,
  type RotatorList,
  type RotatorStatus,
  rotatorStatus,
} from './rotator-status.ts'
export type { SaveResult } from './save-definition.ts'
export {
  parseListenAddress,
  type RunOutcome,
  schedulerUnit,
  startScheduler,
  type Tick,
  tickScheduler,
  unitKinds,
} from './scheduler/index.ts'
export {
  createSchedule,
  editSchedule,
  fullNameOf,
  getSchedule,
  listSchedules,
  overdueSchedules,
  overdueText,
  pauseSchedule,
  removeSchedule,
  type ScheduleView,
  scheduleHistory,
} from './schedules.ts'
export { selectEnvironment, selectedEnvironment } from './selection.ts'
export { removeValue, setValue } from './set-value.ts'
export { type Assignment, removeValues, setValues } from './set-values.ts'
export { changeSetting, type EnvironmentSettings, environmentSettings, settingName } from './settings.ts'
export { expandReferences, namesSeveral } from './several.ts'
export { signingKeys } from './signed-requests.ts'
export { type StoreStatus, storeStatus } from './store-status.ts'
export { makeTemporaryFolder, sweepTemporaryFolders } from './temporary-folder.ts'
export { describePower } from './trust/describe.ts'
export { acceptTrust, reviewTrust } from './trust/require-powers.ts'
export type { TrustReview } from './trust/trust-review.ts'
export { revokeTrust, type TrustedStore, trustedStores } from './trust/trusted-stores.ts'
export {
  type ChangedKeys,
  type TrustedKey,
  type TrustedKeys,
  trustKey,
  trustKeys,
  type UnknownKey,
} from './trust-key.ts'
export { isObject, variablesOf } from './value-format.ts'
export { parsePath } from './value-path.ts'
export { removeRevisionTag, retractRevision, tagRevision } from './versions.ts'
export { nextVersion } from './watch-environment.ts'
export {
  createWebhook,
  deliverWebhooks,
  editWebhook,
  getWebhook,
  type ListEdit,
  listWebhooks,
  pingWebhook,
  redeliver,
  removeWebhook,
  webhookDeliveries,
} from './webhooks.ts'
export { restoreWorkingDefinition, saveWorkingDefinition, scheduledStatus } from './working-definition.ts'
export type { Workspace, WorkspaceOptions } from './workspace.ts'
