import { spend } from '../budget.ts'
import { type Definition, nowhere, type Value } from './values/value.ts'

/**
 * Parts and characters of the largest outcome: printing a larger one would take too
 * long in some of the formats.
 */
const maxParts = 500_000
const maxCharacters = 32 * 1024 * 1024

export interface Weight {
  readonly parts: number
  readonly characters: number
}

/**
 * Returns why an outcome is too large to be shown, and the top-level value that has most of
 * it. Undefined: it is not.
 */
export function tooHeavy(root: Value, scale: Scale): { readonly reason: string; readonly at: Definition } | undefined {
  // These are upper bounds, and enough for nearly all environments.
  if (root.size <= maxParts && root.text <= maxCharacters) return undefined
  const { parts, characters } = scale.weigh(root)
  if (parts <= maxParts && characters <= maxCharacters) return undefined
  const share = (each: Weight) => Math.max(each.parts / maxParts, each.characters / maxCharacters)
  let heaviest: Value | undefined
  for (const [, child] of root.entries)
    if (heaviest === undefined || share(scale.weigh(child)) > share(scale.weigh(heaviest))) heaviest = child
  const reason =
    parts > maxParts
      ? `the environment has more than ${maxParts / 1000} thousand values`
      : `the values have more than ${maxCharacters / 1024 / 1024} million characters`
  return { reason, at: heaviest?.definition ?? nowhere }
}

/** Weighs values as they are shown: what is referred to in many places counts in each of them. */
export class Scale {
  readonly #known = new Map<Value, Weight>()

  weigh(value: Value): Weight {
    const known = this.#known.get(value)
    if (known !== undefined) return known
    spend(4)
    const { content } = value
    let parts = 1
    let characters = content.kind === 'string' || content.kind === 'number' ? content.text.length : 0
    const add = (inner: Weight) => {
      parts += inner.parts
      characters += inner.characters
    }
    if (content.kind === 'array') for (const element of content.elements) add(this.weigh(element))
    else if (content.kind === 'map')
      for (const [key, child] of value.entries) {
        characters += key.length
        add(this.weigh(child))
      }
    const weight = { parts, characters }
    this.#known.set(value, weight)
    return weight
  }
}
