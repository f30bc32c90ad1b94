import { useEffect, useState } from 'preact/hooks'
import { hasDrafts } from '../drafts.ts'
import { isBrowserSignInOffered, signIn } from '../session.ts'
import { texts } from '../texts.ts'

/** The code of a link to sign in. It is taken out of the address at once. */
function takeCode(): string | undefined {
  const [, code] = /^#code=([\w-]+)$/.exec(location.hash) ?? []
  if (code !== undefined) history.replaceState(null, '', '/')
  return code
}

/** Goes to the provider, which sends the browser back to this place; unsaved edits stay here. */
function beginBrowserSignIn(): void {
  const to = `${location.pathname}${location.search}`
  const url = `/console/sign-in/begin?to=${encodeURIComponent(to)}`
  if (hasDrafts()) open(url, '_blank', 'noopener')
  else location.assign(url)
}

/** Signs in with a token, at the provider, or by the link that `esc ui` has made. */
export function SignIn({ done }: { done: () => void }) {
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const [offered, setOffered] = useState(false)
  useEffect(() => {
    void isBrowserSignInOffered().then(setOffered)
    // Somebody may have signed in by another tab meanwhile.
    addEventListener('focus', done)
    return () => removeEventListener('focus', done)
  }, [done])
  useEffect(() => {
    const code = takeCode()
    if (code === undefined) return
    setBusy(true)
    signIn({ code })
      .then(done, () => setError(texts.signIn.linkOver))
      .finally(() => setBusy(false))
  }, [done])
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const token = String(new FormData(form).get('token') ?? '').trim()
    setBusy(true)
    signIn({ token })
      .then(done, (problem: Error) => setError(problem.message))
      .finally(() => {
        form.reset()
        setBusy(false)
      })
  }
  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <h1>{texts.signIn.title}</h1>
        {offered && (
          <>
            <button type="button" class="wide-button" onClick={beginBrowserSignIn}>
              {texts.signIn.byProvider}
            </button>
            <p class="muted">{texts.signIn.orToken}</p>
          </>
        )}
        <label>
          {texts.signIn.token}
          <input name="token" type="password" autocomplete="off" required aria-describedby="token-hint" />
        </label>
        <small id="token-hint">{texts.signIn.hint}</small>
        {error !== undefined && (
          <p class="failure" role="alert">
            {error}
          </p>
        )}
        <button type="submit" aria-busy={busy} disabled={busy}>
          {texts.signIn.button}
        </button>
      </form>
    </main>
  )
}
