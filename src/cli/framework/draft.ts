import { openDraft, type SubmittedDraft } from '../../operations/index.ts'
import { text } from './flags.ts'
import type { Host } from './host.ts'
import { openTarget, type Target } from './session.ts'

/** For commands that change a definition. */
export const DRAFT_FLAG = {
  draft: text({
    description: 'propose the change as a git branch instead: a new one, or with =BRANCH one that is there',
    value: 'branch',
    bare: 'new',
  }),
}

/** For commands that only read. */
export const DRAFT_TO_READ_FLAG = {
  draft: text({ description: 'the definition that a draft proposes', value: 'branch' }),
}

interface TargetFlags {
  readonly store?: string
  readonly env?: string
  readonly draft?: string
}

/** A result, and the draft that it is in, if it is in one. */
export interface Drafted<T> {
  readonly result: T
  readonly draft: SubmittedDraft | undefined
}

/**
 * Does the work of a command on the environment it names; with `--draft`, on that of a branch,
 * where the change is then committed. A work that throws leaves no draft.
 */
export async function inDraft<T>(
  place: {
    readonly io: Host
    readonly flags: TargetFlags
    readonly positionals: readonly string[]
    readonly id: string
  },
  work: (target: Target) => Promise<T>,
): Promise<Drafted<T>> {
  const { io, flags, positionals, id } = place
  const target = openTarget(io, flags, positionals)
  if (flags.draft === undefined) return { result: await work(target), draft: undefined }
  const { result: draft } = await target.session.perform(openDraft, target.reference, { id: flags.draft })
  try {
    const result = await work({ ...target, session: draft.session })
    return { result, draft: await draft.submit(`esc ${id.replaceAll(':', ' ')}`) }
  } finally {
    await draft.close()
  }
}

/** Does the work of a command that only reads; with `--draft`, on what the branch has. */
export async function readingDraft<T>(
  target: Target,
  draftId: string | undefined,
  work: (target: Target) => Promise<T>,
): Promise<T> {
  if (draftId === undefined) return work(target)
  const request = { id: draftId, reading: true }
  const { result: draft } = await target.session.perform(openDraft, target.reference, request)
  try {
    return await work({ ...target, session: draft.session })
  } finally {
    await draft.close()
  }
}

/** Returns the text about a draft. */
export function draftText({ kind, id, url }: SubmittedDraft): string {
  if (kind === 'updated') return `Change request updated\nChange request URL: ${url}\n`
  return `Change request created: ${id}\nChange request URL: ${url}\nChange request submitted\n`
}
