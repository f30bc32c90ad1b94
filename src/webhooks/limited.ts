/** Does something with each item, with so many at the same time at most. */
export async function limited<T>(items: readonly T[], limit: number, act: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items]
  const workers = Array.from({ length: Math.min(limit, rest.length) }, async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await act(item)
  })
  await Promise.all(workers)
}
