import { messageOf } from '../../errors.ts'
import { listRotators, parseEnvironment } from '../../language/index.ts'
import { rich, step, type Text } from '../../rich-text.ts'
import { stateText } from '../../rotation/index.ts'
import type { ReconciledTexts, TextsToReconcile } from '../../store/index.ts'
import { decode, fragmentOf, getAt, parsePropertyPath, setAt } from '../../yaml/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import type { Work } from '../session/operation.ts'
import { rotateEnvironment } from './rotate.ts'
import { belowValues } from './rotator-state.ts'

/** A rotator whose credential both sides of a merge have rotated. */
export interface Contested {
  /** Document path of the call. */
  readonly path: string
  readonly statePath: string
  /**
   * The side whose credential was rotated later, as `sides` of the merge calls
   * it: it is kept at first.
   */
  readonly kept: 'ours' | 'theirs'
  /** Definition with the credential of the other side. */
  readonly other: string
}

/**
 * Makes both sides of a merge say the same about credentials that both have rotated: what the later
 * rotation made. A person could only choose between ciphertexts. Nothing is lost: the other
 * credential stays in its revision.
 */
export function reconcileRotations(name: string, texts: TextsToReconcile, contested: Contested[]): ReconciledTexts {
  const kept = texts.rotated.theirs > texts.rotated.ours ? 'theirs' : 'ours'
  const lost = kept === 'ours' ? 'theirs' : 'ours'
  const states = {
    base: statesIn(name, texts.base),
    ours: statesIn(name, texts.ours),
    theirs: statesIn(name, texts.theirs),
  }
  const found = [...states[kept]].flatMap(([path, { statePath, text }]): Contested[] => {
    const other = states[lost].get(path)
    const before = states.base.get(path)?.text ?? ''
    if (other === undefined || [text, other.text].includes('') || text === other.text) return []
    return text === before || other.text === before ? [] : [{ path, statePath, kept, other: texts[lost] }]
  })
  contested.push(...found)
  const apply = (text: string) =>
    found.reduce((changed, { statePath }) => withState(changed, { statePath, from: texts[kept] }), text)
  return { ours: texts.ours, theirs: texts.theirs, [lost]: apply(texts[lost]), apply }
}

/** Puts the state that one definition has into another. */
function withState(text: string, { statePath, from }: { readonly statePath: string; readonly from: string }): string {
  const path = parsePropertyPath(statePath)
  const node = getAt(decode('merge', from).node, path)
  return node === undefined ? text : setAt(text, path, fragmentOf(from, node))
}

function statesIn(
  name: string,
  definition: string,
): Map<string, { readonly statePath: string; readonly text: string }> {
  const { environment } = parseEnvironment(name, definition)
  const calls = environment === undefined ? [] : listRotators(environment)
  return new Map(
    calls.map(({ path, statePath }) => [
      path,
      { statePath, text: stateText(name, { definition, statePath, decrypt: undefined }) },
    ]),
  )
}

/**
 * Logs in with each contested credential that was kept, and where it does not work, with that of
 * the other side, which is kept if it does. Returns notes for people; says what to do where nothing
 * could be told. Changes nothing but the environment.
 */
export async function proveRotations(
  work: Work<EnvironmentReference>,
  contested: readonly (Contested & { readonly whose: 'ours' | 'theirs' })[],
): Promise<Text[]> {
  const notes: Text[] = []
  for (const { path, statePath, other, whose } of contested) {
    const shown = belowValues(path)
    const [mine, yours] = whose === 'ours' ? ['yours', 'theirs'] : ['theirs', 'yours']
    const rotate = step(`rotate ${shown}`, { do: 'rotate', environment: work.subject.name, paths: [shown] })
    const again = rich`${rotate} after the merge, which makes a new one`
    const both = `both sides rotated ${shown}`
    const first = await logIn(work, shown)
    if (first.works) {
      notes.push(rich`${both}: ${mine} was kept, because it logs in; to end what is left of the other, ${again}`)
      continue
    }
    if (first.works === undefined) {
      notes.push(
        rich`${both}: ${mine} was kept, as the later one, but no log-in has shown that it works (${first.why}): ${again}`,
      )
      continue
    }
    const before = await replaceState(work, { statePath, from: other })
    const second = await logIn(work, shown)
    if (second.works) {
      notes.push(rich`${both}: ${yours} was kept, because it logs in and the other does not; ${again}`)
      continue
    }
    await replaceState(work, { statePath, from: before })
    notes.push(
      rich`${both}, and neither is known to log in (${first.why}; ${second.why}): ${mine} was kept, as the later one; ${again}`,
    )
  }
  return notes
}

/** `works` undefined: it cannot be told. */
async function logIn(
  work: Work<EnvironmentReference>,
  path: string,
): Promise<{ readonly works: boolean | undefined; readonly why: string }> {
  try {
    const { paths } = await work.perform(rotateEnvironment, work.subject, {
      paths: [parsePropertyPath(path)],
      mode: 'doctor',
      onProgress: () => {},
    })
    const [report] = paths
    const current = report?.checks?.find(({ credential }) => credential === 'current')
    const why = current?.detail ?? report?.error ?? 'its rotator cannot log in'
    return { works: current?.works, why }
  } catch (error) {
    return { works: undefined, why: messageOf(error) }
  }
}

/** Appends a revision with the state that another definition has. Returns the definition before. */
async function replaceState(
  work: Work<EnvironmentReference>,
  options: { readonly statePath: string; readonly from: string },
): Promise<string> {
  const environment = work.store.environment(work.subject.name)
  const newest = environment.current()
  await environment.append({
    base: newest.number,
    baseDigest: newest.digest,
    definition: withState(newest.definition, options),
    change: 'merge',
    author: await work.author(),
    created: work.host.now(),
  })
  return newest.definition
}
