import type { Notice } from '../../notice.ts'
import { commandOf } from '../terminal/index.ts'

type Texts = {
  readonly [Kind in Notice['kind']]: (notice: Extract<Notice, { readonly kind: Kind }>) => string
}

const TEXTS: Texts = {
  'key-made': ({ file, key }) =>
    `A new key was made for your environments: ${file} (key ${key}).\n` +
    'Keep a copy of this file in a safe place, such as a password manager: without it your secrets cannot be opened.\n' +
    'In CI, set the variable ESC_KEY to the line of the file that begins with esc-key-v1.',
  'signing-key-made': ({ file, remedy }) =>
    `A new key was made that signs requests to your adapters: ${file}.\n` +
    `Give them the output of \`${commandOf(remedy)}\`, so that they can verify it. In CI, set ESC_OIDC_KEY to the content of the file.`,
  'recipients-edited': ({ environment, remedies: [rewrap, change] }) =>
    `The age recipients of environment '${environment}' were edited, but its data key is still encrypted for the recipients before that: ` +
    `\`${commandOf(rewrap)}\` encrypts it for the current ones; to keep somebody out, use \`${commandOf(change)}\`.`,
  'key-holders-changed': ({ environment, changes }) =>
    `note: somebody who could open environment '${environment}' has changed who can open it:${listed(changes)}\nIf you do not expect that, ask before you save a secret in it.`,
  'key-holders-change': ({ environment, changes }) =>
    `Who can open environment '${environment}' changes:${listed(changes)}`,
  'unsaved-edit': ({ file, revision, remedy }) =>
    `warning: ${file} has changes that are not saved; revision ${revision} is used. Save them with "${commandOf(remedy)}".`,
  'states-kept': ({ paths }) =>
    `note: ${paths.join(', ')} kept the rotated credentials. To drop them, delete the state in an editor.`,
  'values-handed-back': ({ encrypted, kept }) =>
    [
      ...(encrypted.length > 0 ? [`note: ${encrypted.join(', ')} was secret before, and was encrypted.`] : []),
      ...(kept.length > 0 ? [`note: ${kept.join(', ')} still opens a provider or rotates, as before.`] : []),
    ].join('\n'),
  'credentials-left-out': ({ paths, revision }) =>
    `warning: ${paths.join(', ')} had rotated credentials, which the new definition leaves out; revision ${revision} has them.`,
  'secrets-moved': ({ moved, revision }) =>
    `warning: secrets stand in other places than in revision ${revision}:${listed(moved.map(movedText))}\nWho moved them need not be able to read them. If it was not you, go back with a rollback to ${revision} before you open it.`,
  'definition-not-replaced': ({ environment, revision, reason }) =>
    `Revision ${revision} of '${environment}' was saved, but: ${reason}`,
  'revisions-renumbered': ({ environment, from, to }) =>
    `note: a merge has renumbered revisions of environment '${environment}' that this machine has seen: revision ${from} is now ${to}, and ${environment}@${from} is another one`,
  'unknown-passed-on': ({ environment, paths }) =>
    `warning: ${environment}: ${named(paths)} ${paths.length === 1 ? 'is' : 'are'} not known; the text [unknown] is passed on`,
  'ambiguous-reference': ({ typed, resolved }) =>
    `warning: environment reference "${typed}" is ambiguous (resolved to ${resolved}). Use <org>/<project>/<environment> instead.`,
  'foreign-journal-entry': ({ file, store = 'an unknown store' }) =>
    `warning: ${file} is a journal entry of ${store}, which has an environment of the same id under another data key. It is left alone.`,
  'state-moved': ({ from, to }) => `Moved what this machine keeps about the store from ${from} to ${to}.`,
  'earlier-journal-left': ({ environment, folder, entries, why, remedy }) =>
    `warning: ${folder} ${why}, so ${entries} journal ${entries === 1 ? 'entry' : 'entries'} of environment '${environment}' in it ${entries === 1 ? 'is' : 'are'} not used; see "${commandOf(remedy)}"`,
  'audit-not-written': ({ reason }) => `warning: the audit log could not be written: ${reason}`,
  'webhooks-not-told': ({ reason }) => `warning: webhooks were not told: ${reason}`,
  'deliveries-failed': ({ reason }) => `warning: webhooks: ${reason}`,
}

/** The text of a notice for people at a terminal, without a final line break. */
export function noticeText(notice: Notice): string {
  return (TEXTS[notice.kind] as (notice: Notice) => string)(notice)
}

function listed(lines: readonly string[]): string {
  return lines.map((line) => `\n  ${line}`).join('')
}

function movedText({ path, of }: { readonly path: string; readonly of: string | undefined }): string {
  return `${path} holds ${of === undefined ? 'a secret that the newest revision does not have' : `the secret of ${of}`}`
}

const mostNamed = 5

function named(paths: readonly string[]): string {
  const more = paths.length - mostNamed
  return paths.slice(0, mostNamed).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
