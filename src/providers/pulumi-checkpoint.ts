import { EscError } from '../errors.ts'
import { memberOf, textIn } from './vendor-call.ts'

export interface PulumiStack {
  readonly project: string
  readonly name: string
}

/** A place in which stacks are kept. */
export interface PulumiBackend {
  /** A checkpoint, or a deployment that was exported. @throws EscError `provider_failed`. */
  readonly read: (stack: PulumiStack) => Promise<unknown>
  /** Decrypts what the service itself has encrypted. `undefined`: it has no such keys. */
  readonly decrypt?: (stack: PulumiStack, ciphertexts: readonly string[]) => Promise<ReadonlyMap<string, string>>
}

/** The names that a checkpoint may have below `.pulumi/stacks`. The last one is of old backends. */
export function checkpointNames({ project, name }: PulumiStack): readonly string[] {
  return [`${project}/${name}.json`, `${name}.json`]
}

/**
 * True when a checkpoint is of the project: in old backends names of stacks are those of all
 * projects.
 */
export function isOfProject(document: unknown, { project }: PulumiStack): boolean {
  const resources = memberOf(memberOf(memberOf(document, 'checkpoint'), 'latest'), 'resources')
  const [first] = Array.isArray(resources) ? resources : []
  return first === undefined || (textIn(first, 'urn') ?? '').split('::')[1] === project
}

export function noSuchStack({ project, name }: PulumiStack, backend: string): EscError {
  return new EscError('provider_failed', `pulumi-stacks: there is no stack ${project}/${name} at ${backend}`, {
    hint: 'check project and stack, and PULUMI_BACKEND_URL',
  })
}
