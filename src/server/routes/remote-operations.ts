import { basename } from 'node:path'
import * as operations from '../../operations/index.ts'

type AnyOperation = Extract<(typeof operations)[keyof typeof operations], { readonly kind: 'operation' }>

/** The way in which an operation is performed for a caller elsewhere. */
export interface RemoteUse {
  /** Members of the input that are no data: what a face here gives. */
  readonly own?: Readonly<Record<string, unknown>>
  /** Returns what of an input is for the machine of the store. `undefined`: nothing. */
  readonly refuses?: (input: never) => string | undefined
  /** Takes out of the result what is only of use on this machine. */
  readonly answers?: (result: never) => unknown
  /** True when the result quotes problems, which may name folders of this machine. */
  readonly quotes?: true
  /** True when its steps can be followed: `onProgress` of the input hears of them. */
  readonly steps?: true
  /**
   * Inputs that tell which levels an operation needs where that depends on the input, each with a
   * word for the use: `''` is the usual one.
   */
  readonly levels?: Readonly<Record<string, unknown>>
}

const asItIs: RemoteUse = {}
/** A person was asked where the caller is. */
const confirmed: RemoteUse = { own: { confirm: async () => {} } }

const rotating: RemoteUse = {
  own: { onProgress() {} },
  steps: true,
  levels: { '': { mode: 'rotate' }, doctor: { mode: 'doctor' } },
  refuses: ({ mode }: { readonly mode?: string }) =>
    mode === 'adopt'
      ? 'adopting a credential'
      : mode === 'retarget'
        ? 'moving an unfinished rotation to another host'
        : undefined,
}

const opening: RemoteUse = {
  answers: (opened: operations.OpenedEnvironment) => ({
    ...opened,
    used: opened.used.map((each) => ({ ...each, folder: '' })),
  }),
}

const reading: RemoteUse = { levels: { '': { showSecrets: false }, secrets: { showSecrets: true } } }

const journalRecords: RemoteUse = {
  quotes: true,
  answers: (records: readonly operations.UnfinishedRecord[]) => records.map(recordElsewhere),
}

/** The credential of a record stays on the machine that keeps it. */
const forgetting: RemoteUse = {
  own: { confirm: async () => ({ show: false }) },
  quotes: true,
  answers: ({ record, kept }: operations.ForgottenRecord) => ({
    record: recordElsewhere(record),
    kept: basename(kept),
  }),
}

/** A record without the folders of this machine. */
function recordElsewhere({ store: _, file, ...record }: operations.UnfinishedRecord): operations.UnfinishedRecord {
  return { ...record, file: basename(file) }
}

/** Files of the log by their names alone. */
const verifying: RemoteUse = {
  answers: ({ findings, ...rest }: operations.AuditVerification) => ({
    ...rest,
    findings: findings.map((finding) => ({ ...finding, place: basename(finding.place) })),
  }),
}

/** While a text is typed, what it imports stays as it is. */
const typing: RemoteUse = { own: { parse: new operations.RememberingParser().parse } }

/** Lists of recipients are files of this machine. */
const principals: RemoteUse = { ...confirmed, quotes: true }

/** Whoever names a secrets provider has this machine call it. */
const withoutProvider: RemoteUse = {
  refuses: ({ secretsProvider }: { readonly secretsProvider?: unknown }) =>
    secretsProvider === undefined ? undefined : 'choosing a secrets provider',
}

/**
 * The operations that callers elsewhere can have performed. The others are about this machine: its
 * files and git, its keys, what it trusts, who is let into the store.
 */
const uses: Readonly<Record<string, RemoteUse>> = {
  // reading
  'check-edit': typing,
  'check-revision': asItIs,
  'describe-environments': asItIs,
  'describe-place': typing,
  'describe-version': asItIs,
  'diagnose-environment': asItIs,
  'encrypt-in-edit': typing,
  'environment-types': asItIs,
  'expand-references': asItIs,
  'find-definitions': typing,
  'explain-access': { quotes: true },
  'get-compared-side': reading,
  'get-definition': reading,
  'get-environment': reading,
  'get-environment-id': asItIs,
  'get-environment-settings': asItIs,
  'get-environment-tag': asItIs,
  'get-schedule': asItIs,
  'get-webhook': asItIs,
  'graph-environments': asItIs,
  'list-access': { quotes: true },
  'list-audit-lines': asItIs,
  'list-credentials': asItIs,
  'list-environment-audit-lines': asItIs,
  'list-environment-tags': asItIs,
  'list-environments': asItIs,
  'list-journal-records': journalRecords,
  'list-missing-levels': asItIs,
  'list-offered': asItIs,
  'list-imports': asItIs,
  'list-overdue-schedules': asItIs,
  'list-owed-rotations': asItIs,
  'list-referrers': asItIs,
  'list-removed-environments': { quotes: true },
  'list-revision-tags': asItIs,
  'list-revisions': asItIs,
  'list-rotations': asItIs,
  'list-rotators': asItIs,
  'list-scheduled-runs': asItIs,
  'list-schedules': asItIs,
  'list-tokens': asItIs,
  'list-webhook-deliveries': asItIs,
  'list-webhooks': asItIs,
  'offer-completions': typing,
  'open-environment': opening,
  'preview-roll-back': asItIs,
  'preview-schedule': asItIs,
  'propose-merge': asItIs,
  'require-environment': asItIs,
  'resolve-version': asItIs,
  'summarize-edit': asItIs,
  'verify-audit-log': verifying,
  'preview-principal': { quotes: true },
  'preview-principal-removal': { quotes: true },
  // changing
  'add-principal': principals,
  'add-imports': asItIs,
  'apply-definitions': asItIs,
  'change-environment-settings': asItIs,
  'clone-environment': asItIs,
  'copy-values': asItIs,
  'create-environment': withoutProvider,
  'create-schedule': asItIs,
  'create-token': asItIs,
  'create-webhook': asItIs,
  'edit-schedule': asItIs,
  'edit-webhook': asItIs,
  'forget-journal-record': forgetting,
  'pause-schedule': asItIs,
  'ping-webhook': asItIs,
  'redeliver-webhook': asItIs,
  'remove-environment': confirmed,
  'remove-environment-tag': asItIs,
  'remove-imports': asItIs,
  'remove-principal': principals,
  'remove-revision-tag': asItIs,
  'remove-schedule': confirmed,
  'remove-value': asItIs,
  'remove-values': asItIs,
  'remove-webhook': asItIs,
  'rename-environment-tag': asItIs,
  'replace-definition': asItIs,
  'restore-environment': asItIs,
  'retarget-journal-record': asItIs,
  'retract-revision': asItIs,
  'revoke-token': asItIs,
  'roll-back': asItIs,
  'rotate-token': asItIs,
  'rotate-environment': rotating,
  'set-config': asItIs,
  'set-environment-tag': asItIs,
  'finish-removal': asItIs,
  'set-values': asItIs,
  'tag-revision': asItIs,
}

/** An operation that callers elsewhere can have performed. */
export interface RemoteOperation {
  readonly operation: AnyOperation
  readonly use: RemoteUse
}

const all = Object.values(operations).filter(
  (each): each is AnyOperation => (each as AnyOperation).kind === 'operation',
)

export const remoteOperations: ReadonlyMap<string, RemoteOperation> = new Map(
  all.flatMap((operation) => {
    const use = Object.hasOwn(uses, operation.name) ? uses[operation.name] : undefined
    return use === undefined ? [] : [[operation.name, { operation, use }] as const]
  }),
)

/** True when there is such an operation, for whomever. */
export function isOperation(name: string): boolean {
  return all.some((each) => each.name === name)
}
