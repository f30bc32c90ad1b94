// Everything a user can do, as operations, and the session that performs them. Nothing here prints.

export {
  type AuditAnchor,
  type AuditDetails,
  type AuditLine,
  type AuditVerification,
  auditCef,
  auditCsv,
  describeLine,
} from '../audit/index.ts'
export type { JsonWebKeySet, KeyHolders, OidcKeys } from '../keys/index.ts'
export { isHeldInExecutable, packageFile } from '../plugins/index.ts'
export { serverUrl } from '../remote/index.ts'
export { CooldownError, type CredentialLife, type RotationEvent, type RotationReport } from '../rotation/index.ts'
export type { ScheduledRun } from '../schedule/index.ts'
export type {
  CommitOutcome,
  CopiedStore,
  EnvironmentTag,
  SharedJob,
  SharedJobs,
  StoreRecords,
} from '../store/index.ts'
export { isDigest } from '../trust/index.ts'
export type { Delivered, Delivery, Webhook } from '../webhooks/index.ts'
export { readHeader, readTemplate } from '../webhooks/index.ts'
export {
  type AccessExplanation,
  type AccessList,
  explainAccess,
  listAccess,
  type PrincipalAccess,
  type UnappliedList,
} from './access/access.ts'
export { addPrincipal, type JoinerPlan, type JoinerReport, previewPrincipal } from './access/add-principal.ts'
export { owedRotations } from './access/owed-rotations.ts'
export { type JoinRequest, joinRequest } from './access/own-recipient.ts'
export {
  finishRemoval,
  type LeaverPlan,
  type LeaverReport,
  previewRemoval,
  removePrincipal,
} from './access/remove-principal.ts'
export { type MissingLevel, missingLevels } from './access/rights.ts'
export { auditLines, environmentAuditLines, verifyAuditLog } from './audit/audit-log.ts'
export { recordAgentCall } from './audit/record-agent-call.ts'
export { type Offered, type OfferedKind, offered, offeredHere, offeredNamed } from './catalogue/catalogue.ts'
export { type SchemaRow, schemaRows } from './catalogue/schema-rows.ts'
export { type ConfigEntry, configEntries, configEntryAt, configMembers } from './configuration/config-entries.ts'
export { addImports, type ChangedImports, listImports, removeImports } from './configuration/config-imports.ts'
export { configPathInDefinition, parseConfigKey, writtenConfigPath } from './configuration/config-path.ts'
export { type ExportedStack, exportPulumiStack } from './configuration/export-pulumi.ts'
export { type ConfigAssignment, setConfig } from './configuration/set-config.ts'
export { type Applied, applyDefinitions, readDefinitions } from './definitions/apply.ts'
export { type CopiedValues, copyValues } from './definitions/copy-values.ts'
export { indentedByTwo } from './definitions/definition-text.ts'
export { openDraft } from './definitions/draft.ts'
export type { SubmittedDraft } from './definitions/draft-tree.ts'
export { type DefinitionEdit, editDefinition, replaceDefinition } from './definitions/edit-definition.ts'
export {
  type ForeignFile,
  type ImportedValues,
  importValues,
  readDopplerExport,
  readDotenvFile,
  readInfisicalExport,
  readOnePasswordItem,
  readPlainFile,
  readPulumiStack,
  readSops,
  readVaultExport,
} from './definitions/import/index.ts'
export { setLoginProvider } from './definitions/login-provider.ts'
export type { SaveResult } from './definitions/save-definition.ts'
export { removeValue, setValue } from './definitions/set-value.ts'
export { namingPath, removeValues, setValues, type ValueAssignment } from './definitions/set-values.ts'
export { restoreWorkingDefinition, saveWorkingDefinition, scheduledStatus } from './definitions/working-definition.ts'
export {
  type Analysis,
  analyzeDefinition,
  parsedAnalysis,
  RememberingParser,
} from './editing/analysis.ts'
export { checkEdit, describePlace, encryptInEdit, findDefinitions, offerCompletions } from './editing/assist.ts'
export { type Offer, type Offers, offersAt, type Surroundings } from './editing/completion.ts'
export { readableText } from './editing/completion-context.ts'
export { definitionSchemaText, type Installed, installedHere } from './editing/definition-schema.ts'
export { definitionTargets, type FileLocation, locateTarget } from './editing/definition-target.ts'
export { type DocumentLocation, locateDocument } from './editing/document-location.ts'
export { DocumentOffsets } from './editing/document-offsets.ts'
export { cutFooter, withFooter } from './editing/edit-footer.ts'
export { encryptableAt, encryptForDefinition, encryptionEdits } from './editing/encrypt-value.ts'
export { type EnvironmentTypes, environmentTypes } from './editing/environment-types.ts'
export { factsAt, type PlaceFacts } from './editing/hover.ts'
export { importersOfKey } from './editing/importers-of-key.ts'
export { proposeMerge, summarizeEdit } from './editing/merge-edit.ts'
export { placedDiagnostics } from './editing/placed-diagnostics.ts'
export { type DocumentEdit, renamableAt, renameKey } from './editing/rename-key.ts'
export { type Cloned, cloneEnvironment } from './environments/clone-environment.ts'
export { type CreatedEnvironment, createEnvironment } from './environments/create-environment.ts'
export {
  type DescriptionPage,
  describeEnvironments,
} from './environments/describe-environments.ts'
export { type EnvironmentGraph, environmentGraph } from './environments/environment-graph.ts'
export {
  environmentTag,
  environmentTags,
  removeEnvironmentTag,
  renameEnvironmentTag,
  setEnvironmentTag,
} from './environments/environment-tags.ts'
export { type ListedEnvironments, listEnvironments } from './environments/list-environments.ts'
export { type NameWithin, namesWithin } from './environments/names-within.ts'
export { listReferrers, type Referrer } from './environments/referrers.ts'
export { removeEnvironment } from './environments/remove-environment.ts'
export { requireEnvironment } from './environments/require-environment.ts'
export { removedEnvironments, restoreEnvironment } from './environments/restore-environment.ts'
export {
  changeSettings,
  type EnvironmentSettings,
  environmentId,
  environmentSettings,
  settingName,
} from './environments/settings.ts'
export { newestRevisions, type SeenRevision } from './environments/store-revisions.ts'
export { dockerEnvFile } from './exporting/docker-env-file.ts'
export { type ExportedVariable, exportedVariables } from './exporting/exported-variables.ts'
export { githubLines, githubMasks } from './exporting/github-files.ts'
export { gitlabVariables } from './exporting/gitlab-variables.ts'
export { k8sNameOf, k8sSecret } from './exporting/k8s-secret.ts'
export { type TfvarsFormat, tfvars } from './exporting/tfvars.ts'
export { writeSecretFile } from './exporting/write-secret-file.ts'
export { allowFolder, type FolderReview, forbidFolder, writeFolderFile } from './folders/allow-folder.ts'
export { type InitializedIssuer, initIssuer } from './identity/init-issuer.ts'
export { type IssuedToken, issueToken } from './identity/issue-token.ts'
export { type PublishedIssuer, publishIssuer } from './identity/publish-issuer.ts'
export { rotateSigningKey } from './identity/rotate-signing-key.ts'
export { filledWords, type SetupStep, shellCommand } from './identity/setup/step.ts'
export { type SetupVendor, type TrustSetup, trustSetup } from './identity/trust-setup.ts'
export {
  changeSecretsProvider,
  changeStoreSecretsProvider,
  type SecretsProviderReport,
} from './keys/change-secrets-provider.ts'
export { type Rewrapped, rewrapKey, rewrapKeys } from './keys/rewrap.ts'
export {
  type ChangedKeys,
  type TrustedKey,
  type TrustedKeys,
  trustKey,
  trustKeys,
  type UnknownKey,
} from './keys/trust-key.ts'
export type { LeftOut } from './moving/import-environment.ts'
export {
  type ImportOutcome,
  type ImportReport,
  importEnvironments,
} from './moving/import-environments.ts'
export { checkVariables } from './opening/check-variables.ts'
export { diagnoseEnvironment } from './opening/diagnose-environment.ts'
export { comparedSide, diffSides, type EnvironmentDiff } from './opening/diff.ts'
export { evaluationLimits } from './opening/evaluation-limits.ts'
export { findProgram, findUnexecutable } from './opening/find-program.ts'
export { Fingerprint } from './opening/fingerprint.ts'
export { findValue, unknownPaths, unknownVariables } from './opening/found-value.ts'
export { type Got, getDefinition, getEnvironment, renderGot } from './opening/get-environment.ts'
export { misreadVariables } from './opening/misread-variables.ts'
export { openEnvironment } from './opening/open-environment.ts'
export { type OpenSessions, openSessionsOf } from './opening/open-sessions.ts'
export type { OpenedEnvironment } from './opening/opened-environment.ts'
export { plainValues } from './opening/plain-values.ts'
export { posixQuote } from './opening/posix-quote.ts'
export { createFiles, type FilledArgument, hiddenTexts, interpolateArgument } from './opening/program-environment.ts'
export { FORMATS, type Format, renderValue, unknownFormat } from './opening/render-value.ts'
export { requireKnown } from './opening/require-known.ts'
export { requireVariableTexts } from './opening/require-text.ts'
export { makeTemporaryFolder, sweepTemporaryFolders } from './opening/temporary-folder.ts'
export { isObject, variablesOf } from './opening/value-format.ts'
export { nextVersion } from './opening/watch-environment.ts'
export { diagnosticToWire, environmentToWire } from './opening/wire-environment.ts'
export { checkRevision, checkText, openText } from './opening/yaml-text.ts'
export { findSelection, type LocateMode, locateComparison, locateEnvironment } from './references/locate.ts'
export { type EnvironmentReference, refuseVersion } from './references/reference.ts'
export { deselectEnvironment, selectEnvironment } from './references/selection.ts'
export { expandReferences, namesSeveral } from './references/several.ts'
export {
  describeVersion,
  history,
  type RevisionSummary,
  resolveVersion,
  revisionTags,
  type TagSummary,
  type VersionSummary,
} from './revisions/history.ts'
export { type PrunedEnvironment, planPrune, pruneEnvironment } from './revisions/prune.ts'
export { environmentsToRenumber, type RenumberedEnvironment, renumberEnvironment } from './revisions/renumber.ts'
export { previewRollBack, rollBack } from './revisions/rollback.ts'
export { removeRevisionTag, retractRevision, tagRevision } from './revisions/versions.ts'
export { credentialHistory, type RotateOptions, rotateEnvironment, rotationHistory } from './rotating/rotate.ts'
export {
  type ForgottenRecord,
  forgetRecord,
  journalRecords,
  retargetRecord,
  type UnfinishedRecord,
} from './rotating/rotation-journal.ts'
export { rotationGuardMs } from './rotating/rotation-settings.ts'
export {
  type CredentialsHeld,
  type RotatorList,
  type RotatorStatus,
  rotatorStatus,
} from './rotating/rotator-status.ts'
export { unfinishedRotations } from './rotating/unfinished-rotations.ts'
export { installScanHook } from './scanning/install-hook.ts'
export { type ScanReport, type ScanRequest, scanSecrets } from './scanning/scan-secrets.ts'
export { type DueEntry, DueQueue } from './schedules/due-queue.ts'
export { placeInRepository } from './schedules/place-in-repository.ts'
export { previewSchedule } from './schedules/preview-schedule.ts'
export { type RunOutcome, runDueSchedule } from './schedules/scheduled-run.ts'
export { claimScheduler, lastSchedulerLook, noteSchedulerLook } from './schedules/scheduler-presence.ts'
export { schedulerSettings } from './schedules/scheduler-settings.ts'
export {
  createSchedule,
  editSchedule,
  getSchedule,
  listSchedules,
  overdueSchedules,
  overdueText,
  pauseSchedule,
  removeSchedule,
  type ScheduleView,
  scheduleHistory,
  scheduleOf,
} from './schedules/schedules.ts'
export { SharedRemote } from './schedules/shared-remote.ts'
export { type BrowserLogin, beginBrowserLogin } from './servers/browser-login.ts'
export { namesServer } from './servers/server-in-words.ts'
export { keptToken, logInToServer } from './servers/server-login.ts'
export { toWire } from './servers/wire.ts'
export { type EncryptedEntries, encryptedEntriesOf } from './serving/encrypted-entries.ts'
export type { NewDatabaseStore } from './session/database-session.ts'
export { databaseSession, openDatabaseStore, openOrMakeDatabaseStore } from './session/database-session.ts'
export { decoderOf, type InputDecoder, inputDecoder } from './session/decode-input.ts'
export type { InputKit, InputSchema } from './session/input-kit.ts'
export type { Principal } from './session/principal.ts'
export { type ServedSession, ServedStore } from './session/served-store.ts'
export { Session } from './session/session.ts'
export type { Caller, SessionHost, SessionParts, SessionPolicy, SessionRequest } from './session/session-parts.ts'
export { signingKeys } from './session/signed-requests.ts'
export { reopenSession, startSession } from './session/start-session.ts'
export { type BegunSignIn, beginSignIn, browserSignIn, finishSignIn } from './sign-in/browser-sign-in.ts'
export { checkServerSettings } from './sign-in/check-server-settings.ts'
export { grantToken } from './sign-in/grant-token.ts'
export type { IssuerNetwork } from './sign-in/guarded-fetch.ts'
export { IssuerKeys } from './sign-in/issuer-keys.ts'
export { type RefusedIdentity, type ShownIdentity, verifyIdentity } from './sign-in/verify-identity.ts'
export { type CheckedStore, checkStore } from './stores/check-store.ts'
export { exportStoreToFolder, importStoreIntoDatabase } from './stores/copy-store.ts'
export { initChosenStore, initStore } from './stores/init-store.ts'
export { logOut, useStore } from './stores/login.ts'
export { requireSharedKeys } from './stores/shared-keys.ts'
export { storeReadiness } from './stores/store-readiness.ts'
export { type StoreStatus, storeStatus } from './stores/store-status.ts'
export { loginCode } from './tokens/login-code.ts'
export { tokenCaller } from './tokens/token-caller.ts'
export type { ServerToken, TokenRegistry } from './tokens/token-registry.ts'
export { type CreatedToken, createToken, listTokens, revokeToken, rotateToken, tokensOf } from './tokens/tokens.ts'
export { describePower } from './trust/describe.ts'
export type { TrustReview } from './trust/trust-review.ts'
export { acceptTrust, reviewTrust } from './trust/trust-store.ts'
export { revokeTrust, type TrustedStore, trustedStores } from './trust/trusted-stores.ts'
export {
  deliverWebhooks,
  pingWebhook,
  prepareSharedDeliveries,
  redeliver,
  sendSharedDelivery,
  webhookDeliveries,
} from './webhooks/deliveries.ts'
export type { ListEdit } from './webhooks/given-webhook.ts'
export { createWebhook, editWebhook, getWebhook, listWebhooks, removeWebhook } from './webhooks/webhooks.ts'
export { parseCredential } from './words/credential.ts'
export { givenValue, secretCall, type ValueForm } from './words/given-value.ts'
export { parsePath, parseRotatorPath, parseValuePath } from './words/value-path.ts'
export { webhookFormat } from './words/webhook-format.ts'
