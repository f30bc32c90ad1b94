import { compareKeys } from '../../json.ts'

/** Merges two sorted lists of keys: each key once, in order. */
export function mergeSorted(a: readonly string[], b: readonly string[]): readonly string[] {
  const merged: string[] = []
  let [i, j] = [0, 0]
  for (;;) {
    const [one, other] = [a[i], b[j]]
    if (one === undefined) return merged.concat(b.slice(j))
    if (other === undefined) return merged.concat(a.slice(i))
    const order = compareKeys(one, other)
    merged.push(order <= 0 ? one : other)
    if (order <= 0) i++
    if (order >= 0) j++
  }
}
