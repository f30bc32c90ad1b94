import { EscError } from '../../errors.ts'
import { present } from '../../present.ts'
import { secret } from '../../secret.ts'
import { type RandomBytes, randomChoice } from '../random-choice.ts'
import { generatedSecret } from './kit.ts'

const example = `values:
  admin:
    fn::rotate::passphrase:
      inputs: {length: 6}
`

export type PassphraseInputs = {
  readonly length?: number
  readonly separator?: string
  readonly capitalize?: boolean
}

export const passphrase = generatedSecret<PassphraseInputs>({
  name: 'passphrase',
  description: 'A random passphrase of English words that is used nowhere but where this environment is read.',
  example,
  inputs: {
    type: 'object',
    additionalProperties: false,
    properties: {
      length: { type: 'number', minimum: 3, maximum: 15, default: 5, description: 'Number of words, 12.9 bits each.' },
      separator: {
        type: 'string',
        minLength: 1,
        maxLength: 1,
        default: '-',
        description: 'The character between words.',
      },
      capitalize: { type: 'boolean', default: false, description: 'Begin each word with a capital letter.' },
    },
  },
  prepare(inputs) {
    const { length = 5, separator = '-' } = inputs
    if (!Number.isInteger(length) || length < 3 || length > 15) {
      throw new EscError('invalid_input', `passphrase: \`length\` is ${length}, not a whole number from 3 to 15`, {
        hint: 'it counts words; five have 64 bits',
      })
    }
    if ([...separator].length !== 1 || /[\p{Cc}\p{Cs}]/u.test(separator)) {
      throw new EscError(
        'invalid_input',
        `passphrase: \`separator\` is ${JSON.stringify(separator)}, not one character`,
        { hint: 'write one that can be seen and typed, or a space' },
      )
    }
    return {
      what: `passphrase of ${length} words`,
      async generate(random) {
        // Half a megabyte of strings that opening an environment must not pay for.
        const { passphraseWords } = await import('../../vendor/passphrase-words.ts')
        return secret(generatePassphrase(inputs, passphraseWords, random))
      },
    }
  },
})

function generatePassphrase(inputs: PassphraseInputs, words: readonly string[], random: RandomBytes): string {
  const { length = 5, separator = '-', capitalize = false } = inputs
  const chosen = Array.from({ length }, () => randomChoice(words, random))
  return chosen.map((word) => (capitalize ? present(word[0]).toUpperCase() + word.slice(1) : word)).join(separator)
}
