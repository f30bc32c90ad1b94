/**
 * A pattern of names: `*` stands for any text without a slash, as in `app/*`; alone, for
 * every environment. Without a slash it is about the project `default`. Returns whether a
 * name such as `app/dev` is meant.
 */
export function environmentPattern(pattern: string): (name: string) => boolean {
  if (pattern === '*') return () => true
  const whole = pattern.includes('/') ? pattern : `default/${pattern}`
  const parts = whole.split('*').map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const expression = new RegExp(`^${parts.join('[^/]*')}$`)
  return (name) => expression.test(name)
}
