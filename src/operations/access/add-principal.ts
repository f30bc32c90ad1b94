import { join } from 'node:path'
import { decide, decideForStore, includes, samePrincipal } from '../../access/index.ts'
import { EscError, hintOf, messageOf } from '../../errors.ts'
import { type KeyHolders, recipientProblem, recipientsFile } from '../../keys/index.ts'
import { again, rich, step, type Text } from '../../rich-text.ts'
import { rewrapKey } from '../keys/rewrap.ts'
import type { InputKit } from '../session/input-kit.ts'
import { type Outcome, storeOperation, type Work } from '../session/operation.ts'
import { refuseForOthers } from '../session/own-rights.ts'
import { rulesOfStore } from '../session/store-rules.ts'
import type { Workspace } from '../session/workspace.ts'
import { holdersOf } from './access.ts'

export interface Joiner {
  readonly principal: string
  /** Their age recipient, `age1…`. */
  readonly recipient: string
}

/** The steps after which somebody can open what the access rules allow them. */
export interface JoinerPlan extends Joiner {
  /** Files of recipients that will name them. */
  readonly lists: readonly string[]
  /** Environments whose data key is to be encrypted for them too. */
  readonly lock: readonly string[]
  /** Environments whose data key is encrypted for them already. */
  readonly already: readonly string[]
  /** Environments under keys that are not lists: whoever keeps the key must give it to them. */
  readonly shared: readonly { readonly name: string; readonly secretsProvider: string }[]
  /**
   * Other recipients that the lists name and that could not open an environment so far:
   * encrypting its data key again lets them in as well.
   */
  readonly others: readonly { readonly name: string; readonly recipients: readonly string[] }[]
}

/** The outcome for one environment. After `failed` its key is as it was. */
export interface JoinedEnvironment {
  readonly name: string
  readonly status: 'added' | 'already' | 'failed'
  readonly error?: string
  readonly hint?: Text | undefined
}

export interface JoinerReport extends JoinerPlan {
  readonly environments: readonly JoinedEnvironment[]
}

type Listed = KeyHolders & { readonly kind: 'recipients'; readonly secretsProvider: string }

/** A principal to be let in. */
interface JoinerInput extends Joiner {
  /** Throws to stop before anything is changed. */
  readonly confirm: (plan: JoinerPlan) => Promise<void>
}

/**
 * Puts the age recipient of a principal into the lists of all environments that the rules let
 * them open, with their name as a comment, and encrypts the data keys for it, once `confirm` has
 * returned for the plan. An environment that fails does not stop the others; run again, it does
 * what is left.
 *
 * Throws EscError `invalid_input` for a recipient that is none; `conflict` when it is somebody
 * else's, or a list is also for environments that they may not open; `not_found` when the rules
 * give them none.
 */
export const addPrincipal = storeOperation({
  name: 'add-principal',
  level: 'admin',
  audit: 'access-updated',
  input: (z) => joinerSchema(z),
  async run(work, { confirm, ...joiner }: JoinerInput): Promise<JoinerReport> {
    const { store } = work
    const { principal, recipient } = checked(work, joiner)
    const { plan, urls, defaultUrl } = planFor(work, { principal, recipient })
    await confirm(plan)
    for (const list of plan.lists) {
      await store.keys.changeRecipients(list, (text) => withRecipient(text, { principal, recipient, file: list }))
    }
    if (defaultUrl !== undefined) await store.configuration.setDefaultSecretsProvider(defaultUrl)
    const environments: JoinedEnvironment[] = plan.already.map((name) => ({ name, status: 'already' }))
    await store.keys.applyingRecipients(async () => {
      for (const name of plan.lock) environments.push(await locked(work, name, urls.get(name)))
    })
    environments.sort((a, b) => (a.name < b.name ? -1 : 1))
    return { ...plan, environments }
  },
  outcome({ environments, lock, principal, recipient }): Outcome {
    const left = environments.filter(({ status }) => status === 'failed').map(({ name }) => name)
    if (left.length > 0) return { failed: 'failed', details: { principal, recipient, left } }
    return { details: { principal, recipient, environments: lock } }
  },
})

/**
 * Tells what `addPrincipal` would do: whom it lets in where. Throws what that throws before it
 * asks.
 */
export const previewPrincipal = storeOperation({
  name: 'preview-principal',
  level: 'admin',
  audit: 'environment-read',
  changes: false,
  input: (z) => joinerSchema(z),
  run: async (work, joiner: Joiner): Promise<JoinerPlan> => planFor(work, checked(work, joiner)).plan,
})

const joinerSchema = (z: InputKit) =>
  z.strictObject({
    principal: z.string().describe('whom, as the rules name them'),
    recipient: z.string().describe('their age recipient, age1…'),
  })

function checked(workspace: Workspace, { principal, recipient }: Joiner): Joiner {
  refuseForOthers(workspace, principal.trim(), 'let in')
  const problem = recipientProblem(recipient)
  if (problem !== undefined) {
    throw new EscError('invalid_input', `cannot let '${principal}' in: ${problem}`, {
      hint: rich`give the public key that they get on their machine (${step('ask to join', { do: 'join-store' })}, or "age-keygen"); it begins with age1`,
    })
  }
  if (principal.trim() !== '' && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(principal))
    return { principal: principal.trim(), recipient }
  throw new EscError('invalid_input', 'the name of a principal is one line that is not empty', {
    hint: 'name them as the rules in esc.yaml do, such as bob@example.com',
  })
}

function planFor(workspace: Workspace, { principal, recipient }: Joiner) {
  const { store } = workspace
  const rules = rulesOfStore(workspace)
  const mayOpen = (name: string) => includes(decide(rules, principal, name).level, 'open')
  const all = store.list().map((name) => ({ name, key: holdersOf(workspace, store.environment(name)) }))
  const listed = all.flatMap(({ name, key }) => (key.kind === 'recipients' ? [{ name, key: key as Listed }] : []))
  refuseSomebodyElses(listed, { principal, recipient })
  const open = listed.filter(({ name }) => mayOpen(name))
  const everywhere = rules === undefined || includes(decideForStore(rules, principal).level, 'open')
  const initial = everywhere ? defaultList(workspace, recipient) : {}
  const lists = new Set(open.flatMap(({ key }) => (key.file === undefined ? [] : [key.file])))
  refuseSharedList(listed, { lists, mayOpen, principal, recipient })
  const urls = new Map<string, string>()
  const lock: string[] = []
  const already: string[] = []
  const others: { name: string; recipients: readonly string[] }[] = []
  for (const { name, key } of open) {
    const environment = store.environment(name)
    const names = key.recipients.some((each) => each.recipient === recipient)
    if (key.file === undefined && !names) urls.set(name, withUrlRecipient(key.secretsProvider, recipient))
    const before = environment.keyTrust.holders()
    const isLocked = before?.includes(recipient) === true
    // Without a data key there is nothing to encrypt yet: the list is what counts.
    if (environment.settings.wrappedDataKey === undefined && key.file !== undefined) already.push(name)
    else if (names && isLocked) already.push(name)
    else lock.push(name)
    const listedOthers = key.recipients.map((each) => each.recipient).filter((each) => each !== recipient)
    const more = before === undefined ? [] : listedOthers.filter((each) => !before.includes(each))
    if (more.length > 0 && lock.at(-1) === name) others.push({ name, recipients: more })
  }
  const shared = all
    .filter(({ name, key }) => key.kind !== 'recipients' && mayOpen(name))
    .map(({ name, key }) => ({ name, secretsProvider: key.secretsProvider }))
  if (initial.file !== undefined) lists.add(initial.file)
  if (open.length + shared.length === 0 && lists.size === 0 && initial.url === undefined)
    throw nothingToOpen(principal, rules !== undefined)
  const plan: JoinerPlan = { principal, recipient, lists: [...lists], lock, already, shared, others }
  return { plan, urls, defaultUrl: initial.url }
}

/**
 * Returns the list for new environments: its file, or its URL with one recipient more. Empty where
 * there is nothing to change.
 */
function defaultList({ store }: Workspace, recipient: string): { readonly file?: string; readonly url?: string } {
  const url = store.configuration.defaultSecretsProvider
  if (/^age(?::\/\/)?$/.test(url)) return { file: join(store.folder, recipientsFile) }
  if (!url.startsWith('age://') || url.includes(recipient)) return {}
  return { url: withUrlRecipient(url, recipient) }
}

/**
 * A recipient that stands under somebody else's name would take them out together with that person.
 */
function refuseSomebodyElses(listed: readonly { readonly key: Listed }[], { principal, recipient }: Joiner): void {
  for (const { key } of listed) {
    const there = key.recipients.find((each) => each.recipient === recipient)
    if (there?.of === undefined || samePrincipal(there.of, principal)) continue
    throw new EscError('conflict', `${recipient} is listed as '${there.of}' in ${key.file}`, {
      hint: `ask '${principal}' for their own recipient, or correct the comment in the file`,
    })
  }
}

interface SharedList extends Joiner {
  readonly lists: ReadonlySet<string>
  readonly mayOpen: (name: string) => boolean
}

/**
 * A list that is also for an environment that they may not open would let them into it, as
 * soon as its data key is encrypted again.
 */
function refuseSharedList(
  listed: readonly { readonly name: string; readonly key: Listed }[],
  { lists, mayOpen, principal, recipient }: SharedList,
): void {
  for (const list of lists) {
    const users = listed.filter(({ key }) => key.file === list)
    if (users[0]?.key.recipients.some((each) => each.recipient === recipient)) continue
    const closed = users.filter(({ name }) => !mayOpen(name)).map(({ name }) => name)
    if (closed.length === 0) continue
    throw new EscError(
      'conflict',
      `${list} is also the list of ${closed.join(', ')}, which '${principal}' may not open: it would let them in there as well`,
      {
        hint: `give ${closed[0]} a list of its own first: copy the file into its folder; or give '${principal}' the level open there, in esc.yaml`,
      },
    )
  }
}

function nothingToOpen(principal: string, rules: boolean): EscError {
  return rules
    ? new EscError('not_found', `the rules give '${principal}' no environment to open`, {
        hint: 'add them to a team or a rule in esc.yaml, with the level open or a higher one, and run this again',
      })
    : new EscError('not_found', 'the store has no environment yet, and new ones are under no list of age recipients', {
        hint: rich`make environments with ${again('secrets-provider')} age://, or ${step('make the store so', { do: 'create-store', secretsProvider: 'age://' })}`,
      })
}

async function locked(work: Work, name: string, url: string | undefined): Promise<JoinedEnvironment> {
  try {
    await work.perform(rewrapKey, work.reference(name), { secretsProvider: url })
    return { name, status: 'added' }
  } catch (error) {
    const hint = hintOf(error)
    return { name, status: 'failed', error: messageOf(error), hint }
  }
}

function withUrlRecipient(url: string, recipient: string): string {
  return `${url},${recipient}`
}

/** The lines of a list with one recipient more, or with the comment that says whose it is. */
function withRecipient(text: string, { principal, recipient, file }: Joiner & { readonly file: string }): string {
  const lines = text.split('\n')
  const at = lines.findIndex((line) => line.trim() === recipient)
  const comment = `# ${principal}`
  if (at < 0) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${comment}\n${recipient}\n`
  const before = lines[at - 1]?.trim().replace(/^#+\s*/, '')
  if (before !== undefined && samePrincipal(before, principal)) return text
  if (lines[at - 1]?.trim().startsWith('#')) {
    throw new EscError('conflict', `${recipient} is listed as '${before}' in ${file}`, {
      hint: 'correct the comment in the file',
    })
  }
  return [...lines.slice(0, at), comment, ...lines.slice(at)].join('\n')
}
