import { EscError } from '../../../errors.ts'
import { formatJson, isJsonObject, type Json } from '../../../json.ts'
import { type ConfigAssignment, givenValue, parseConfigKey, setConfig } from '../../../operations/index.ts'
import { parseJson } from '../../../read-json.ts'
import { CONFIG_WRITE_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { typedForm } from '../../framework/config-input.ts'
import { openConfigToWrite } from '../../framework/config-target.ts'
import { savedConfig } from '../../framework/config-text.ts'
import { readText } from '../../framework/definition-input.ts'
import { boolean, list, text } from '../../framework/flags.ts'
import { type SavedRevision, savedText } from '../../framework/saved-text.ts'

const flags = {
  secret: list({
    description: 'a value to encrypt; may be given several times',
    value: 'key=value',
    holdsValue: true,
  }),
  plaintext: list({
    description: 'a value to store in the clear; may be given several times',
    value: 'key=value',
    holdsValue: true,
  }),
  path: boolean({ description: 'each key is a path into a value, such as endpoints[0].token' }),
  json: text({
    description: 'values as "esc config --json" prints them, or - for standard input',
    value: 'text',
    holdsValue: true,
  }),
  ...OUTPUT_FLAG,
}

export default class ConfigSetAll extends EscCommand<SavedRevision, typeof flags> {
  static override id = 'config:set-all'
  static override busy = 'saving'
  static override summary = 'Set several configuration values in one revision.'
  static override description =
    `Sets several keys below pulumiConfig of the selected environment, or of the one of --env, and saves one new revision: all of them, or
none. --secret encrypts a value; one that looks like a secret is refused unless it is given with --secret or --plaintext. With --json, the values are those that esc config --json has printed.`
  static override examples = [
    {
      description: 'A value and a secret',
      command: 'esc config set-all aws:region=eu-west-1 --secret "app:token=$TOKEN"',
    },
    {
      description: 'Values that "esc config --show-secrets --json" has printed',
      command: 'esc config set-all --env app/test --json - < values.json',
    },
  ]
  static override baseFlags = CONFIG_WRITE_FLAGS
  static override flags = flags
  static override args = {
    assignments: { description: 'key=value; the key ends at the first =', multiple: true, holdsValue: true },
  }
  static override usesSelected = 'only' as const
  static override count = { kind: 'any' } as const

  async run(): Promise<SavedRevision> {
    const { session, reference, rest } = openConfigToWrite(this.io, this.flags, this.positionals, 'set-all')
    const { secret, plaintext, json } = this.flags
    const assignments = [
      ...rest.map((word) => this.#assignment(word, { secret: false, plaintext: false })),
      ...plaintext.map((word) => this.#assignment(word, { secret: false, plaintext: true })),
      ...secret.map((word) => this.#assignment(word, { secret: true, plaintext: false })),
      ...(json === undefined ? [] : listed(await this.#jsonText(json), this.flags.path)),
    ]
    if (assignments.length === 0) {
      throw new EscError('usage', 'expected at least one value', {
        hint: 'for example: aws:region=eu-west-1',
      })
    }
    const { result } = await session.perform(setConfig, reference, assignments)
    return savedConfig(this.io, reference.name, result)
  }

  /** Splits at the first `=`. The value stays out of the message: it may be a secret. */
  #assignment(
    word: string,
    { secret, plaintext }: { readonly secret: boolean; readonly plaintext: boolean },
  ): ConfigAssignment {
    const at = word.indexOf('=')
    if (at === -1) {
      throw new EscError('usage', 'expected key=value', {
        hint: 'write the key, an equals sign and the value as one word',
      })
    }
    const path = parseConfigKey(word.slice(0, at), { structured: this.flags.path })
    const value = word.slice(at + 1)
    const form = secret ? 'text' : typedForm(value, undefined, path)
    return { path, value: givenValue(value, { form, secret }), plaintext }
  }

  async #jsonText(given: string): Promise<string> {
    if (given !== '-') return given
    return readText(this.io, '-', { file: 'could not read file', stdin: 'could not read from stdin' })
  }

  text(saved: SavedRevision): string {
    return savedText(this.io, saved)
  }
}

/** Reads what `esc config --json` prints. No message repeats a value. */
function listed(text: string, structured: boolean): ConfigAssignment[] {
  let entries: Json
  try {
    entries = parseJson(text)
  } catch {
    throw badJson('the text of --json is not JSON')
  }
  if (!isJsonObject(entries)) throw badJson('the text of --json is not an object of keys')
  return Object.entries(entries).map(([key, entry]): ConfigAssignment => {
    const path = parseConfigKey(key, { structured })
    if (!isJsonObject(entry)) throw badJson(`${key} has no value in the text of --json`)
    const { value, objectValue, secret = false } = entry
    if (typeof secret !== 'boolean') throw badJson(`${key}: secret must be true or false`)
    const given = (text: string, form: 'json' | 'text') => ({
      path,
      value: givenValue(text, { form, secret }),
      plaintext: !secret,
    })
    if (objectValue !== undefined) return given(formatJson(objectValue), 'json')
    if (typeof value === 'string') return given(value, 'text')
    if (value === undefined && secret) throw badJson(`${key} is a secret that was not shown: it has no value`)
    throw badJson(`${key}: value must be a text`)
  })
}

function badJson(problem: string): EscError {
  return new EscError('usage', problem, { hint: 'give what "esc config --show-secrets --json" prints' })
}
