import { EscError } from '../../../errors.ts'
import { givenValue, parseConfigKey, setConfig } from '../../../operations/index.ts'
import { CONFIG_WRITE_FLAGS, EscCommand, JSON_FLAGS } from '../../framework/command.ts'
import { readConfigValue, TYPE_FLAG, typedForm } from '../../framework/config-input.ts'
import { openConfigToWrite } from '../../framework/config-target.ts'
import { savedConfig } from '../../framework/config-text.ts'
import { boolean } from '../../framework/flags.ts'
import { type SavedRevision, savedText } from '../../framework/saved-text.ts'

const flags = {
  secret: boolean({ description: 'encrypt the value' }),
  plaintext: boolean({ description: 'store the value in the clear even if it looks like a secret' }),
  path: boolean({ description: 'the key is a path into a value, such as endpoints[0].token' }),
  ...TYPE_FLAG,
  raw: boolean({ description: 'keep the line break at the end of standard input' }),
  ...JSON_FLAGS,
}

export default class ConfigSet extends EscCommand<SavedRevision, typeof flags> {
  static override id = 'config:set'
  static override busy = 'saving'
  static override summary = 'Set a configuration value.'
  static override description =
    `Sets a key below pulumiConfig in the selected environment, or in the one of --env, and saves a new revision. Without a value, the command
asks for it without echo at a terminal, and reads standard input otherwise. A value that looks like a secret needs --secret or
--plaintext.

The value is a text; \${…} in it is not a reference. With --path, the key is a path into a value: a list grows by at most one element, and true,
false and integers become booleans and numbers. --type sets the type.`
  static override examples = [
    { description: 'Set a value', command: 'esc config set aws:region eu-west-1' },
    { description: 'Type a secret without echo', command: 'esc config set app:token --secret' },
    { description: 'Take a secret from a file', command: 'esc config set app:key --secret < key.pem' },
    {
      description: 'Set a secret within a list of mappings',
      command: "esc config set --path 'app:endpoints[0].token' --secret",
    },
    {
      description: 'Set a number in another environment',
      command: 'esc config set app:size 3 --type int --env app/prod',
    },
  ]
  static override baseFlags = CONFIG_WRITE_FLAGS
  static override flags = flags
  static override args = {
    key: { description: 'the key, such as aws:region; with --path, a path', required: true },
    value: { description: 'the value (default: asked for, or standard input)', holdsValue: true },
  }
  static override usesSelected = 'only' as const
  static override jsonSwitch = true
  static override count = { kind: 'between', least: 1, most: 2 } as const

  async run(): Promise<SavedRevision> {
    const { secret, plaintext, path: structured, type, raw } = this.flags
    if (Number(secret) + Number(plaintext) + Number(type !== undefined) > 1) {
      throw new EscError('usage', 'only one of --secret, --plaintext and --type can be given', {
        hint: 'a secret is a text; a value with a type is stored in the clear',
      })
    }
    const { session, reference, rest } = openConfigToWrite(this.io, this.flags, this.positionals, 'set')
    const [key = '', given] = rest
    // The value would be stored in the clear, as a part of the key. It stays out of the message.
    if (given === undefined && key.includes('=')) {
      throw new EscError('usage', 'expected a key and a value as two words', {
        hint: 'for example: esc config set aws:region eu-west-1; "esc config set-all" takes key=value',
      })
    }
    const path = parseConfigKey(key, { structured })
    const value = given ?? (await readConfigValue(this.io, key, { raw }))
    const form = secret ? 'text' : typedForm(value, type, path)
    const assignment = { path, value: givenValue(value, { form, secret }), plaintext }
    const { result } = await session.perform(setConfig, reference, [assignment])
    return savedConfig(this.io, reference.name, result)
  }

  text(saved: SavedRevision): string {
    return savedText(this.io, saved)
  }
}
