import { EscError } from '../../../errors.ts'
import {
  checkVariables,
  expandReferences,
  type Got,
  getDefinition,
  getEnvironment,
  indentedByTwo,
  isObject,
  misreadVariables,
  namesSeveral,
  overdueSchedules,
  overdueText,
  parsePath,
  renderGot,
  unknownFormat,
} from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { boolean, text } from '../../framework/flags.ts'
import { pagesText, pageText, type Section } from '../../framework/page-text.ts'
import { openSession, openTarget, type Target } from '../../framework/session.ts'
import { type EnvironmentPart, joinJson, joinText } from '../../framework/several-text.ts'
import { ALLOW_VARIABLE_FLAG } from '../../framework/shared-flags.ts'
import { worded } from '../../terminal/index.ts'

const VALUE_FORMATS = ['json', 'detailed', 'string', 'dotenv', 'shell'] as const
type ValueFormat = (typeof VALUE_FORMATS)[number]

const flags = {
  definition: boolean({ description: 'print the definition only' }),
  value: text({
    description: `print the value only, in one of the formats ${VALUE_FORMATS.join(', ')}`,
    value: 'format',
  }),
  'show-secrets': boolean({ description: 'show secrets in the clear' }),
  ...ALLOW_VARIABLE_FLAG,
  imports: boolean({ description: 'show which revision each import came to (on a terminal it is shown anyway)' }),
  ...OUTPUT_FLAG,
}

export default class EnvGet extends EscCommand<string, typeof flags> {
  static override id = 'env:get'
  static override busy = 'reading'
  static override summary = 'Show the definition and values of an environment, secrets hidden.'
  static override description =
    `Shows the definition of an environment and its values, or one value and where it is defined. No provider is called: its values
show as [unknown]. Secrets show as [secret] without --show-secrets. To print real values, use "esc open".`
  static override examples = [
    { description: 'Values and definition of an environment', command: 'esc env get rotators/ci' },
    { description: 'One value, and where it comes from', command: 'esc env get app/dev environmentVariables' },
    { description: 'Which revision each import came to', command: 'esc env get app/dev --imports' },
    { description: 'The definition alone', command: 'esc env get rotators/ci --definition' },
    { description: 'One value of several environments', command: "esc env get 'app/*' region --value json" },
    { description: 'One value for a script', command: 'esc env get app/dev region --value string' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = {
    environment: {
      description: 'the environment, with @ and a version if you like; several as app/* or app/dev,app/prod',
      required: true,
    },
    path: { description: 'path of one value; or imports' },
  }
  static override count = { kind: 'between', least: 1, most: 2 } as const

  async run(): Promise<string> {
    const format = this.#format()
    if (this.flags.definition && format !== undefined) {
      throw new EscError('usage', '`--value` and `--definition` flags cannot be used together', {
        hint: 'give one of them',
      })
    }
    const json = this.flags.output === 'json'
    if (json && format !== undefined && format !== 'json' && format !== 'detailed') {
      throw new EscError('usage', `--output json and --value ${format} exclude each other`, {
        hint: 'give one of them',
      })
    }
    const typed = this.flags.env ?? this.positionals[0] ?? ''
    if (!namesSeveral(typed)) return this.#get(openTarget(this.io, this.flags, this.positionals))
    const rest = this.positionals.slice(this.flags.env === undefined ? 1 : 0)
    const parts: EnvironmentPart[] = []
    const { result: names } = await openSession(this.io, this.flags).perform(expandReferences, undefined, typed)
    for (const name of names) {
      parts.push({ name, text: await this.#get(openTarget(this.io, { ...this.flags, env: name }, rest)) })
    }
    if (json) return joinJson(parts)
    if (format === undefined && this.io.stdoutIsTerminal) return pagesText(parts, this.io)
    return format === 'json' || format === 'detailed' ? joinJson(parts) : joinText(parts)
  }

  async #get({ session, reference, rest }: Target): Promise<string> {
    const { definition, 'show-secrets': showSecrets } = this.flags
    const format = this.#format()
    const path = rest[0] === undefined ? [] : parsePath(rest[0], (reason) => `invalid path: ${reason}`)
    const { result: overdue } = await session.perform(overdueSchedules, undefined, { environments: [reference.name] })
    for (const { environment, due } of overdue) {
      this.io.err(`warning: ${environment}: ${worded(overdueText(due))}\n`)
    }
    if (definition && path.length === 0) {
      const text = await indentedByTwo((await session.perform(getDefinition, reference, { showSecrets })).result)
      return this.flags.output === 'json' ? asMembers({ definition: text }) : text
    }
    const { result: got } = await session.perform(getEnvironment, reference, { path, showSecrets })
    if (definition) {
      return this.flags.output === 'json' ? asMembers({ definition: got.definition ?? null }) : (got.definition ?? '')
    }
    if (format === 'dotenv' || format === 'shell') {
      const allowed = this.flags['allow-variable']
      const root = got.root?.value
      const properties = path.length === 0 && isObject(root) ? root : undefined
      await session.perform(checkVariables, reference, { properties, allowed, inShell: true })
      const misread = format === 'dotenv' && properties ? misreadVariables(properties, { redact: !showSecrets }) : []
      for (const each of misread) this.io.err(`warning: ${each}\n`)
    }
    if (format !== undefined) return renderGot(got, { format, path, redact: !showSecrets })
    const shown = await renderGot(got, { format: 'json', path, redact: !showSecrets, onlyToLook: true })
    if (this.flags.output === 'json') {
      const { definition: text = null, definedAt, imports } = got
      return asMembers({ definition: text, definedAt, imports }, got.value === undefined ? '' : shown)
    }
    return this.#describe(got, shown, path.length > 0)
  }

  #format(): ValueFormat | undefined {
    const { value } = this.flags
    if (value === undefined || isValueFormat(value)) return value
    throw unknownFormat(value, VALUE_FORMATS)
  }

  #describe(got: Got, json: string, onePath: boolean): string {
    if (this.io.stdoutIsTerminal) return this.#page(got, json, onePath)
    let shown = ''
    if (got.value !== undefined) shown += `# Value\n\`\`\`json\n${json}\`\`\`\n`
    if (got.definition !== undefined) shown += `# Definition\n\`\`\`yaml\n${got.definition}\n\`\`\`\n`
    if (onePath && got.definedAt.length > 0) {
      shown += `\n# Defined at\n${got.definedAt.map((place) => `- ${place}\n`).join('')}`
    }
    if (got.imports.length > 0 && this.flags.imports) {
      shown += `\n# Imports\n${got.imports.map(({ name, revision }) => `- ${name}: revision ${revision}\n`).join('')}`
    }
    return `${shown}\n`
  }

  #page({ value, definition, definedAt, imports }: Got, json: string, onePath: boolean): string {
    const sections: Section[] = []
    if (value !== undefined) sections.push({ title: 'Value', syntax: 'json', text: json })
    if (definition !== undefined) sections.push({ title: 'Definition', syntax: 'yaml', text: definition })
    if (onePath && definedAt.length > 0) sections.push({ title: 'Defined at', text: definedAt.join('\n') })
    if (imports.length > 0) {
      const lines = imports.map(({ name, revision }) => `${name}: revision ${revision}`)
      sections.push({ title: 'Imports', text: lines.join('\n') })
    }
    return pageText(sections, this.io)
  }

  override get printsJson(): boolean {
    return true
  }

  /** A definition for a file is one byte for byte; on a terminal it is read. */
  override get printsValues(): boolean {
    if (this.flags.output === 'json') return false
    return this.flags.value !== undefined || (this.flags.definition && !this.io.stdoutIsTerminal)
  }

  text(shown: string): string {
    return shown
  }
}

/**
 * The members as one JSON object. `value` is JSON already, so that its numbers stay as they are
 * written.
 */
async function asMembers(members: Readonly<Record<string, unknown>>, value?: string): Promise<string> {
  const { toJsonText } = await import('../../terminal/index.ts')
  const parts = Object.entries(members).map(([name, member]) => ({ name, text: toJsonText(member) }))
  return joinJson(value === undefined ? parts : [{ name: 'value', text: value }, ...parts])
}

function isValueFormat(format: string): format is ValueFormat {
  return (VALUE_FORMATS as readonly string[]).includes(format)
}
