import { EscError } from '../../errors.ts'
import type { Notice } from '../../notice.ts'
import { again, rich, step } from '../../rich-text.ts'
import type { EditRequest, EditResult } from '../definitions/edit-definition.ts'
import type { SaveResult } from '../definitions/save-definition.ts'
import type { SetValueRequest } from '../definitions/set-value.ts'
import type { RemovalRequest } from '../environments/remove-environment.ts'
import { choiceForServer } from '../folders/folder-choice.ts'
import { changeFolderDecision } from '../folders/folder-decisions.ts'
import type { KnownRequest } from '../opening/require-known.ts'
import { suspectVariables, type VariableUse } from '../opening/suspect-variables.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import type { ForgetRequest, ForgottenRecord, RetargetedRecord, RetargetRequest } from '../rotating/rotation-journal.ts'
import type { Operation, OperationSubject } from '../session/operation.ts'
import type { SessionHost } from '../session/session-parts.ts'
import { readKnownServers, writeKnownServers } from './known-servers.ts'

/** An operation on a store that a server keeps, as far as this machine has a part in it. */
interface Here {
  readonly url: string
  readonly host: Pick<SessionHost, 'cwd' | 'env'>
  readonly subject: EnvironmentReference
  readonly input: unknown
  readonly notify: (notice: Notice) => void
  /** Has the server perform another operation. */
  readonly perform: <S extends OperationSubject, Input, Result>(
    operation: Operation<S, Input, Result>,
    subject: S,
    input: Input,
  ) => Promise<Result>
}

/**
 * Operations that ask a person, or are about this machine. Everything else is the server's.
 */
const here: Readonly<Record<string, (about: Here) => Promise<unknown>>> = {
  'set-value': setValueHere,
  'edit-definition': editHere,
  'remove-environment': removeHere,
  'add-principal': addPrincipalHere,
  'remove-principal': removePrincipalHere,
  'forget-journal-record': forgetHere,
  'retarget-journal-record': retargetHere,
  'check-variables': checkVariablesHere,
  'require-known': requireKnownHere,
  'select-environment': selectHere,
  'deselect-environment': (about) => select(about, undefined),
}

/** The part that this machine has in an operation. `undefined`: none. */
export function performHere(operation: string): ((about: Here) => Promise<unknown>) | undefined {
  return Object.hasOwn(here, operation) ? here[operation] : undefined
}

async function setValueHere({ subject, input, perform }: Here): Promise<SaveResult> {
  const { path, value, plaintext } = input as SetValueRequest
  const { setValues } = await import('../definitions/set-values.ts')
  const { requireEnvironment } = await import('../environments/require-environment.ts')
  // A person is asked for a secret only where it can be of use.
  await perform(requireEnvironment, subject, undefined)
  return perform(setValues, subject, [{ path, value: await value(), plaintext }])
}

async function editHere({ subject, input, perform }: Here): Promise<EditResult> {
  const { showSecrets, revise } = input as EditRequest
  const { replaceDefinition } = await import('../definitions/edit-definition.ts')
  const { getDefinition } = await import('../opening/get-environment.ts')
  const { describeVersion } = await import('../revisions/history.ts')
  const newest = await perform(describeVersion, { ...subject, version: 'latest' }, undefined)
  const revision = newest.kind === 'tag' ? newest.tag.revision : newest.revision.number
  const text = await perform(getDefinition, { ...subject, version: String(revision) }, { showSecrets })
  let saved: SaveResult | undefined
  do {
    const edited = await revise({ text, valueJson: undefined, diagnostics: [] }, saved)
    if (edited === undefined) return { kind: 'aborted' }
    // An editor adds the line break that was missing.
    const unchanged = edited === text || edited === `${text}\n`
    saved = await perform(replaceDefinition, subject, { text: unchanged ? text : edited, revision })
  } while (saved.kind === 'refused')
  return saved
}

async function addPrincipalHere({ subject, input, perform }: Here): Promise<unknown> {
  const { addPrincipal, previewPrincipal } = await import('../access/add-principal.ts')
  const { confirm, ...joiner } = input as Parameters<typeof addPrincipal.run>[1]
  await confirm(await perform(previewPrincipal as never, subject, joiner))
  return perform(addPrincipal as never, subject, { ...joiner, confirm: async () => {} })
}

async function removePrincipalHere({ subject, input, perform }: Here): Promise<unknown> {
  const { previewRemoval, removePrincipal } = await import('../access/remove-principal.ts')
  const { confirm, ...leaver } = input as Parameters<typeof removePrincipal.run>[1]
  await confirm(await perform(previewRemoval as never, subject, leaver))
  return perform(removePrincipal as never, subject, { ...leaver, confirm: async () => {} })
}

async function removeHere({ subject, input, perform }: Here): Promise<unknown> {
  const { environmentSettings } = await import('../environments/settings.ts')
  const { removeEnvironment } = await import('../environments/remove-environment.ts')
  // Nobody is asked about an environment that is not there.
  await perform(environmentSettings, subject, undefined)
  await (input as RemovalRequest).confirm(subject.name)
  return perform(removeEnvironment, subject, { confirm: async () => {} })
}

/** The server keeps the credential of the record: it is not shown here. */
async function forgetHere({ subject, input, perform }: Here): Promise<ForgottenRecord> {
  const { chosen, confirm } = input as ForgetRequest
  const { forgetRecord, journalRecords, namedRecord } = await import('../rotating/rotation-journal.ts')
  const record = namedRecord(await perform(journalRecords, subject, undefined), subject.name, chosen)
  await confirm(record, undefined)
  return perform(forgetRecord, subject, { chosen: record.file } as ForgetRequest)
}

async function retargetHere({ subject, input, perform }: Here): Promise<RetargetedRecord> {
  const { chosen, confirm } = input as RetargetRequest
  const { retargetRecord } = await import('../rotating/rotation-journal.ts')
  const answer = await perform(retargetRecord, subject, { chosen })
  if (answer.asks === undefined || confirm === undefined) return answer
  if (!(await confirm(answer.asks))) throw new EscError('usage', 'confirmation declined', { hint: 'nothing was moved' })
  return perform(retargetRecord, subject, { chosen, agreed: answer.asks.to })
}

/** Refuses variables that would make programs here run code, whoever trusts them there. */
async function checkVariablesHere({ subject: { typed }, input }: Here): Promise<void> {
  const [suspect] = suspectVariables(input as VariableUse, typed)
  if (suspect === undefined) return
  throw new EscError('untrusted', `${typed}: ${suspect.problem}`, {
    hint: rich`if it is meant, allow it this once with ${again('allow-variable')} ${suspect.name}`,
  })
}

async function requireKnownHere({ subject: { typed: environment }, input, notify }: Here): Promise<void> {
  const { paths, allow } = input as KnownRequest
  const [first] = paths
  if (first === undefined) return
  if (allow === true) {
    notify({ kind: 'unknown-passed-on', environment, paths })
    return
  }
  const orPassOn = allow === 'never' ? '' : rich`, or pass on the text [unknown] with ${again('allow-unknown')}`
  const look = step('look where it comes from', { do: 'show-environment', environment, path: first })
  const problem = `${environment}: ${paths.slice(0, 5).join(', ')} ${paths.length === 1 ? 'is' : 'are'} not known`
  throw new EscError('unknown_value', problem, { hint: rich`${look}${orPassOn}` })
}

async function selectHere(about: Here): Promise<void> {
  const { requireEnvironment } = await import('../environments/require-environment.ts')
  await about.perform(requireEnvironment, about.subject, undefined)
  await select(about, about.subject.name)
}

async function select({ url, host }: Here, selected: string | undefined): Promise<void> {
  const { env } = host
  const choice = choiceForServer(host, url)
  if (choice !== undefined) return changeFolderDecision(env, choice.file, { selected })
  const servers = readKnownServers(env)
  if (!servers.some((each) => each.url === url)) {
    throw new EscError('unsupported', `the selection is kept with the login, and there is none for ${url}`, {
      hint: rich`${step('log in', { do: 'log-in', url })}, or name the environment each time`,
    })
  }
  await writeKnownServers(
    env,
    servers.map((each) => (each.url === url ? { ...each, selected } : each)),
  )
}
