import { hoverTooltip } from '@codemirror/view'
import { render } from 'preact'
import type { EditedDefinition, PlaceFacts } from '../editing.ts'
import { editorTexts } from '../later-texts.ts'

/** Tells about what the pointer rests on. */
export function definitionHover(definition: EditedDefinition) {
  return hoverTooltip(async (view, at) => {
    const facts = await definition.facts(view.state.doc.toString(), at).catch(() => null)
    if (facts === null) return null
    return {
      pos: facts.part.start,
      end: facts.part.end,
      above: true,
      create: () => {
        const dom = document.createElement('div')
        dom.className = 'facts'
        render(<Facts facts={facts} />, dom)
        return { dom }
      },
    }
  })
}

/** Facts about a place of a definition: what it is, and where the value comes from. */
export function Facts({ facts: { title, type, value, about, definedAt } }: { facts: PlaceFacts }) {
  const [first, ...overridden] = definedAt
  return (
    <>
      <p>
        <strong>{title}</strong>
        {type !== undefined && <code>{type}</code>}
      </p>
      {value !== undefined && <pre>{value}</pre>}
      {about.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {first !== undefined && (
        <p>
          {editorTexts.definedAt} <code>{first}</code>
        </p>
      )}
      {overridden.length > 0 && (
        <p>
          {editorTexts.overrides} <code>{overridden.join(', ')}</code>
        </p>
      )}
    </>
  )
}
