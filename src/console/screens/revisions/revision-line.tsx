import { revisionTexts as texts } from '../../environment-texts.ts'
import { When } from '../../parts/when.tsx'
import { Action } from '../../rights.tsx'
import type { Revision } from './revision.ts'

/** One revision: what it was, its tags, and what can be done with it. */
export function RevisionLine({
  revision: { number, created, author, change, rotated, from, tags, retraction },
  isNewest,
  chosen,
  toggle,
  open,
}: {
  revision: Revision
  isNewest: boolean
  chosen: boolean
  toggle: () => void
  open: (what: 'back' | 'retract' | 'tags') => void
}) {
  const names = isNewest ? ['latest', ...tags] : tags
  return (
    <tr>
      <th scope="row">
        <label class="pick">
          <input type="checkbox" checked={chosen} aria-label={texts.revisionNumber(number)} onChange={toggle} />
          {number}
        </label>
      </th>
      <td>
        {change}
        {from !== undefined && ` @${from}`}
        {rotated.length > 0 && <div class="detail">{rotated.join(', ')}</div>}
        <span class="more">
          {names.map((tag) => (
            <span key={tag} class="mark">
              {tag}
            </span>
          ))}
        </span>
        {retraction && (
          <div>
            <span class="mark bad">
              {retraction.reason === undefined ? texts.retracted : texts.retractedBecause(retraction.reason)}
            </span>
            <span class="detail">{texts.useInstead(retraction.replacement)}</span>
          </div>
        )}
      </td>
      <td class="less">{author.name}</td>
      <td>
        <When at={created} />
      </td>
      <td class="less">
        {names.map((tag) => (
          <span key={tag} class="mark">
            {tag}
          </span>
        ))}
      </td>
      <td class="actions">
        {!retraction && (
          <Action
            does="tag-revision"
            class="secondary"
            aria-label={`${texts.tag} ${number}`}
            onClick={() => open('tags')}
          >
            {texts.tag}
          </Action>
        )}
        {!isNewest && !retraction && (
          <>
            <Action
              does="retract-revision"
              class="secondary"
              aria-label={`${texts.retract} ${number}`}
              onClick={() => open('retract')}
            >
              {texts.retract}
            </Action>
            <Action
              does="roll-back"
              class="secondary"
              aria-label={`${texts.rollBack} ${number}`}
              onClick={() => open('back')}
            >
              {texts.rollBack}
            </Action>
          </>
        )}
      </td>
    </tr>
  )
}
