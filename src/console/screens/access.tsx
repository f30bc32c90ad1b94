import '../list-style.ts'
import { useState } from 'preact/hooks'
import { type AccessList, fileOf, reasonOf } from '../access/access.ts'
import { ExplainedAccess } from '../access/explanation.tsx'
import { JoinDialog, LeaveDialog } from '../access/people.tsx'
import { accessTexts as texts } from '../later-texts.ts'
import { Empty, Shown } from '../parts/states.tsx'
import { perform } from '../perform.ts'
import { Action, Rights } from '../rights.tsx'
import { texts as common } from '../texts.ts'
import { type Loaded, useLoaded } from '../use-loaded.ts'
import type { TabProps } from './tab.ts'

/** The access rules as they are, who may do what and why, and people who join and leave. */
export function AccessPage() {
  const loaded = useLoaded(async () => (await perform<AccessList>('list-access', undefined)).result, [])
  const [person, setPerson] = useState<'joins' | 'leaves'>()
  return (
    <Rights>
      <div class="heading">
        <h1>{common.navigation.access}</h1>
        <div class="buttons">
          <Action does="preview-principal" class="secondary" onClick={() => setPerson('joins')}>
            {texts.join}
          </Action>
          <Action does="preview-principal-removal" class="secondary" onClick={() => setPerson('leaves')}>
            {texts.leave}
          </Action>
        </div>
      </div>
      <Rules of={loaded} />
      <h2>{texts.explain}</h2>
      <Explain />
      {person === 'joins' && <JoinDialog close={() => setPerson(undefined)} changed={loaded.reload} />}
      {person === 'leaves' && <LeaveDialog close={() => setPerson(undefined)} changed={loaded.reload} />}
    </Rights>
  )
}

/** Explains who may do what with one environment. */
export function AccessTab({ name }: TabProps) {
  const [as, setAs] = useState('')
  return (
    <>
      <AskForm withEnvironment={false} ask={(asked) => setAs(asked.as)} />
      <ExplainedAccess name={name} as={as} />
    </>
  )
}

function Explain() {
  const [asked, setAsked] = useState<Asked>()
  return (
    <>
      <AskForm withEnvironment ask={setAsked} />
      {asked && <ExplainedAccess name={asked.environment} as={asked.as} />}
    </>
  )
}

interface Asked {
  readonly environment: string
  readonly as: string
}

function AskForm({ withEnvironment, ask }: { withEnvironment: boolean; ask: (asked: Asked) => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const text = (field: string) => String(form.get(field) ?? '').trim()
    ask({ environment: text('environment'), as: text('as') })
  }
  return (
    <form class="filters" onSubmit={submit}>
      {withEnvironment && (
        <label>
          {texts.environment}
          <input name="environment" required autocomplete="off" placeholder="app/prod" />
        </label>
      )}
      <label>
        {texts.asked}
        <input name="as" autocomplete="off" placeholder={texts.you} />
      </label>
      <div class="buttons">
        <button type="submit">{texts.ask}</button>
      </div>
    </form>
  )
}

function Rules({ of }: { of: Loaded<AccessList> }) {
  return (
    <Shown of={of}>
      {({ rules, who, store }) => (
        <>
          <p>{texts.store(who.name, store.level, reasonOf(store))}</p>
          {rules === undefined ? (
            <Empty text={texts.noRules} />
          ) : (
            <>
              <div class="wide">
                <table>
                  <caption class="muted">{texts.rulesHint}</caption>
                  <thead>
                    <tr>
                      <th scope="col">{texts.environments}</th>
                      <th scope="col">{texts.principals}</th>
                      <th scope="col">{texts.level}</th>
                      <th scope="col" class="less">
                        {texts.place}
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {rules.rules.map(({ place, environments, principals, level }) => (
                      <tr key={place}>
                        <td>{environments.join(', ')}</td>
                        <td>{principals.join(', ')}</td>
                        <td class="when">{level === 'none' ? <span class="mark bad">{level}</span> : level}</td>
                        <td class="less">{fileOf(place)}</td>
                      </tr>
                    ))}
                    <tr>
                      <td>*</td>
                      <td>{texts.everybodyElse}</td>
                      <td class="when">{rules.everybody}</td>
                      <td class="less">{texts.default}</td>
                    </tr>
                  </tbody>
                </table>
              </div>
              <Teams teams={rules.teams} />
            </>
          )}
          <details>
            <summary>{texts.levelsTitle}</summary>
            <dl>
              {Object.entries(texts.levels).map(([level, may]) => (
                <div key={level}>
                  <dt>{level}</dt>
                  <dd>{may}</dd>
                </div>
              ))}
            </dl>
          </details>
        </>
      )}
    </Shown>
  )
}

function Teams({ teams }: { teams: Readonly<Record<string, readonly string[]>> }) {
  const all = Object.entries(teams)
  if (all.length === 0) return null
  return (
    <>
      <h2>{texts.teams}</h2>
      <ul>
        {all.map(([team, members]) => (
          <li key={team}>
            <strong>{team}</strong>: {members.join(', ')}
          </li>
        ))}
      </ul>
    </>
  )
}
