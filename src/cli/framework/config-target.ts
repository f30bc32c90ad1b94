import { EscError } from '../../errors.ts'
import {
  configEntryAt,
  findSelection,
  getEnvironment,
  isObject,
  type OpenedEnvironment,
  openEnvironment,
  refuseVersion,
  requireKnown,
  unknownPaths,
} from '../../operations/index.ts'
import { diagnosticLines, hasColour } from '../terminal/index.ts'
import type { Host } from './host.ts'
import { ReportedError } from './report-error.ts'
import { openTarget, sessionRequest, type Target } from './session.ts'

type TargetFlags = { readonly store?: string; readonly env?: string }

/**
 * The environment of a command of `esc config`, and its words. A first word that names an
 * environment is refused: it would be taken for a key.
 *
 * @throws EscError `usage`.
 */
export function openConfig(io: Host, flags: TargetFlags, positionals: readonly string[]): Target {
  const target = openTarget(io, flags, positionals)
  const [first = ''] = target.rest
  if (!/^[\w.-]+(?:\/[\w.-]+)+$/.test(first)) return target
  if (!findSelection(sessionRequest(io, flags), first)?.named) return target
  throw new EscError('usage', `expected a configuration key, and '${first}' is an environment`, {
    hint: `name the environment with --env ${first}, or choose it with "esc select ${first}"`,
  })
}

/** The same for a command that changes the newest revision. */
export function openConfigToWrite(
  io: Host,
  flags: TargetFlags,
  positionals: readonly string[],
  command: string,
): Target {
  const target = openConfig(io, flags, positionals)
  refuseVersion(target.reference, `config ${command}`)
  return target
}

/** Values of an environment, and the way they were had. */
export interface ReadValues {
  readonly properties: OpenedEnvironment['properties']
  /** `undefined` when nothing was opened. */
  readonly opened: OpenedEnvironment | undefined
}

export interface ReadOptions {
  /** Call providers. Otherwise what they give is unknown. */
  readonly open: boolean
  readonly showSecrets: boolean
}

/**
 * Reads the values of the environment.
 * @throws EscError where the definition, or one that it imports, has errors, or a provider fails.
 */
export async function readValues(
  { session, reference }: Target,
  { open, showSecrets }: ReadOptions,
  io: Host,
): Promise<ReadValues> {
  if (!open) {
    const { result: got } = await session.perform(getEnvironment, reference, { showSecrets })
    refuseErrors(got.diagnostics)
    const properties = got.root?.value
    return { properties: isObject(properties) ? properties : undefined, opened: undefined }
  }
  const { result: opened } = await session.perform(openEnvironment, reference)
  const { properties, partial, diagnostics } = opened
  refuseErrors(diagnostics, partial !== undefined)
  return { properties, opened }

  function refuseErrors(found: OpenedEnvironment['diagnostics'], isOfProviders = false): void {
    if (found.length > 0) io.err(diagnosticLines(found, hasColour(io, 'stderr')))
    if (isOfProviders) {
      throw new ReportedError('provider_failed', `calls of providers in ${reference.typed} failed`, found)
    }
    if (!found.some(({ severity }) => severity === 'error')) return
    throw new ReportedError('invalid_definition', `the definition of ${reference.typed} has errors`, found)
  }
}

/**
 * One value of the configuration in the clear.
 * @param path below `pulumiConfig`.
 * @throws EscError `not_found`; `unknown_value`.
 */
export async function readConfigEntry(
  target: Target,
  path: Parameters<typeof configEntryAt>[1],
  open: boolean,
  io: Host,
) {
  const { properties, opened } = await readValues(target, { open, showSecrets: true }, io)
  const { value, ...entry } = configEntryAt(properties, path, target.reference.typed)
  const paths = unknownPaths(value, ['pulumiConfig', ...path])
  const { session, reference } = target
  if (opened !== undefined) await session.perform(requireKnown, reference, { paths, used: opened.used, allow: 'never' })
  else if (paths.length > 0) {
    throw new EscError('unknown_value', `${reference.typed}: ${paths.join(', ')} is known once a provider is called`, {
      hint: 'leave out --open=false',
    })
  }
  return entry
}
