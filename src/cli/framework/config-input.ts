import { EscError } from '../../errors.ts'
import type { ConfigAssignment, ValueForm } from '../../operations/index.ts'
import { type Io, secretPrompt } from '../terminal/index.ts'
import { readText } from './definition-input.ts'
import { choice, maybe } from './flags.ts'

const TYPES = ['string', 'int', 'bool', 'float'] as const
export type ConfigType = (typeof TYPES)[number]

const type = choice({ description: 'store the value as this type', options: TYPES, default: 'string' })

/** Without it, the place of a value decides: help shows no default. */
export const TYPE_FLAG = { type: maybe({ ...type, default: undefined }) }

/**
 * The value that a command line left out: typed at a terminal without echo, or standard input. One
 * line break at the end of that is left out, unless it is `raw`.
 *
 * @throws EscError `usage` when nobody can be asked, or standard input is empty.
 */
export async function readConfigValue(io: Io, key: string, { raw }: { readonly raw: boolean }): Promise<string> {
  if (io.stdinIsTerminal) {
    const ask = secretPrompt(io)
    if (ask !== undefined) return ask(`Value of ${key}`)
    throw new EscError('usage', 'cannot ask for a value at this terminal without showing it', {
      hint: 'give it on standard input: printf %s "$VALUE" | esc config set …',
    })
  }
  const text = await readText(io, '-', { file: 'could not read file', stdin: 'could not read from stdin' })
  if (text === '') {
    throw new EscError('usage', 'expected a value on standard input, which is empty', {
      hint: "if the value is to be the empty text, give it as an argument: ''",
    })
  }
  return raw ? text : text.replace(/\r?\n$/, '')
}

/**
 * The form in which a value is stored: as the text that it is, or as the boolean or number that it
 * says. Without a type, only a value within a structure is looked at: `true`, `false` and integers
 * without leading zeros.
 *
 * @throws EscError `usage`, without the text, for one that is not of the type.
 */
export function typedForm(text: string, type: ConfigType | undefined, path: ConfigAssignment['path']): ValueForm {
  switch (type) {
    case 'string':
      return 'text'
    case 'bool':
      if (isBoolean(text)) return 'json'
      throw notOfType('bool', 'write true or false')
    case 'int':
      if (isInteger(text)) return 'json'
      throw notOfType('int', 'write a whole number without leading zeros, such as 42')
    case 'float':
      if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(text)) return 'json'
      throw notOfType('float', 'write a number such as 0.5 or 1e6')
    case undefined:
      return path.length > 1 && (isBoolean(text) || isInteger(text)) ? 'json' : 'text'
  }
}

function isBoolean(text: string): boolean {
  return text === 'true' || text === 'false'
}

function isInteger(text: string): boolean {
  return /^(?:0|-?[1-9]\d*)$/.test(text)
}

function notOfType(type: ConfigType, hint: string): EscError {
  return new EscError('usage', `the value is not of type ${type}`, { hint })
}
