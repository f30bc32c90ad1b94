import { useState } from 'preact/hooks'
import { settingsTexts as texts } from '../later-texts.ts'
import { perform } from '../perform.ts'
import { texts as common } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'
import { Empty, Failure, Shown } from './states.tsx'
import { When } from './when.tsx'

interface Tag {
  readonly name: string
  readonly value: string
  readonly modified?: string
}

/** The tags of an environment: each a name and a value, to find it by. */
export function EnvironmentTags({ name }: { name: string }) {
  const loaded = useLoaded(async () => (await perform<readonly Tag[]>('list-environment-tags', name)).result, [name])
  const [error, setError] = useState<Error>()
  const [turn, setTurn] = useState(0)
  const change = (operation: string, input: unknown) => {
    setError(undefined)
    perform(operation, name, input).then(() => {
      loaded.reload()
      setTurn((before) => before + 1)
    }, setError)
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    change('set-environment-tag', { name: String(form.get('tag')).trim(), value: String(form.get('value')).trim() })
  }
  return (
    <>
      <h2>{texts.tags}</h2>
      <Shown of={loaded}>
        {(tags) =>
          tags.length === 0 ? (
            <Empty text={texts.noTags} />
          ) : (
            <div class="wide">
              <table>
                <thead>
                  <tr>
                    <th scope="col">{texts.tag}</th>
                    <th scope="col">{texts.value}</th>
                    <th scope="col" class="less">
                      {texts.modified}
                    </th>
                    <th scope="col">
                      <span class="unseen">{common.common.actions}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {tags.map((tag) => (
                    <tr key={tag.name}>
                      <td>{tag.name}</td>
                      <td class="value">{tag.value}</td>
                      <td class="less">
                        <When at={tag.modified} />
                      </td>
                      <td class="actions">
                        <button
                          type="button"
                          class="secondary"
                          aria-label={`${texts.removeTag} ${tag.name}`}
                          onClick={() => change('remove-environment-tag', tag.name)}
                        >
                          {texts.removeTag}
                        </button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Shown>
      <form class="filters" onSubmit={submit} key={turn}>
        <label>
          {texts.tag}
          <input name="tag" required autocomplete="off" placeholder="owner" />
        </label>
        <label>
          {texts.value}
          <input name="value" required autocomplete="off" placeholder="payments" />
        </label>
        <div class="buttons">
          <button type="submit" class="secondary">
            {texts.setTag}
          </button>
        </div>
      </form>
      {error && <Failure error={error} />}
    </>
  )
}
