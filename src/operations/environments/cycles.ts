interface Mark {
  readonly id: string
  /** Position among the ids. */
  readonly place: number
  /** The number found before it, and the least of those that it leads to and that wait. */
  readonly index: number
  lowest: number
  waiting: boolean
}

/**
 * The groups of ids that lead back to themselves (strongly connected components, found as Tarjan
 * does), each in the order of `ids`. An id that leads to itself is a group too. A stack of its own,
 * because a chain may be longer than that of the machine is deep.
 */
export function cyclesOf(
  ids: readonly string[],
  links: readonly { readonly from: string; readonly to: string }[],
): string[][] {
  const outgoing = new Map(ids.map((id) => [id, [] as string[]]))
  for (const { from, to } of links) outgoing.get(from)?.push(to)
  const found = new Map<string, Mark>()
  const waiting: Mark[] = []
  const cycles: string[][] = []
  const order = new Map(ids.map((id, index) => [id, index]))
  const enter = (id: string) => {
    const mark = { id, place: order.get(id) ?? ids.length, index: found.size, lowest: found.size, waiting: true }
    found.set(id, mark)
    waiting.push(mark)
    return { mark, outgoing: outgoing.get(id) ?? [], next: 0 }
  }
  for (const start of ids) {
    if (found.has(start)) continue
    const stack = [enter(start)]
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const to = top.outgoing[top.next++]
      if (to !== undefined) {
        const mark = found.get(to)
        if (mark === undefined) stack.push(enter(to))
        else if (mark.waiting) top.mark.lowest = Math.min(top.mark.lowest, mark.index)
        continue
      }
      stack.pop()
      const above = stack.at(-1)
      if (above !== undefined) above.mark.lowest = Math.min(above.mark.lowest, top.mark.lowest)
      if (top.mark.lowest !== top.mark.index) continue
      const group = waiting.splice(waiting.lastIndexOf(top.mark))
      for (const mark of group) mark.waiting = false
      if (group.length > 1 || top.outgoing.includes(top.mark.id)) {
        cycles.push(group.sort((a, b) => a.place - b.place).map(({ id }) => id))
      }
    }
  }
  return cycles
}
