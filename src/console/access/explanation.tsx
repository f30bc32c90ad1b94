import '../list-style.ts'
import { accessTexts as texts } from '../later-texts.ts'
import { Shown } from '../parts/states.tsx'
import { perform } from '../perform.ts'
import { useLoaded } from '../use-loaded.ts'
import { type Explanation, fileOf, reasonOf } from './access.ts'

/** Explains who may do what with an environment and why; and who can decrypt it. */
export function ExplainedAccess({ name, as }: { name: string; as: string }) {
  const loaded = useLoaded(
    async () => (await perform<Explanation>('explain-access', name, as === '' ? {} : { as })).result,
    [name, as],
  )
  return <Shown of={loaded}>{(explanation) => <Explained {...explanation} />}</Shown>
}

function Explained({ environment, rules, who, others, everybody, key, unapplied }: Explanation) {
  return (
    <>
      <p role="status">{texts.has(who.principal, who.level, environment, reasonOf(who))}</p>
      {rules && (
        <div class="wide">
          <table>
            <caption class="muted">{texts.byRules}</caption>
            <thead>
              <tr>
                <th scope="col">{texts.principal}</th>
                <th scope="col">{texts.level}</th>
                <th scope="col">{texts.why}</th>
              </tr>
            </thead>
            <tbody>
              {others.map((each) => (
                <tr key={each.principal}>
                  <td>
                    {each.principal}
                    {each.teams.length > 0 && <div class="detail">{texts.inTeams(each.teams.join(', '))}</div>}
                  </td>
                  <td class="when">{each.level}</td>
                  <td>{reasonOf(each)}</td>
                </tr>
              ))}
              <tr>
                <td>{texts.everybodyElse}</td>
                <td class="when">{everybody}</td>
                <td>{texts.because.default}</td>
              </tr>
            </tbody>
          </table>
        </div>
      )}
      <h3>{texts.byKey}</h3>
      {key === undefined ? <p class="muted">{texts.noKey}</p> : <KeyHolders {...key} />}
      {unapplied && (
        <ul class="failure">
          {unapplied.added.map((recipient) => (
            <li key={recipient}>{texts.notYet(recipient)}</li>
          ))}
          {unapplied.removed.map((recipient) => (
            <li key={recipient}>{texts.still(recipient)}</li>
          ))}
        </ul>
      )}
    </>
  )
}

function KeyHolders({ kind, secretsProvider, file, recipients = [], key = '' }: NonNullable<Explanation['key']>) {
  if (kind !== 'recipients')
    return (
      <p>
        {kind === 'service' ? texts.keyOf.service(key) : texts.keyOf[kind]}{' '}
        <span class="muted">{texts.provider(secretsProvider)}</span>
      </p>
    )
  return (
    <>
      <p>{texts.keyOf.recipients(file === undefined ? secretsProvider : fileOf(file))}</p>
      <ul>
        {recipients.map(({ recipient, of }) => (
          <li key={recipient}>
            <code>{recipient}</code> {of}
          </li>
        ))}
      </ul>
    </>
  )
}
