import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'

/** A row of a long list. */
export interface ListRow {
  readonly key: string
  /** Height in pixels. */
  readonly height: number
  readonly show: () => ComponentChildren
}

/** Pixels above and below the window whose rows are there before anybody scrolls to them. */
const ahead = 900
/** Rows appear in steps of so many pixels: not each move of the wheel draws anew. */
const step = 300

interface Range {
  readonly first: number
  readonly last: number
}

/**
 * A list of any length in which only the rows near the window are elements. The page scrolls it as
 * if all were.
 */
export function VirtualList({
  label,
  rows,
  shown,
}: {
  label: string
  rows: readonly ListRow[]
  /** Hears which rows are there now: the first, and the one behind the last. */
  shown?: (first: number, end: number) => void
}) {
  const place = useRef<HTMLDivElement>(null)
  const tops = useMemo(() => topsOf(rows), [rows])
  const [range, setRange] = useState<Range>({ first: 0, last: ahead })
  useEffect(() => {
    let asked = 0
    const look = () => {
      asked = 0
      const top = -(place.current?.getBoundingClientRect().top ?? 0)
      const first = Math.max(0, Math.floor((top - ahead) / step) * step)
      const last = Math.ceil((top + innerHeight + ahead) / step) * step
      setRange((before) => (before.first === first && before.last === last ? before : { first, last }))
    }
    const lookSoon = () => {
      if (asked === 0) asked = requestAnimationFrame(look)
    }
    look()
    addEventListener('scroll', lookSoon, { passive: true })
    addEventListener('resize', lookSoon)
    return () => {
      cancelAnimationFrame(asked)
      removeEventListener('scroll', lookSoon)
      removeEventListener('resize', lookSoon)
    }
  }, [rows])
  const first = Math.max(0, indexAt(tops, range.first))
  const end = Math.min(rows.length, indexAt(tops, range.last) + 1)
  useEffect(() => shown?.(first, end), [rows, first, end])
  return (
    <div ref={place} class="long-list" style={{ height: `${tops[rows.length]}px` }}>
      <ul aria-label={label} style={{ transform: `translateY(${tops[first]}px)` }}>
        {rows.slice(first, end).map(({ key, height, show }, at) => (
          <li key={key} aria-setsize={rows.length} aria-posinset={first + at + 1} style={{ height: `${height}px` }}>
            {show()}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Where each row begins, and where the last one ends. */
function topsOf(rows: readonly ListRow[]): Float64Array {
  const tops = new Float64Array(rows.length + 1)
  rows.forEach(({ height }, at) => {
    tops[at + 1] = (tops[at] ?? 0) + height
  })
  return tops
}

/** The last row that begins at or before a height. */
function indexAt(tops: Float64Array, height: number): number {
  let [low, high] = [0, tops.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((tops[middle] ?? 0) <= height) low = middle
    else high = middle - 1
  }
  return low
}
