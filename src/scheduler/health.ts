import type { Pass } from './findings.ts'

/**
 * Returns why all is not well, after a pass: the same causes for which `esc scheduler tick` exits
 * with a code other than 0, runs that failed aside, since those are tried again and become
 * overdue. Undefined: all is well.
 */
export function illnessOf({ unreadable, overdue, problems, heldBy }: Pass): string | undefined {
  const named = (title: string, those: readonly { readonly environment: string }[]) =>
    those.length === 0 ? [] : [`${title}: ${those.map(({ environment }) => environment).join(', ')}`]
  // While another machine has the lease, it is at work on what is overdue.
  const late = heldBy === undefined ? overdue : []
  const others = problems.length - unreadable.length - late.length
  const causes = [
    ...named('cannot be read', unreadable),
    ...named('overdue', late),
    ...(others > 0 ? problems.slice(-others).map(String) : []),
  ]
  return causes.length === 0 ? undefined : causes.join('; ')
}
