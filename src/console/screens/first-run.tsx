import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { environmentPath, sendJson, type Value } from '../api.ts'
import { rotationTexts } from '../environment-texts.ts'
import { firstRunTexts } from '../later-texts.ts'
import { NewName } from '../parts/new-name.tsx'
import { Failure, Shown } from '../parts/states.tsx'
import { perform } from '../perform.ts'
import { useSignedIn } from '../session.ts'
import { texts } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'

/** The names that the tour gives. */
const secretKey = 'apiKey'
const rotatedKey = 'password'
const variable = 'API_KEY'

/** The steps of the tour that are done. */
interface Progress {
  readonly secret: boolean
  readonly rotator: boolean
  readonly rotated: boolean
}

async function loadProgress(name: string): Promise<Progress> {
  const [environment, rotators] = await Promise.all([
    perform<{ root?: Value }>('get-environment', name, { showSecrets: false }),
    perform<{ rotators: readonly { path: string; credentials: string }[] }>('list-rotators', undefined, [name]),
  ])
  const values = environment.result.root?.value as Readonly<Record<string, Value>> | undefined
  const [rotator] = rotators.result.rotators
  return {
    secret: values?.[secretKey] !== undefined,
    rotator: rotator !== undefined,
    rotated: rotator !== undefined && rotator.credentials !== 'none',
  }
}

/**
 * Leads somebody new through an environment, a secret, a rotation, and using them. Where they are
 * is in the address and in the environment, so that it goes on after a reload.
 */
export function FirstRun({ project, environment }: { project?: string; environment?: string }) {
  const { organization } = useSignedIn()
  const { route } = useLocation()
  if (project === undefined || environment === undefined) {
    const create = async (form: FormData) => {
      const [own, name] = [String(form.get('project')).trim(), String(form.get('name')).trim()]
      await sendJson('POST', `/api/esc/environments/${encodeURIComponent(organization)}`, { project: own, name })
      route(`/start/${own}/${name}`)
    }
    return (
      <Steps at={0}>
        <Form send={create} button={firstRunTexts.create}>
          <NewName project="demo" name="first" />
        </Form>
      </Steps>
    )
  }
  return <Tour key={`${project}/${environment}`} name={`${project}/${environment}`} />
}

/** The same as a page of its own, where it goes on. */
export function FirstRunPage(at: { project?: string; environment?: string }) {
  return (
    <>
      <h1>{firstRunTexts.title}</h1>
      <FirstRun {...at} />
    </>
  )
}

function Tour({ name }: { name: string }) {
  const loaded = useLoaded(() => loadProgress(name), [name])
  const change = async (operation: string, input: unknown) => {
    await perform(operation, name, input)
    loaded.reload()
  }
  const keepSecret = (form: FormData) =>
    change('set-values', [
      { path: secretKey, value: { 'fn::secret': literal(String(form.get('secret'))) } },
      { path: `environmentVariables.${variable}`, value: `\${${secretKey}}` },
    ])
  const addRotator = () =>
    change('set-values', [{ path: rotatedKey, value: { 'fn::rotate::password': { inputs: { length: 24 } } } }])
  const rotate = () => change('rotate-environment', { mode: 'rotate', paths: [], force: false })
  return (
    <Shown of={loaded}>
      {({ secret, rotator, rotated }) =>
        !secret ? (
          <Steps at={1} name={name}>
            <Form key="secret" send={keepSecret} button={firstRunTexts.keep}>
              <label>
                {firstRunTexts.secret} <code>{secretKey}</code>
                <input name="secret" type="password" required autocomplete="off" maxLength={1000} />
              </label>
            </Form>
          </Steps>
        ) : !rotated ? (
          <Steps at={2} name={name}>
            {rotator ? (
              <Form key="rotate" send={rotate} button={rotationTexts.rotate}>
                <p>{firstRunTexts.rotatorIsThere}</p>
              </Form>
            ) : (
              <Form key="rotator" send={addRotator} button={firstRunTexts.addRotator}>
                <pre>{`${rotatedKey}:\n  fn::rotate::password: {inputs: {length: 24}}`}</pre>
              </Form>
            )}
          </Steps>
        ) : (
          <Steps at={3} name={name}>
            <Use name={name} />
          </Steps>
        )
      }
    </Shown>
  )
}

/** A text that is no reference, whatever it looks like: dollar signs that begin one are doubled. */
function literal(text: string): string {
  return text.replace(/\$(?=[${])/g, '$$$$')
}

/** A form that sends something, and says what goes wrong. */
function Form({
  send,
  button,
  children,
}: {
  send: (form: FormData) => Promise<void>
  button: string
  children: ComponentChildren
}) {
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    send(new FormData(event.currentTarget as HTMLFormElement))
      .catch(setError)
      .finally(() => setBusy(false))
  }
  return (
    <form onSubmit={submit}>
      {children}
      {error && <Failure error={error} />}
      <button type="submit" aria-busy={busy} disabled={busy}>
        {button}
      </button>
    </form>
  )
}

/** All steps in their order: those that are done, the one to do now, and those to come. */
function Steps({ at, name, children }: { at: number; name?: string; children: ComponentChildren }) {
  return (
    <>
      <p>{firstRunTexts.welcome}</p>
      <ol class="steps">
        {firstRunTexts.steps.map(({ title, about }, index) => (
          <li key={title} aria-current={index === at ? 'step' : undefined}>
            <h2>
              {title}
              {index < at && <span class="mark good">{firstRunTexts.done}</span>}
            </h2>
            {index === at && (
              <>
                <p>{about}</p>
                {children}
              </>
            )}
          </li>
        ))}
      </ol>
      {name !== undefined && (
        <p>
          <a href={`/environments/${name}/editor`}>{firstRunTexts.open(name)}</a>
        </p>
      )}
    </>
  )
}

/** Commands that use the environment from outside, with the address of this server. */
function Use({ name }: { name: string }) {
  const { organization } = useSignedIn()
  const url = `${location.origin}${environmentPath(organization, name)}`
  const token = '-H "Authorization: token $ESC_ACCESS_TOKEN"'
  return (
    <>
      <Command title={firstRunTexts.token} text={`export ESC_SERVER_URL=${location.origin} ESC_ACCESS_TOKEN=…`} />
      <Command title={firstRunTexts.run} text={`esc run ${name} -- sh -c 'test -n "$${variable}" && echo it works'`} />
      <Command title={firstRunTexts.rotatedNow} text={`esc env open ${name} ${rotatedKey}.current`} />
      <Command
        title={firstRunTexts.curl}
        text={`ID=$(curl -sf -X POST ${token} ${url}/open | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')\ncurl -sf ${token} "${url}/open/$ID?property=${secretKey}"`}
      />
    </>
  )
}

function Command({ title, text }: { title: string; text: string }) {
  return (
    <section class="command" aria-label={title}>
      <p>{title}</p>
      <pre>
        <code>{text}</code>
      </pre>
      <button
        type="button"
        class="secondary"
        aria-label={`${texts.environment.copy}: ${title}`}
        onClick={() => void navigator.clipboard.writeText(text)}
      >
        {texts.environment.copy}
      </button>
    </section>
  )
}
