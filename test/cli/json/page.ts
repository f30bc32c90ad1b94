import { type ZodType, z } from 'zod'
import { JSON_ERROR, JSON_SHAPES } from './shapes.ts'

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly description?: string
}

/**
 * The page of the reference: the shape of the JSON of each command. Commands of one shape stand
 * together.
 */
export function jsonPage(): string {
  const blocks = new Map<string, string[]>()
  for (const [id, shape] of Object.entries(JSON_SHAPES)) {
    const text = shapeText(shape)
    blocks.set(text, [...(blocks.get(text) ?? []), `esc ${id.replaceAll(':', ' ')}`])
  }
  const sections = [...blocks].map(
    ([text, commands]) => `### ${commands.map((each) => `\`${each}\``).join(', ')}\n\n${fenced(text)}`,
  )
  return `${HEAD}\n${fenced(shapeText(JSON_ERROR))}\n${RULES}\n${sections.join('\n')}`
}

const HEAD = `# JSON output

<!-- Made of test/cli/json/shapes.ts: UPDATE_SNAPSHOTS=1 npx mocha test/cli/json -->

\`\`\`console
$ esc env ls --output json
{
  "environments": [
    "app/dev"
  ]
}
\`\`\`

Every command that prints a result accepts \`--output json\`. It then prints one JSON value on standard output, and nothing else there.
Warnings, questions and progress go to standard error. A secret appears only where the text output shows it, too.

When a command fails, it prints this instead, with its usual [exit code](cli.md#exit-codes). \`hint\` says what to do, \`remedies\` says the same as
[data](errors.md#remedies), and \`diagnostics\` lists the mistakes in a definition:
`

const RULES = `
These commands print no JSON, because they run a program or a server: \`run\`, \`lsp\`, \`mcp\`, \`scheduler start\`, \`server start\`, \`ui\`. These print a
file in another language: \`completion\`, \`hook\`, \`env types\`, \`scheduler install\`, \`export docker\`, \`export dotenv\`, \`export github\`,
\`export gitlab\`, \`export k8s-secret\`, \`export tfvars\`. \`esc config … --json\` is the same as \`--output json\`; \`audit log\` also
knows \`--output csv\` and \`cef\`.

In the shapes below, \`?\` marks a member that may be missing. Times are in RFC 3339. New members may be added, so ignore those you do not know.

## Shapes
`

function fenced(text: string): string {
  return `\`\`\`ts\n${text}\n\`\`\`\n`
}

/** A shape in the notation of TypeScript, with a comment where a member needs one. */
function shapeText(shape: ZodType): string {
  return typeText(z.toJSONSchema(shape) as Schema, '')
}

function typeText(schema: Schema, indent: string): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => typeText(each, indent)).join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((each) => JSON.stringify(each)).join(' | ')
  if (schema.type === 'array') return listText(schema.items ?? {}, indent)
  if (schema.type === 'object') return objectText(schema, indent)
  return [schema.type ?? 'any'].flat().join(' | ')
}

function listText(items: Schema, indent: string): string {
  const text = typeText(items, indent)
  return /[|]/.test(text) && !text.startsWith('{') ? `(${text})[]` : `${text}[]`
}

function objectText({ properties = {}, required = [], additionalProperties }: Schema, indent: string): string {
  const inner = `${indent}  `
  const members = Object.entries(properties).map(([name, member]) => {
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name)
    const comment = member.description === undefined ? '' : `  // ${member.description}`
    const type = typeText({ ...member, description: undefined } as Schema, inner)
    const [first = '', ...rest] = type.split('\n')
    const lines = [`${inner}${key}${required.includes(name) ? '' : '?'}: ${first}${comment}`, ...rest]
    return `${lines.join('\n')}\n`
  })
  if (members.length === 0) {
    const of = typeof additionalProperties === 'object' ? typeText(additionalProperties, indent) : 'any'
    return `Record<string, ${of}>`
  }
  return `{\n${members.join('')}${indent}}`
}
