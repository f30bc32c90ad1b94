// Schemas of what comes from outside: inputs of operations and arguments of tools. Loaded only
// where such a thing is decoded or described.
export {
  array,
  boolean,
  discriminatedUnion,
  enum,
  int,
  iso,
  literal,
  NEVER,
  nullable,
  number,
  type output,
  record,
  strictObject,
  string,
  toJSONSchema,
  undefined,
  union,
  unknown,
  type ZodType,
} from 'zod'
