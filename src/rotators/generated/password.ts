import { EscError } from '../../errors.ts'
import { secret } from '../../secret.ts'
import { type RandomBytes, randomChoice, shuffled } from '../random-choice.ts'
import { generatedSecret } from './kit.ts'

const example = `values:
  admin:
    fn::rotate::password:
      inputs: {length: 32}
`

export type PasswordInputs = {
  readonly length?: number
  readonly lower?: boolean
  readonly upper?: boolean
  readonly numeric?: boolean
  readonly special?: boolean
  readonly minLower?: number
  readonly minUpper?: number
  readonly minNumeric?: number
  readonly minSpecial?: number
  readonly overrideSpecial?: string
}

const defaultSpecial = '!@#$%&*()-_=+[]{}<>:?'

const minimum = { type: 'number', minimum: 0, maximum: 100, default: 0 } as const
const enabled = { type: 'boolean', default: true } as const

export const password = generatedSecret<PasswordInputs>({
  name: 'password',
  description: 'A random password that is used nowhere but where this environment is read.',
  example,
  inputs: {
    type: 'object',
    additionalProperties: false,
    properties: {
      length: { type: 'number', minimum: 8, maximum: 100, default: 16, description: 'Number of characters.' },
      lower: { ...enabled, description: 'Use a to z.' },
      upper: { ...enabled, description: 'Use A to Z.' },
      numeric: { ...enabled, description: 'Use 0 to 9.' },
      special: { ...enabled, description: 'Use special characters.' },
      minLower: { ...minimum, description: 'At least so many lower-case letters.' },
      minUpper: { ...minimum, description: 'At least so many upper-case letters.' },
      minNumeric: { ...minimum, description: 'At least so many digits.' },
      minSpecial: { ...minimum, description: 'At least so many special characters.' },
      overrideSpecial: { type: 'string', default: defaultSpecial, description: 'The special characters to use.' },
    },
  },
  prepare(inputs) {
    const recipe = passwordRecipe(inputs)
    return {
      what: `password of ${recipe.length} characters`,
      generate: async (random) => secret(generatePassword(recipe, random)),
    }
  },
})

interface CharacterClass {
  readonly characters: readonly string[]
  readonly minimum: number
}

/** The composition of a password; `passwordRecipe` is the one place that checks it. */
export interface PasswordRecipe {
  readonly length: number
  readonly classes: readonly CharacterClass[]
}

/** Throws `invalid_input` for inputs no password can satisfy. */
export function passwordRecipe(inputs: PasswordInputs): PasswordRecipe {
  const length = inputs.length ?? 16
  requireWhole('length', length, 8, 100)
  const special = inputs.overrideSpecial ?? defaultSpecial
  if ((inputs.special ?? true) && special === '') {
    throw new EscError('invalid_input', 'password: `overrideSpecial` is empty while `special` is on', {
      hint: 'name at least one special character, or set `special: false`',
    })
  }
  if (/[\p{Cc}\p{Cs}]/u.test(special)) {
    throw new EscError(
      'invalid_input',
      `password: \`overrideSpecial\` ${JSON.stringify(special)} holds a control character`,
      {
        hint: 'name characters that can be seen and typed',
      },
    )
  }
  const declared = [
    { name: 'lower', minimumName: 'minLower', characters: 'abcdefghijklmnopqrstuvwxyz' },
    { name: 'upper', minimumName: 'minUpper', characters: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' },
    { name: 'numeric', minimumName: 'minNumeric', characters: '0123456789' },
    { name: 'special', minimumName: 'minSpecial', characters: special },
  ] as const
  const classes: CharacterClass[] = []
  for (const { name, minimumName, characters } of declared) {
    const minimum = inputs[minimumName] ?? 0
    requireWhole(minimumName, minimum, 0, 100)
    if (inputs[name] ?? true) classes.push({ characters: [...new Set(characters)], minimum })
    else if (minimum > 0) {
      throw new EscError('invalid_input', `password: \`${minimumName}\` is ${minimum} while \`${name}\` is off`, {
        hint: `set \`${name}: true\`, or \`${minimumName}: 0\``,
      })
    }
  }
  if (classes.length === 0) {
    throw new EscError('invalid_input', 'password: `lower`, `upper`, `numeric` and `special` are all off', {
      hint: 'leave at least one kind of character on',
    })
  }
  const required = classes.reduce((sum, { minimum }) => sum + minimum, 0)
  if (required > length) {
    throw new EscError(
      'invalid_input',
      `password: the minimums add up to ${required}, more than the length ${length}`,
      {
        hint: 'raise `length` or lower the minimums',
      },
    )
  }
  return { length, classes }
}

/**
 * The minimums first, then any character of any class, then all of them shuffled, so no
 * position tells its class.
 */
export function generatePassword({ length, classes }: PasswordRecipe, random: RandomBytes): string {
  const characters: string[] = []
  for (const { characters: choices, minimum } of classes) {
    for (let count = 0; count < minimum; count++) characters.push(randomChoice(choices, random))
  }
  const all = [...new Set(classes.flatMap((each) => each.characters))]
  while (characters.length < length) characters.push(randomChoice(all, random))
  return shuffled(characters, random).join('')
}

function requireWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new EscError(
    'invalid_input',
    `password: \`${name}\` is ${value}, not a whole number from ${least} to ${most}`,
    {
      hint: `write a number such as ${name}: ${Math.min(most, Math.max(least, Math.round(value) || least))}`,
    },
  )
}
