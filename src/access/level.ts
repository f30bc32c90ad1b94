/**
 * The levels of access to an environment; each level includes those before it (docs/access.md).
 */
export const levels = ['none', 'read', 'open', 'write', 'admin'] as const

export type Level = (typeof levels)[number]

export function isLevel(text: string): text is Level {
  return (levels as readonly string[]).includes(text)
}

/** True when `held` includes `needed`. */
export function includes(held: Level, needed: Level): boolean {
  return levels.indexOf(held) >= levels.indexOf(needed)
}
