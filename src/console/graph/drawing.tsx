import '../graph-style.ts'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { type Box, type Diagram, layoutOf, type Point, type Size } from '../../diagram/index.ts'
import { graphTexts as texts } from '../later-texts.ts'
import { Failure } from '../parts/states.tsx'
import { texts as common } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'
import { pageOf } from './environment-graph.ts'

/** Pixels, as `.graph` in the style sheet has them. */
const letterWidth = 7.4
const lineHeight = 18
const padding = 10
const widest = 320

const least = 0.1
const most = 2
const zoomStep = 1.25
/** Smaller than this, names cannot be read: a large graph begins so, and not as a whole. */
const readable = 0.7

interface Props {
  readonly diagram: Diagram
  /** The environment that the list points at. */
  readonly pointed: string | undefined
  /** Those that a search has found; `undefined`: nothing is searched. */
  readonly found: ReadonlySet<string> | undefined
}

/** A drawing that can be moved and zoomed. Its boxes are links; the list beside it has them too. */
export function Drawing({ diagram, pointed, found }: Props) {
  const loaded = useLoaded(() => placed(diagram), [useIdentity(diagram)])
  const [scale, setScale] = useState<number>()
  const view = useRef<HTMLElement>(null)
  const { value: layout } = loaded
  const fitting = () => {
    const { clientWidth = 1, clientHeight = 1 } = view.current ?? {}
    return layout === undefined
      ? 1
      : Math.max(least, Math.min(1, clientWidth / layout.width, clientHeight / layout.height))
  }
  useLayoutEffect(() => {
    if (layout !== undefined) setScale(Math.max(readable, fitting()))
  }, [layout])
  const zoom = useZoom(view, scale ?? 1, setScale)
  useDragging(view)
  const target = pointed ?? (found?.size === 0 ? undefined : diagram.nodes.find(({ id }) => found?.has(id))?.id)
  useEffect(() => {
    const box = target === undefined ? undefined : layout?.boxes.get(target)
    if (box !== undefined) centre(view.current, box, scale ?? 1)
  }, [target, layout])
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === '+' || event.key === '=') zoom(zoomStep)
    else if (event.key === '-') zoom(1 / zoomStep)
    else if (event.key === '0') setScale(fitting())
  }
  return (
    <div class="drawing">
      <div class="buttons">
        <button type="button" class="secondary" onClick={() => zoom(zoomStep)} aria-label={texts.zoomIn}>
          +
        </button>
        <button type="button" class="secondary" onClick={() => zoom(1 / zoomStep)} aria-label={texts.zoomOut}>
          −
        </button>
        <button type="button" class="secondary" onClick={() => setScale(fitting())}>
          {texts.fit}
        </button>
        <small class="muted">{texts.legend}</small>
      </div>
      {loaded.error && <Failure error={loaded.error} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys move it */}
      <section class="graph" ref={view} tabIndex={0} aria-label={texts.drawing} onKeyDown={onKeyDown}>
        {layout === undefined || scale === undefined ? (
          <p aria-busy={loaded.error === undefined}>{loaded.error ? '' : common.common.loading}</p>
        ) : (
          <Placed layout={layout} scale={scale} diagram={diagram} pointed={pointed} found={found} />
        )}
      </section>
    </div>
  )
}

type Layout = Awaited<ReturnType<typeof layoutOf>>

function Placed({ layout, scale, diagram, pointed, found }: Props & { layout: Layout; scale: number }) {
  const near = useMemo(
    () =>
      new Set(
        diagram.links
          .filter(({ from, to }) => from === pointed || to === pointed)
          .flatMap(({ from, to }) => [from, to]),
      ),
    [diagram, pointed],
  )
  const isDim = (id: string) =>
    pointed !== undefined ? id !== pointed && !near.has(id) : found !== undefined && !found.has(id)
  const { width, height } = layout
  return (
    <div class="sheet" aria-hidden="true" style={{ width: `${width * scale}px`, height: `${height * scale}px` }}>
      <div class="drawn" style={{ width: `${width}px`, height: `${height}px`, transform: `scale(${scale})` }}>
        <svg aria-hidden="true" width={width} height={height}>
          <defs>
            <marker
              id="arrow"
              viewBox="0 0 8 8"
              refX="8"
              refY="4"
              markerWidth="9"
              markerHeight="9"
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path d="M0 0 L8 4 L0 8 z" />
            </marker>
          </defs>
          {layout.routes.map(({ link, points, note }, at) => {
            const lit = link.from === pointed || link.to === pointed
            const dim = pointed === undefined ? isDim(link.from) && isDim(link.to) : !lit
            return (
              <g key={at} class={`${link.tone}${lit ? ' lit' : ''}${dim ? ' dim' : ''}`}>
                <path class={link.line} d={curve(points)} marker-end="url(#arrow)" />
                {link.note !== '' && (
                  <text x={note.x} y={note.y + 4}>
                    {link.note}
                  </text>
                )}
              </g>
            )
          })}
        </svg>
        {diagram.nodes.map(({ id, title, lines, tone }) => {
          const { x, y, width, height } = layout.boxes.get(id) as Box
          return (
            <a
              key={id}
              href={pageOf(id)}
              tabIndex={-1}
              draggable={false}
              title={[title, ...lines].join('\n')}
              class={`${tone}${id === pointed || found?.has(id) ? ' lit' : ''}${isDim(id) ? ' dim' : ''}`}
              style={{ left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` }}
            >
              <b>{title}</b>
              {lines.map((line) => (
                <span key={line}>{line}</span>
              ))}
            </a>
          )
        })}
      </div>
    </div>
  )
}

/** A number for each diagram, so that a new one is placed anew. */
function useIdentity(diagram: Diagram): number {
  const known = useRef({ diagram, turn: 0 })
  if (known.current.diagram !== diagram) known.current = { diagram, turn: known.current.turn + 1 }
  return known.current.turn
}

function placed(diagram: Diagram): Promise<Layout> {
  const sizes = new Map(diagram.nodes.map((node) => [node.id, sizeOf([node.title, ...node.lines])]))
  return layoutOf(diagram, {
    node: (id) => sizes.get(id) ?? { width: 0, height: 0 },
    note: (text) => ({ width: text.length * letterWidth, height: lineHeight }),
    margin: 16,
  })
}

function sizeOf(lines: readonly string[]): Size {
  const letters = Math.max(...lines.map((line) => [...line].length))
  return {
    width: Math.min(widest, Math.round(letters * letterWidth) + 2 * padding + 2),
    height: lines.length * lineHeight + 2 * padding,
  }
}

/** A curve through the points that leaves and reaches each of them level. */
function curve([first, ...rest]: readonly Point[]): string {
  if (first === undefined) return ''
  let path = `M${first.x} ${first.y}`
  let from = first
  for (const to of rest) {
    const half = (from.x + to.x) / 2
    path += ` C${half} ${from.y} ${half} ${to.y} ${to.x} ${to.y}`
    from = to
  }
  return path
}

function centre(view: HTMLElement | null, { x, y, width, height }: Box, scale: number): void {
  view?.scrollTo({
    left: (x + width / 2) * scale - view.clientWidth / 2,
    top: (y + height / 2) * scale - view.clientHeight / 2,
  })
}

/** Zooms about the middle, or about the pointer with the wheel and Ctrl, as a pinch does. */
function useZoom(view: { readonly current: HTMLElement | null }, scale: number, set: (scale: number) => void) {
  const around = useRef<{ readonly left: number; readonly top: number } | undefined>(undefined)
  const zoom = (by: number, at?: { x: number; y: number }) => {
    const element = view.current
    const next = Math.max(least, Math.min(most, scale * by))
    if (element === null || next === scale) return
    const { x, y } = at ?? { x: element.clientWidth / 2, y: element.clientHeight / 2 }
    const grown = next / scale
    around.current = { left: (element.scrollLeft + x) * grown - x, top: (element.scrollTop + y) * grown - y }
    set(next)
  }
  useLayoutEffect(() => {
    const { left, top } = around.current ?? {}
    if (left !== undefined) view.current?.scrollTo({ left, top })
    around.current = undefined
  }, [scale])
  useEffect(() => {
    const element = view.current
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      const { left = 0, top = 0 } = element?.getBoundingClientRect() ?? {}
      zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1, { x: event.clientX - left, y: event.clientY - top })
    }
    element?.addEventListener('wheel', wheel, { passive: false })
    return () => element?.removeEventListener('wheel', wheel)
  })
  return zoom
}

/** Moves the drawing with a pressed mouse. Fingers move it without help. */
function useDragging(view: { readonly current: HTMLElement | null }): void {
  useEffect(() => {
    const element = view.current
    if (element === null) return undefined
    let from: { x: number; y: number; left: number; top: number } | undefined
    let moved = false
    const down = ({ pointerType, button, clientX: x, clientY: y }: PointerEvent) => {
      moved = false
      if (pointerType === 'mouse' && button === 0) from = { x, y, left: element.scrollLeft, top: element.scrollTop }
    }
    const move = ({ clientX, clientY }: PointerEvent) => {
      if (from === undefined) return
      const [x, y] = [clientX - from.x, clientY - from.y]
      if (Math.abs(x) + Math.abs(y) > 4) moved = true
      if (moved) element.scrollTo({ left: from.left - x, top: from.top - y })
    }
    const up = () => {
      from = undefined
    }
    // A box that was dragged is not followed.
    const click = (event: MouseEvent) => {
      if (!moved) return
      event.preventDefault()
      event.stopPropagation()
    }
    element.addEventListener('pointerdown', down)
    addEventListener('pointermove', move)
    addEventListener('pointerup', up)
    element.addEventListener('click', click, true)
    return () => {
      element.removeEventListener('pointerdown', down)
      removeEventListener('pointermove', move)
      removeEventListener('pointerup', up)
      element.removeEventListener('click', click, true)
    }
  }, [])
}
