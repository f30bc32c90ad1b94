import type { EscError } from '../../errors.ts'
import { formatJson, type Json } from '../../json.ts'
import { formatPropertyPath, type PropertyPath, plainData } from '../../yaml/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { type InputKit, inputKit } from '../session/input-kit.ts'
import type { Operation, OperationSubject } from '../session/operation.ts'

/**
 * Writes the typed input of an operation as the data that its schema reads: a path becomes the text
 * of the path. Functions are left out. `unfit`: makes the error for an input that has no such form.
 */
export async function dataOfInput<S extends OperationSubject, Input, Result>(
  { input: schema }: Operation<S, Input, Result>,
  input: Input,
  unfit: () => EscError,
): Promise<Json | undefined> {
  if (input === undefined) return undefined
  if (schema === undefined) throw unfit()
  const written = schema(writingKit(inputKit(await import('../../vendor/zod.ts')))).safeParse(withoutFunctions(input))
  if (!written.success) throw unfit()
  return written.data as Json
}

/** A kit whose schemas read typed values, and write the texts that those of `kit` read. */
function writingKit(kit: InputKit): InputKit {
  const written = <Value>(write: (value: Value) => Json) => kit.unknown().transform((value) => write(value as Value))
  const writing = {
    ...kit,
    read: () => written((value: { readonly body: Json }) => formatJson(value.body)),
    path: () => written((path: PropertyPath) => formatPropertyPath(path)),
    environment: () =>
      written(({ name, version }: EnvironmentReference) => (version === undefined ? name : `${name}@${version}`)),
    data: () => written(plainData),
  }
  return writing as unknown as InputKit
}

function withoutFunctions(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  const members = Object.entries(input).filter(([, value]) => value !== undefined && typeof value !== 'function')
  return Object.fromEntries(members)
}
