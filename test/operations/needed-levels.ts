import type { RotateOptions } from '../../src/operations/index.ts'
import type { GuardLevel } from '../../src/store/index.ts'
import { type Sample, samples } from './samples.ts'

/** An operation in one use of it, and the access that this needs. */
export interface Use {
  readonly name: string
  readonly level: GuardLevel
  readonly sample: Sample
  /** The operation declares no level for it, and asks for each environment that it touches. */
  readonly asks?: boolean
  /** What of the result tells that it was refused, where no error does. */
  readonly refusal?: object
}

/**
 * The access that operations need, whatever their input is: stated here a second time and on
 * purpose, so that nobody lowers a level without noticing.
 */
const always: Readonly<Record<GuardLevel, string>> = {
  read: `
    analyze-definition check-edit describe-place describe-version diagnose-environment find-definitions offer-completions propose-merge summarize-edit environment-types get-environment-id get-environment-settings get-environment-tag get-schedule
    list-environment-tags list-imports list-names-within list-owed-rotations list-references-to-key list-referrers list-revision-tags list-revisions
    list-rotations list-scheduled-runs list-schedules locate-definition plan-prune preview-roll-back require-environment resolve-version select-environment`,
  open: `clone-environment issue-token list-credentials list-journal-records open-environment trust-key`,
  write: `
    add-imports copy-values create-environment create-schedule create-webhook edit-definition edit-schedule edit-webhook
    encrypt-for-definition encrypt-in-edit forget-journal-record get-webhook import-values list-webhook-deliveries list-webhooks pause-schedule
    ping-webhook redeliver-webhook remove-environment-tag remove-imports remove-revision-tag remove-schedule remove-value
    remove-values remove-webhook rename-environment-tag renumber-environment replace-definition restore-working-definition
    retarget-journal-record retract-revision roll-back save-working-definition set-config set-environment-tag set-login-provider
    set-value set-values tag-revision`,
  admin: `export-store-to-folder import-store-into-database 
    add-principal preview-principal preview-principal-removal change-environment-settings change-secrets-provider change-store-secrets-provider list-audit-lines
    list-environment-audit-lines list-tokens create-token rotate-token revoke-token prune-environment remove-environment remove-principal restore-environment rewrap-key`,
}

/**
 * Operations that refuse nobody: they show what the user may see, change what is of this machine
 * alone, or perform others, which ask.
 */
export const refusingNobody = `
    accept-trust check-readiness check-store check-text check-variables claim-scheduler deliver-webhooks describe-environments deselect-environment expand-references explain-access
    export-pulumi-stack grant-token get-scheduler-look get-scheduler-settings import-environments install-scan-hook
    list-access list-missing-levels preview-schedule list-environments list-environments-to-renumber list-offered
    list-overdue-schedules list-removed-environments list-rotators list-unfinished-rotations note-scheduler-look open-draft open-text plan-trust-setup publish-issuer
    prepare-webhook-deliveries record-agent-call request-access require-known review-trust rewrap-keys rotate-signing-key scan-secrets send-webhook-delivery finish-removal
    show-store-status trust-keys verify-audit-log verify-identity`
  .trim()
  .split(/\s+/)

/** The sample of an operation with another input. */
function use(name: string, level: GuardLevel, changed: Partial<Sample> = {}): Use {
  return { name, level, sample: { ...samples[name], ...changed } }
}

const rotating = (mode: string) => () => ({ paths: [], mode, force: true, onProgress() {} })
const modes: Readonly<Record<RotateOptions['mode'], GuardLevel>> = {
  rotate: 'write',
  failed: 'write',
  resume: 'write',
  adopt: 'write',
  retarget: 'write',
  plan: 'write',
  doctor: 'open',
}
const shown = (showSecrets: boolean) => () => ({ path: [], format: undefined, showSecrets })

/** Operations whose level depends on the input, with each kind of it. */
const byInput: readonly Use[] = [
  ...['check-revision', 'get-compared-side', 'get-definition', 'get-environment'].flatMap((name) => [
    use(name, 'read', { input: shown(false) }),
    use(name, 'open', { input: shown(true) }),
  ]),
  use('init-issuer', 'admin'),
  ...Object.entries(modes).map(([mode, level]) => use('rotate-environment', level, { input: rotating(mode) })),
]

/** Operations that ask for the environments that they touch. */
const asking: readonly Use[] = [
  use('apply-definitions', 'write'),
  use('graph-environments', 'read', { input: (workspace) => [workspace.reference('app/dev')] }),
  { ...use('run-due-schedule', 'write'), refusal: { result: 'failed' } },
  use('get-status', 'read', { input: (workspace) => workspace.reference('app/dev') }),
].map((each) => ({ ...each, asks: true }))

/** Each operation that some are refused, in each use that needs another access. */
export const uses: readonly Use[] = [
  ...Object.entries(always).flatMap(([level, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => use(name, level as GuardLevel)),
  ),
  ...byInput,
  ...asking,
]
