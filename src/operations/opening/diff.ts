import type { PropertyPath } from '../../yaml/index.ts'
import { operation } from '../session/operation.ts'
import { getEnvironment, renderGot } from './get-environment.ts'
import { FORMATS, type Format } from './render-value.ts'
import { unifiedDiff } from './unified-diff.ts'

export interface DiffOptions {
  /** Empty: everything. */
  readonly path: PropertyPath
  /** `undefined` for values as JSON, and the definitions. */
  readonly format: Format | undefined
  readonly showSecrets: boolean
}

/** Unified diffs, each empty when there is no difference. */
export interface EnvironmentDiff {
  readonly from: string
  readonly to: string
  readonly value: string
  /** Empty as well when a format was asked for. */
  readonly definition: string
}

/** One of the two that are compared. */
export interface ComparedSide {
  readonly label: string
  /** Empty where there is none. */
  readonly value: string
  readonly definition: string
}

/** Gets what an environment, or a version of it, is compared by. Opens nothing. */
export const comparedSide = operation({
  name: 'get-compared-side',
  level: ({ showSecrets }: DiffOptions) => (showSecrets ? 'open' : 'read'),
  audit: ({ showSecrets }: DiffOptions) => (showSecrets ? 'environment-decrypted' : 'environment-read'),
  input: (z) =>
    z.strictObject({
      path: z.path().describe('the value to compare; empty: everything'),
      format: z.enum(FORMATS).optional(),
      showSecrets: z.boolean().default(false),
    }),
  async run(work, { path, format, showSecrets }: DiffOptions): Promise<ComparedSide> {
    const { name, version } = work.subject
    const label = `${work.store.organization}/${name}${version === undefined ? '' : `@${version}`}`
    const got = await work.perform(getEnvironment, work.subject, { path, showSecrets })
    const redact = !showSecrets
    if (format !== undefined) return { label, value: await renderGot(got, { format, path, redact }), definition: '' }
    // As in a page of `env get`: a path to nothing has no value there, which differs from null.
    const json = got.value === undefined ? '' : await renderGot(got, { format: 'json', path, redact })
    return { label, value: json.replace(/\n$/, ''), definition: got.definition ?? '' }
  },
})

/** Compares two environments, or two versions of one. */
export async function diffSides(from: ComparedSide, to: ComparedSide): Promise<EnvironmentDiff> {
  const labels = { from: from.label, to: to.label }
  return {
    ...labels,
    value: await unifiedDiff(from.value, to.value, labels),
    definition: await unifiedDiff(from.definition, to.definition, labels),
  }
}
