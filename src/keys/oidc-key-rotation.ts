import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { EscError, messageOf } from '../errors.ts'
import { codeOf, ioError, machineFiles, readTextIfPresent, replaceFile, syncFolder } from '../files/index.ts'
import { rich, step } from '../rich-text.ts'
import {
  existingKey,
  keyPath,
  makeKey,
  nextKey,
  nextKeyPath,
  type OidcKeyContext,
  publicKey,
  type RsaPublicKey,
  thumbprint,
} from './oidc-key-file.ts'

/** A key that signs no more, and until when tokens of it count. */
interface RetiredKey extends RsaPublicKey {
  /** ISO 8601. */
  readonly until: string
}

/** Thumbprints of the keys after a step. */
export interface OidcKeys {
  /** The one that signs. */
  readonly current: string
  /** The one that signs after the next rotation. */
  readonly next: string | undefined
  /** Those that are still published: some tokens of theirs count yet. */
  readonly retired: readonly { readonly thumbprint: string; readonly until: string }[]
}

/** Makes the key that signs where there is none. `isNew`: it was made now. */
export function makeOidcKey(context: OidcKeyContext): { readonly thumbprint: string; readonly isNew: boolean } {
  const existing = existingKey(context)
  if (existing !== undefined) return { thumbprint: thumbprint(publicKey(existing)), isNew: false }
  const { key, isNew } = makeKey(context, keyPath(context.configFolder))
  return { thumbprint: thumbprint(publicKey(key)), isNew }
}

/**
 * Makes the key that is to sign next, unless there is one: it is published beside the one that
 * signs, so that nobody meets a token of a key that they could not have fetched.
 */
export function prepareOidcKey(context: OidcKeyContext, now: Date): OidcKeys {
  requireFile(context)
  makeKey(context, nextKeyPath(context.configFolder))
  return oidcKeys(context, now)
}

/**
 * Lets the next key sign, which is made now where none was prepared. The old one's public half
 * stays published until its last token has run out; the private half is gone.
 *
 * @param drop nothing of the old key counts from now on, for one that others may have.
 */
export function rotateOidcKey(
  context: OidcKeyContext,
  { now, tokenSeconds, drop }: { readonly now: Date; readonly tokenSeconds: number; readonly drop: boolean },
): OidcKeys {
  const { configFolder, files = machineFiles } = context
  const old = publicKey(requireFile(context))
  makeKey(context, nextKeyPath(configFolder))
  // Before it is gone. Until the next step it is both, which harms nobody.
  const until = new Date(now.getTime() + (tokenSeconds + clockSkewSeconds) * 1000).toISOString()
  writeRetired(context, drop ? [] : [...retiredKeys(context, now), { ...old, until }])
  try {
    files.rename(nextKeyPath(configFolder), keyPath(configFolder))
    syncFolder(files, configFolder)
  } catch (error) {
    // Another process was first: what was next signs already.
    if (codeOf(error) !== 'ENOENT') throw ioError(error, 'cannot change the signing key')
  }
  return oidcKeys(context, now)
}

/** The time by which clocks of vendors may be behind ours. */
const clockSkewSeconds = 600

/** The keys there are. @throws EscError `not_found` without any. */
export function oidcKeys(context: OidcKeyContext, now: Date): OidcKeys {
  const next = nextKey(context)
  const current = thumbprint(publicKey(requireKey(context)))
  const retired = retiredKeys(context, now).map(({ until, ...key }) => ({ thumbprint: thumbprint(key), until }))
  return {
    current,
    next: next === undefined ? undefined : thumbprint(publicKey(next)),
    retired: retired.filter((each) => each.thumbprint !== current),
  }
}

function requireKey(context: OidcKeyContext): KeyObject {
  const key = existingKey(context)
  if (key !== undefined) return key
  throw new EscError('not_found', 'this machine has no signing key yet', {
    hint: rich`${step('make one', { do: 'create-signing-key' })}, or set ESC_OIDC_KEY to the one that the store has`,
  })
}

function requireFile(context: OidcKeyContext): KeyObject {
  const key = requireKey(context)
  if (!context.env.ESC_OIDC_KEY) return key
  throw new EscError('invalid_input', 'the signing key is in ESC_OIDC_KEY, which esc cannot change', {
    hint: 'rotate it on the machine that has the file oidc.key, and set the variable to the new content',
  })
}

function retiredPath({ configFolder }: OidcKeyContext): string {
  return join(configFolder, 'oidc.retired.json')
}

/** Keys whose tokens may still count. */
export function retiredKeys(context: OidcKeyContext, now: Date): readonly RetiredKey[] {
  const { files = machineFiles } = context
  const path = retiredPath(context)
  const text = readTextIfPresent(files, path)
  if (text === undefined) return []
  try {
    const { keys } = JSON.parse(text) as { readonly keys: readonly RetiredKey[] }
    const isSound = keys.every(({ n, e, until }) => [n, e, until].every((each) => typeof each === 'string'))
    if (!isSound) throw new Error('it holds something else')
    return keys.filter(({ until }) => Date.parse(until) > now.getTime())
  } catch (error) {
    throw new EscError('key_unavailable', `${path} is damaged: ${messageOf(error)}`, {
      hint: 'delete it: it holds the public halves of keys that sign no more, whose tokens end within an hour',
    })
  }
}

function writeRetired(context: OidcKeyContext, keys: readonly RetiredKey[]): void {
  const { files = machineFiles } = context
  const text = JSON.stringify({ keys: keys.map(({ n, e, until }) => ({ n, e, until })) }, undefined, 2)
  replaceFile(files, retiredPath(context), Buffer.from(`${text}\n`), { mode: 0o600 })
}
