import { hintOf, messageOf } from '../../errors.ts'
import {
  CooldownError,
  type LeaverPlan,
  owedRotations,
  parseRotatorPath,
  type Session,
} from '../../operations/index.ts'
import { rich, type Text } from '../../rich-text.ts'
import { shellWord } from '../../shell-word.ts'
import { ProgressBlock, worded } from '../terminal/index.ts'
import type { Host } from './host.ts'
import { EXIT, exitCodeOf } from './report-error.ts'
import { rotationExitCode, rotationText, runRotation } from './rotating.ts'
import { openSession } from './session.ts'

/** The outcome of rotating the credentials of one environment. */
export interface ExposedRotation {
  readonly name: string
  readonly exitCode: number
  readonly rotated: readonly string[]
  /** Paths whose credentials are as they were, each with the reason and what can be done. */
  readonly failed: readonly { readonly path: string; readonly error: string; readonly hint: Text }[]
}

/**
 * Rotates what environments hold since a command gave them new keys, as far as no later rotation
 * has done so, with lines of its own on standard error. A refusal in one keeps no other from
 * being rotated; Ctrl-C does.
 */
export async function rotateExposed(
  io: Host,
  session: Session,
  environments: readonly string[],
): Promise<readonly ExposedRotation[]> {
  const rotations: ExposedRotation[] = []
  let interrupted = false
  for (const name of environments) {
    const { result: paths } = await session.perform(owedRotations, session.reference(name))
    if (paths.length === 0) continue
    const rotation: ExposedRotation = interrupted
      ? notBegun(name, paths)
      : await rotateOne(io, session, { name, paths })
    interrupted ||= rotation.exitCode === EXIT.interrupted
    rotations.push(rotation)
    // Forgets what is settled now.
    await session.perform(owedRotations, session.reference(name))
  }
  return rotations
}

interface Target {
  readonly name: string
  readonly paths: readonly string[]
}

async function rotateOne(io: Host, opened: Session, { name, paths }: Target): Promise<ExposedRotation> {
  // With the keys of `io`, which may be others than those the store was opened with.
  const session = openSession(io, { store: opened.folder })
  const reference = session.reference(name)
  const progress = new ProgressBlock(io)
  try {
    const run = { session, reference, typed: name, io, progress, explains: true }
    const result = await runRotation(run, { paths: paths.map(parseRotatorPath), mode: 'rotate' })
    io.err(rotationText(result))
    const { report } = result
    const done = report.paths.filter(({ status }) => status === 'succeeded').map(({ path }) => path)
    const failed = paths
      .filter((path) => !done.includes(path))
      .map((path) => {
        const { error = 'it was not begun', hint } = report.paths.find((each) => each.path === path) ?? {}
        return { path, error, hint: hint ?? retryHint(name, path) }
      })
    return { name, exitCode: rotationExitCode(result), rotated: done, failed }
  } catch (error) {
    return refused(io, session, { name, paths, error })
  }
}

async function refused(
  io: Host,
  session: Session,
  { name, paths, error }: Target & { readonly error: unknown },
): Promise<ExposedRotation> {
  const exitCode = exitCodeOf(error)
  const message = io.conceal?.(messageOf(error)) ?? messageOf(error)
  if (!(error instanceof CooldownError)) {
    const given = hintOf(error)
    const hintFor = (path: string) => rich`${given === undefined ? '' : rich`${given}; then `}${retryHint(name, path)}`
    return {
      name,
      exitCode,
      rotated: [],
      failed: paths.map((path) => ({ path, error: message, hint: hintFor(path) })),
    }
  }
  const hasty = paths.filter((path) => error.paths.includes(path))
  const others = paths.filter((path) => !error.paths.includes(path))
  const until = error.until.toISOString().replace(/\.\d+Z$/, 'Z')
  const failed = hasty.map((path) => {
    return {
      path,
      error: message,
      hint: `wait until ${until}, or end the credential before at once: "esc env rotate ${name} ${shellWord(path)} --force"`,
    }
  })
  if (others.length === 0) return { name, exitCode, rotated: [], failed }
  const rest = await rotateOne(io, session, { name, paths: others })
  const code = rest.rotated.length > 0 ? EXIT.rotatedInPart : rest.exitCode
  return { name, exitCode: code, rotated: rest.rotated, failed: [...failed, ...rest.failed] }
}

function notBegun(name: string, paths: readonly string[]): ExposedRotation {
  const failed = paths.map((path) => ({ path, error: 'interrupted before it began', hint: retryHint(name, path) }))
  return { name, exitCode: EXIT.interrupted, rotated: [], failed }
}

function retryHint(name: string, path: string): string {
  return `"esc env rotate ${name} ${shellWord(path)}" tries again`
}

/** The exit code of a command that has rotated besides: the worst of them. */
export function exitCodeOfRotations(rotations: readonly ExposedRotation[]): number {
  const whole = rotations.every(({ failed }) => failed.length === 0)
  return whole ? EXIT.done : Math.max(EXIT.failed, ...rotations.map(({ exitCode }) => exitCode))
}

/**
 * Returns the text on what those may know who could open some environments, and what can be done
 * about it. `rotations`: those that were tried; undefined: none were to be. `again`: the command
 * that goes on where this one ended.
 */
export function exposedText(
  environments: LeaverPlan['known'],
  { rotations, again }: { readonly rotations: readonly ExposedRotation[] | undefined; readonly again: string },
): string {
  return secretsText(environments, rotations) + webhooksText(environments) + failedText(rotations ?? [], again)
}

function secretsText(environments: LeaverPlan['known'], rotations: readonly ExposedRotation[] | undefined): string {
  const known = environments.filter(({ exposed }) => exposed.rotators.length + exposed.secrets.length > 0)
  if (known.length === 0) return ''
  let text =
    '\nWho had the former key may know these secrets, and those of earlier revisions that are still in use. Change them where they come from:\n'
  for (const { name, exposed } of known) {
    for (const path of exposed.secrets) text += `  ${name}: ${path}\n`
    for (const { path, rotator } of exposed.rotators) {
      const failed = rotations?.find((each) => each.name === name)?.failed.some((each) => each.path === path)
      const became =
        rotations === undefined
          ? 'can be rotated'
          : failed
            ? 'NOT rotated'
            : 'rotated; its former credential ends with the next rotation'
      text += `  ${name}: ${path} (${rotator}: ${became})\n`
    }
  }
  const left = rotations === undefined ? known.filter(({ exposed }) => exposed.rotators.length > 0) : []
  if (left.length > 0)
    text += `Rotate what can be rotated, twice so that no former credential is left: ${left.map(({ name }) => `"esc env rotate ${name}"`).join(', ')}\n`
  return text
}

function failedText(rotations: readonly ExposedRotation[], again: string): string {
  const lines = rotations.flatMap(({ name, failed }) =>
    failed.map(({ path, error, hint }) => `  ${name}: ${path}: ${error}\n    hint: ${worded(hint)}\n`),
  )
  if (lines.length === 0) return ''
  return `\nNot rotated, so the credentials that they may know are still in use:\n${lines.join('')}"${again}" rotates what is left.\n`
}

function webhooksText(environments: LeaverPlan['known']): string {
  const known = environments.filter(({ exposed }) => exposed.webhooks.length > 0)
  if (known.length === 0) return ''
  let text = '\nThey also know what these webhooks keep secret. Renew it at the receiver, then here:\n'
  for (const { name, exposed } of known) {
    for (const { name: hook, displayName, url, secret, secretUrl, headers = [] } of exposed.webhooks) {
      const known = [secret && 'its secret', secretUrl && 'its URL', ...headers.map((each) => `its header ${each}`)]
      const what = known.filter(Boolean).join(' and ')
      const renewed = headers.map((each) => `--header '${each}: <new value>'`)
      const flags = [secretUrl && '--url <new URL>', secret && '--secret -', ...renewed].filter(Boolean).join(' ')
      text += `  ${name}: ${hook} (${displayName}, ${url}): ${what}: "esc env webhook edit ${name} ${hook} ${flags}"\n`
    }
  }
  return text
}
