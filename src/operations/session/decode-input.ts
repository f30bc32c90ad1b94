import type { JsonObject } from '../../json.ts'
import { inputError } from './input-error.ts'
import { type DataOf, type InputSchema, inputKit } from './input-kit.ts'
import type { Operation, OperationSubject } from './operation.ts'

/** Reads what comes from outside as a typed value. */
export interface InputDecoder<Value> {
  /** The JSON Schema (2020-12) of what is read, for OpenAPI and for tools of agents. */
  readonly json: JsonObject
  /** @throws EscError `invalid_input`, naming each place that is wrong and what belongs there. */
  decode(given: unknown): Value
}

/**
 * Makes the decoder of what an operation takes; functions that it takes besides are not part of it.
 * `undefined`: the operation declares no schema.
 */
export async function inputDecoder<S extends OperationSubject, Input, Result>(
  operation: Operation<S, Input, Result>,
): Promise<InputDecoder<DataOf<Input>> | undefined> {
  const { input, name } = operation
  return input && decoderOf(input as InputSchema<DataOf<Input>>, `the input of ${name}`)
}

/** Makes the decoder of a schema. `what`: how errors call the whole. */
export async function decoderOf<Value>(schema: InputSchema<Value>, what: string): Promise<InputDecoder<Value>> {
  const z = inputKit(await import('../../vendor/zod.ts'))
  const made = schema(z)
  let json: JsonObject | undefined
  const decoder: InputDecoder<Value> = {
    get json() {
      json ??= withoutMark(z.toJSONSchema(made, { io: 'input' }) as JsonObject)
      return json
    },
    decode(given) {
      const read = made.safeParse(given, { reportInput: true })
      if (read.success) return read.data
      throw inputError(what, read.error.issues, { given, schema: decoder.json })
    },
  }
  return decoder
}

/** The mark of a schema that is whole says nothing in a document that holds several. */
function withoutMark({ $schema: _, ...rest }: JsonObject): JsonObject {
  return rest
}
