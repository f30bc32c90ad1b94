/** A rotator for which the configuration allows 127.0.0.1, as `network.privateHosts` does. */
export function onLoopback<R extends object>(rotator: R): R {
  const network = { privateHosts: ['127.0.0.1'] }
  const wrapped = Object.entries(rotator).map(([name, member]) => {
    if (!['plan', 'rotate', 'reconcile', 'retire', 'check'].includes(name)) return [name, member]
    const method = member as (...args: unknown[]) => unknown
    // The context is the last argument.
    return [name, (...args: unknown[]) => method(...args.slice(0, -1), { network, ...(args.at(-1) as object) })]
  })
  return Object.fromEntries(wrapped) as R
}
