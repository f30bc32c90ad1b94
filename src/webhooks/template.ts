import { EscError } from '../errors.ts'
import type { Plain } from '../plain.ts'

/** Reads the text of a JSON body template. @throws EscError `usage`. */
export function readTemplate(text: string): Plain {
  try {
    return JSON.parse(text)
  } catch (error) {
    // Not the parser's own words: they quote the text, which may hold a token.
    throw new EscError('usage', 'the template of the body is not JSON', {
      hint: 'such as {"text": "${projectName}/${environmentName}: ${action}"}',
      cause: error,
    })
  }
}

/**
 * Fills in a template. `${a.b}` in a text stands for that member of the event; a text that is
 * nothing else becomes the member itself, whatever its type. A member that is not there is `null`,
 * or nothing within a text. `$${` stands for `${`.
 */
export function fillTemplate(template: string, event: unknown): string {
  return JSON.stringify(filled(JSON.parse(template), event))
}

function filled(value: unknown, event: unknown): unknown {
  if (typeof value === 'string') return filledText(value, event)
  if (Array.isArray(value)) return value.map((each) => filled(each, event))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, filled(member, event)]))
}

function filledText(text: string, event: unknown): unknown {
  const whole = /^\$\{([^{}]*)\}$/.exec(text)
  if (whole) return member(event, whole[1] as string) ?? null
  return text.replace(/\$\$\{|\$\{([^{}]*)\}/g, (found, path: string | undefined) => {
    if (found === '$${') return '${'
    const value = member(event, path as string)
    return value === undefined || value === null
      ? ''
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value)
  })
}

/** `''`: the event itself. */
function member(event: unknown, path: string): unknown {
  return path
    .split('.')
    .filter(Boolean)
    .reduce<unknown>((value, key) => {
      const isMember = typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      return isMember ? (value as Record<string, unknown>)[key] : undefined
    }, event)
}
