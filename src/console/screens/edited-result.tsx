import '../list-style.ts'
import { useMemo } from 'preact/hooks'
import type { CheckedEdit } from '../editing.ts'
import { editorTexts } from '../later-texts.ts'
import { Failure } from '../parts/states.tsx'
import { texts } from '../texts.ts'

/** The values that a text comes to, beside it. Secrets are masked: the page never gets them. */
export function EditedResult({
  values,
  failed,
  again,
}: {
  values: CheckedEdit['values']
  failed: Error | undefined
  again: () => void
}) {
  // There may be hundreds, and each key that is typed comes by here.
  const list = useMemo(() => values && <List listed={values.listed} />, [values])
  return (
    <aside aria-labelledby="edited-result">
      <h2 id="edited-result">{editorTexts.result}</h2>
      {failed && <Failure error={failed} retry={again} />}
      {values === undefined ? (
        !failed && <p aria-busy="true">{texts.common.loading}</p>
      ) : values.listed.length === 0 ? (
        <p class="muted">{texts.environment.noValues}</p>
      ) : (
        list
      )}
      {values !== undefined && values.more > 0 && <p class="muted">{editorTexts.more(values.more)}</p>}
    </aside>
  )
}

function List({ listed }: Pick<NonNullable<CheckedEdit['values']>, 'listed'>) {
  return (
    <dl class="result">
      {listed.map(({ path, shown, secret, from }) => (
        <div key={path}>
          <dt>
            <code>{path}</code>
          </dt>
          <dd title={from}>
            {shown !== undefined ? (
              <code>{shown}</code>
            ) : (
              <span class="masked">{secret ? texts.environment.masked : texts.environment.unknown}</span>
            )}
            {secret && <span class="unseen">{editorTexts.secret}</span>}
          </dd>
        </div>
      ))}
    </dl>
  )
}
