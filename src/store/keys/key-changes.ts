import { isJsonObject, type Json } from '../../json.ts'
import { type DataKey, verifyChange } from '../../keys/index.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import type { Settings } from '../settings/settings.ts'
import { digestOfKey, type KnownKey } from './remembered.ts'

/**
 * A change of the wrapped data key, signed by the data key before it, so that machines that
 * know that one need not ask a person. `settings.yaml` keeps the last ones (`keyChanges`,
 * described in `docs/store.md`).
 */
interface KeyChange {
  /** Digest of the wrapped key before. */
  readonly from: string
  readonly to: KnownKey
}

/** The number of changes that a machine may miss before it asks. */
const kept = 10
const scheme = 'v1:'

/** Returns what `keyChanges` is to be once the key has been changed. */
export function withKeyChange(settings: Settings, change: KeyChange, key: DataKey): string {
  const payload = Buffer.from(JSON.stringify(change))
  const signature = key.signChange(payload)
  const entry = `${payload.toString('base64')}:${Buffer.from(signature).toString('base64')}`
  return scheme + [...entriesOf(settings), entry].slice(-kept).join('.')
}

/**
 * True when those who had the newest key that this machine knows have signed every change up to the
 * one in the settings. Then this machine knows that one from now on, and says once who can open it.
 *
 * A key that this machine knows to be superseded vouches for nothing: those who have
 * lost access still hold it.
 */
export function acceptKeyChanges({ memory, name, host }: EnvironmentContext, settings: Settings): boolean {
  const known = memory.newestKey(settings.id)
  if (known === undefined) return false
  const target = digestOfKey(settings.wrappedDataKey)
  const passed: KnownKey[] = []
  let last = known
  for (const entry of entriesOf(settings)) {
    const change = signedBy(last, entry, settings.id)
    if (change?.from !== last.key) continue
    last = change.to
    passed.push(last)
    if (last.key === target) break
  }
  if (last.key !== target) return false
  try {
    for (const { key } of passed) memory.trustKey(settings.id, key)
    memory.learnKey(settings.id, last)
  } catch {
    // Where nothing can be remembered, it is verified again the next time.
  }
  const changes = describeDifference(known, last)
  if (changes.length > 0) host.keys.notify({ kind: 'key-holders-changed', environment: name, changes })
  return true
}

/**
 * Says whom a new lock lets in or keeps out, before it is put on, where a file says so: nothing
 * vouches for that file. Recipients in a URL were given on the command line, or are sealed.
 */
export function announceHolders({ memory, name, host }: EnvironmentContext, id: string, after: KnownKey): void {
  const known = memory.newestKey(id)
  if (known === undefined || !/^age(?::\/\/)?$/.test(after.secretsProvider)) return
  const changes = describeDifference({ ...known, secretsProvider: after.secretsProvider }, after)
  if (changes.length > 0) host.keys.notify({ kind: 'key-holders-change', environment: name, changes })
}

/**
 * Returns the changes in who can open an environment, one line each. Only what a key of ours has
 * signed, or this machine knows.
 */
export function describeDifference(before: KnownKey, after: Pick<KnownKey, 'secretsProvider' | 'holders'>): string[] {
  const provider =
    before.secretsProvider === after.secretsProvider
      ? []
      : [`secrets provider: ${plain(after.secretsProvider)}, before: ${plain(before.secretsProvider)}`]
  const added = after.holders.filter((holder) => !before.holders.includes(holder))
  const removed = before.holders.filter((holder) => !after.holders.includes(holder))
  return [
    ...provider,
    ...added.map((holder) => `added: ${plain(holder)}`),
    ...removed.map((holder) => `removed: ${plain(holder)}`),
  ]
}

/**
 * Tells who can open an environment, as far as it is known here: as this machine has learnt, or as
 * the list of changes says, which is not verified. Undefined: it is not known.
 */
export function knownHolders(
  { memory }: Pick<EnvironmentContext, 'memory'>,
  settings: Settings,
): readonly string[] | undefined {
  const key = digestOfKey(settings.wrappedDataKey)
  const known = memory.newestKey(settings.id)
  if (known?.key === key) return known.holders
  const entry = entriesOf(settings).at(-1)
  const change = entry === undefined ? undefined : readChange(Buffer.from(entry.split(':')[0] as string, 'base64'))
  return change?.to.key === key ? change.to.holders : undefined
}

/** Without what a terminal would obey. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

function entriesOf(settings: Settings): readonly string[] {
  const text = settings.get('keyChanges')
  if (typeof text !== 'string' || !text.startsWith(scheme)) return []
  return text.slice(scheme.length).split('.').slice(-kept)
}

/** `undefined` when the key has not signed it, or it is no change. */
function signedBy({ signer }: KnownKey, entry: string, id: string): KeyChange | undefined {
  const [payload = '', signature = ''] = entry.split(':')
  const bytes = Buffer.from(payload, 'base64')
  return verifyChange(signer, id, bytes, Buffer.from(signature, 'base64')) ? readChange(bytes) : undefined
}

/** `undefined` when it is no change. */
function readChange(bytes: Buffer): KeyChange | undefined {
  const change = readJson(bytes.toString())
  if (!isJsonObject(change) || typeof change.from !== 'string' || !isJsonObject(change.to)) return undefined
  const { key, signer: next, secretsProvider, holders } = change.to
  const texts = [key, next, secretsProvider].every((text) => typeof text === 'string')
  if (!texts || !Array.isArray(holders) || !holders.every((holder: Json) => typeof holder === 'string'))
    return undefined
  return { from: change.from, to: change.to as unknown as KnownKey }
}

function readJson(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
