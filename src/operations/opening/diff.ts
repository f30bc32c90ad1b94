import type { PropertyPath } from '../../yaml/index.ts'
import type { Located } from '../references/locate.ts'
import { getEnvironment, renderGot } from './get-environment.ts'
import type { Format } from './render-value.ts'
import { unifiedDiff } from './unified-diff.ts'

export interface DiffOptions {
  /** Empty: everything. */
  readonly path: PropertyPath
  /** Undefined: values as JSON, and the definitions. */
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

/** What distinguishes two environments, or two versions of one. Nothing is opened. */
export async function diffEnvironments(from: Located, to: Located, options: DiffOptions): Promise<EnvironmentDiff> {
  const [before, after] = [await side(from, options), await side(to, options)]
  const labels = { from: labelOf(from), to: labelOf(to) }
  return {
    ...labels,
    value: await unifiedDiff(before.value, after.value, labels),
    definition: await unifiedDiff(before.definition, after.definition, labels),
  }
}

function labelOf({ workspace, reference: { name, version } }: Located): string {
  return `${workspace.store.organization}/${name}${version === undefined ? '' : `@${version}`}`
}

async function side({ workspace, reference }: Located, { path, format, showSecrets }: DiffOptions) {
  const got = await getEnvironment(workspace, reference, { path, showSecrets })
  const redact = !showSecrets
  if (format !== undefined) return { value: await renderGot(got, { format, path, redact }), definition: '' }
  // As in a page of `env get`: a path to nothing has no value there, which is not the same as null.
  const json = got.value === undefined ? '' : await renderGot(got, { format: 'json', path, redact })
  return { value: json.replace(/\n$/, ''), definition: got.definition ?? '' }
}
