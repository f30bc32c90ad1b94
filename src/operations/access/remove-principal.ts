import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { decide, includes, samePrincipal, withoutPrincipal } from '../../access/index.ts'
import { EscError, hintOf, messageOf } from '../../errors.ts'
import { again, rich, step } from '../../rich-text.ts'
import { layout, stateLayout } from '../../store/index.ts'
import { changeSecretsProvider, type EnvironmentKeyChange } from '../keys/change-secrets-provider.ts'
import type { InputKit } from '../session/input-kit.ts'
import { type Outcome, storeOperation, type Work } from '../session/operation.ts'
import { rulesOfStore } from '../session/store-rules.ts'
import type { Workspace } from '../session/workspace.ts'
import { holdersOf } from './access.ts'
import { type ExposedSecrets, exposedOf } from './exposed-secrets.ts'
import { readRecord, removeRecord, writeRecord } from './machine-record.ts'
import { owedPaths, oweRotations } from './owed-rotations.ts'

export interface Leaver {
  readonly principal: string
  /** Recipients of age that are theirs, besides those whose comment in a list says so. */
  readonly recipients: readonly string[]
}

/** The steps to take so that somebody can open nothing that is saved from now on. */
export interface LeaverPlan {
  readonly principal: string
  /** Their age recipients. */
  readonly recipients: readonly string[]
  /** Lists that name one. */
  readonly lists: readonly string[]
  /** True when the rules name them. */
  readonly rules: boolean
  /** Environments whose data key was encrypted for them: each gets a new one. */
  readonly rekey: readonly string[]
  /**
   * Environments they may have been able to open, under keys that are not lists: only whoever
   * keeps the key can end that.
   */
  readonly shared: readonly { readonly name: string; readonly secretsProvider: string }[]
  /**
   * Environments that an earlier run has given new keys, and whose credentials wait to be rotated.
   */
  readonly owed: readonly string[]
  /** The secrets they may know, of the environments above. */
  readonly known: readonly { readonly name: string; readonly exposed: ExposedSecrets }[]
}

export interface LeaverReport extends LeaverPlan {
  readonly environments: readonly EnvironmentKeyChange[]
}

/** A principal to be removed. */
interface LeaverInput extends Leaver {
  /** Throws to stop before anything is changed. */
  readonly confirm: (plan: LeaverPlan) => Promise<void>
}

/**
 * Takes a principal out of the lists of recipients, gives the environments they could open new data
 * keys, and takes them out of the rules, once `confirm` has returned for the plan. Interrupted, it
 * is finished by being called again.
 *
 * Throws EscError `not_found` when nothing names them; `conflict` when a list or the store would be
 * nobody's. What happens to one environment after that is in the report.
 */
export const removePrincipal = storeOperation({
  name: 'remove-principal',
  level: 'admin',
  audit: 'access-updated',
  input: (z) => leaverSchema(z),
  async run(work, { confirm, ...leaver }: LeaverInput): Promise<LeaverReport> {
    const plan = checkedPlan(work, leaver)
    await confirm(plan)
    return { ...plan, environments: await work.store.keys.applyingRecipients(() => removeAll(work, plan)) }
  },
  outcome({ environments, principal, rekey }): Outcome {
    const left = environments.filter(({ status }) => status === 'failed').map(({ name }) => name)
    if (left.length > 0) return { failed: 'failed', details: { principal, left } }
    return { details: { principal, environments: rekey } }
  },
})

/**
 * Tells what `removePrincipal` would do, and what the principal may know. Throws what that throws
 * before it asks.
 */
export const previewRemoval = storeOperation({
  name: 'preview-principal-removal',
  level: 'admin',
  audit: 'environment-read',
  changes: false,
  input: (z) => leaverSchema(z),
  run: async (work, leaver: Leaver): Promise<LeaverPlan> => checkedPlan(work, leaver),
})

const leaverSchema = (z: InputKit) =>
  z.strictObject({
    principal: z.string().describe('whom, as the rules name them'),
    recipients: z.array(z.string()).default([]).describe('age recipients of theirs that no comment names'),
  })

function checkedPlan(workspace: Workspace, leaver: Leaver): LeaverPlan {
  const plan = planFor(workspace, leaver, readBegun(workspace, leaver.principal))
  const { configuration, folder } = workspace.store
  // Refuses what would be nobody's before anything is asked or changed.
  withoutPrincipal(configuration.text, leaver.principal, layout.configuration(folder))
  return plan
}

async function removeAll(work: Work, plan: LeaverPlan): Promise<EnvironmentKeyChange[]> {
  const { store } = work
  const { principal, recipients } = plan
  const exposed = plan.known.filter(({ exposed: { rotators } }) => rotators.length > 0).map(({ name }) => name)
  const urls = new Map(plan.rekey.map((name) => [name, urlWithout(work, name, recipients)]))
  writeBegun(work, { principal, recipients, environments: plan.rekey, exposed })
  for (const list of plan.lists) await store.keys.changeRecipients(list, (text) => withoutLines(text, recipients, list))
  const environments: EnvironmentKeyChange[] = []
  for (const name of exposed) {
    if (!plan.owed.includes(name)) {
      oweRotations(work, name, { by: 'access remove', keepsKey: !plan.rekey.includes(name) })
    }
  }
  for (const name of plan.rekey) environments.push(await rekeyed(work, name, urls.get(name) as string))
  const left = environments.filter(({ status }) => status === 'failed').map(({ name }) => name)
  const { configuration } = store
  const byDefault = withoutRecipients(configuration.defaultSecretsProvider, recipients)
  if (byDefault !== configuration.defaultSecretsProvider) await configuration.setDefaultSecretsProvider(byDefault)
  const file = layout.configuration(store.folder)
  await configuration.change((text) => withoutPrincipal(text, principal, file))
  writeBegun(work, { principal, recipients, environments: left, exposed })
  return environments
}

function planFor(workspace: Workspace, { principal, recipients: given }: Leaver, begun: Begun | undefined): LeaverPlan {
  const { store } = workspace
  const rules = rulesOfStore(workspace)
  const recipients = new Set([...given, ...(begun?.recipients ?? [])])
  const holders = store.list().map((name) => ({ name, key: holdersOf(workspace, store.environment(name)) }))
  for (const { key } of holders) {
    if (key.kind !== 'recipients') continue
    for (const { of, recipient } of key.recipients)
      if (of !== undefined && samePrincipal(of, principal)) recipients.add(recipient)
  }
  const lists = new Set<string>()
  const rekey: string[] = []
  const shared: LeaverPlan['shared'][number][] = []
  for (const { name, key } of holders) {
    if (key.kind === 'recipients') {
      const theirs = key.recipients.some(({ recipient }) => recipients.has(recipient))
      if (theirs && key.file !== undefined) lists.add(key.file)
      if (theirs || begun?.environments.includes(name)) rekey.push(name)
    } else if (includes(decide(rules, principal, name).level, 'open')) {
      shared.push({ name, secretsProvider: key.secretsProvider })
    }
  }
  const configuration = layout.configuration(store.folder)
  const text = store.configuration.text
  // An earlier run has changed the keys of these, and not got as far as rotating
  // what was known under them.
  const owed = (begun?.exposed ?? []).filter((name) => store.has(name) && owedPaths(workspace, name).length > 0)
  const known = [...new Set([...rekey, ...shared.map(({ name }) => name), ...owed])].map((name) => {
    return { name, exposed: exposedOf(store.environment(name), name) }
  })
  const named = rules !== undefined && withoutPrincipalOr(text, principal, configuration) !== text
  if (rekey.length === 0 && !named && owed.length === 0) throw unknownPrincipal(principal, given)
  return { principal, recipients: [...recipients], lists: [...lists], rules: named, rekey, shared, known, owed }
}

/** A refusal is for later: there is something to take out, all the same. */
function withoutPrincipalOr(text: string, principal: string, file: string): string {
  try {
    return withoutPrincipal(text, principal, file)
  } catch {
    return ''
  }
}

function unknownPrincipal(principal: string, given: readonly string[]): EscError {
  return new EscError('not_found', `nothing names '${principal}': no rule, no team and no list of recipients`, {
    hint:
      given.length > 0
        ? rich`${step('compare the recipient with those that there are', { do: 'explain-access' })}`
        : rich`name their age recipient with ${again('recipient')}, or write whose each is in a comment on the line before it`,
  })
}

async function rekeyed(work: Work, name: string, secretsProvider: string): Promise<EnvironmentKeyChange> {
  try {
    const report = await work.perform(changeSecretsProvider, work.reference(name), { secretsProvider })
    return report.environments[0] as EnvironmentKeyChange
  } catch (error) {
    const hint = hintOf(error)
    const exposed = { rotators: [], secrets: [], webhooks: [] }
    return { name, status: 'failed', from: secretsProvider, revisions: 0, error: messageOf(error), hint, exposed }
  }
}

function urlWithout(workspace: Workspace, name: string, recipients: readonly string[]): string {
  const { settings } = workspace.store.environment(name)
  return withoutRecipients(settings.secretsProvider ?? workspace.store.configuration.defaultSecretsProvider, recipients)
}

/** @throws EscError `conflict` when none is left. */
function withoutRecipients(url: string, recipients: readonly string[]): string {
  const list = /^age:\/\/(.+)$/.exec(url)?.[1]?.split(',')
  if (list === undefined) return url
  const kept = list.filter((recipient) => !recipients.includes(recipient))
  if (kept.length === 0) throw nobodyLeft(url)
  return `age://${kept.join(',')}`
}

/**
 * The lines of a list without some recipients, and without the comments that say whose they are.
 */
function withoutLines(text: string, recipients: readonly string[], file: string): string {
  const lines = text.split('\n')
  const isTheirs = (line: string | undefined) => line !== undefined && recipients.includes(line.trim())
  const kept = lines.filter(
    (line, index) => !isTheirs(line) && !(line.trim().startsWith('#') && isTheirs(lines[index + 1])),
  )
  if (!kept.some((line) => line.trim() !== '' && !line.trim().startsWith('#'))) throw nobodyLeft(file)
  return kept.join('\n')
}

function nobodyLeft(where: string): EscError {
  return new EscError('conflict', `${where} would be empty`, {
    hint: 'add the recipient of somebody who stays first',
  })
}

/** The state of an interrupted removal: about: the lists say it no more. */
interface Begun {
  readonly principal: string
  readonly recipients: readonly string[]
  readonly environments: readonly string[]
  /** Environments with credentials that they may know. Absent in what earlier versions began. */
  readonly exposed?: readonly string[]
}

/**
 * Forgets, on this machine, a removal of which nothing is left to do: every key is changed, and
 * every credential that was known is rotated.
 */
export const finishRemoval = storeOperation({
  name: 'finish-removal',
  level: undefined,
  audit: 'environment-read',
  input: (z) => z.strictObject({ principal: z.string() }),
  async run(work, { principal }: { readonly principal: string }): Promise<void> {
    const begun = readBegun(work, principal)
    if (begun !== undefined) writeBegun(work, begun)
  },
})

function readBegun(workspace: Workspace, principal: string): Begun | undefined {
  return readRecord(begunFile(workspace, principal)) as Begun | undefined
}

function writeBegun(workspace: Workspace, begun: Begun): void {
  const file = begunFile(workspace, begun.principal)
  const { store } = workspace
  const isOwed = (name: string) => store.has(name) && owedPaths(workspace, name).length > 0
  if (begun.environments.length === 0 && !(begun.exposed ?? []).some(isOwed)) removeRecord(file)
  else writeRecord(file, begun)
}

function begunFile({ store }: Workspace, principal: string): string {
  const name = createHash('sha256').update(principal.toLowerCase()).digest('hex').slice(0, 16)
  return join(stateLayout.leaving(store.state.folder), `${name}.json`)
}
