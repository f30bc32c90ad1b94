import { render } from 'preact'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { LocationProvider, lazy, Route, Router, useLocation } from 'preact-iso'
import { onSignedOut } from './api.ts'
import { draftsAreOf, dropDrafts, hasDrafts } from './drafts.ts'
import { Environments } from './screens/environments.tsx'
import { SignIn } from './screens/sign-in.tsx'
import { findSignedIn, type SignedIn, SignedInProvider, signOut } from './session.ts'
import { texts } from './texts.ts'

const Audit = lazy(async () => (await import('./screens/audit.tsx')).Audit)
const AccessPage = lazy(async () => (await import('./screens/access.tsx')).AccessPage)
const Tokens = lazy(async () => (await import('./screens/tokens.tsx')).Tokens)
const GraphPage = lazy(async () => (await import('./screens/graph.tsx')).GraphPage)
const Environment = lazy(async () => (await import('./screens/environment.tsx')).Environment)
const FirstRunPage = lazy(async () => (await import('./screens/first-run.tsx')).FirstRunPage)

function Header({ login, leave }: { login: string; leave: () => void }) {
  const { path } = useLocation()
  const here = (to: string) => (path === to || (to !== '/' && path.startsWith(`${to}/`)) ? 'page' : undefined)
  return (
    <header class="top">
      <nav aria-label={texts.product}>
        <a href="/" class="brand">
          {texts.product}
        </a>
        <a href="/" aria-current={here('/')}>
          {texts.navigation.environments}
        </a>
        <a href="/graph" aria-current={here('/graph')}>
          {texts.navigation.graph}
        </a>
        <a href="/audit" aria-current={here('/audit')}>
          {texts.navigation.audit}
        </a>
        <a href="/access" aria-current={here('/access')}>
          {texts.navigation.access}
        </a>
        <a href="/tokens" aria-current={here('/tokens')}>
          {texts.navigation.tokens}
        </a>
      </nav>
      <div class="who">
        <span>{login}</span>
        <button type="button" class="secondary outline" onClick={leave}>
          {texts.signIn.signOut}
        </button>
      </div>
    </header>
  )
}

function AuditPage() {
  return (
    <>
      <h1>{texts.navigation.audit}</h1>
      <Audit />
    </>
  )
}

function NotFound() {
  return <p>{texts.common.notFound}</p>
}

function App() {
  const [signedIn, setSignedIn] = useState<SignedIn | 'unknown' | undefined>('unknown')
  const find = useCallback(() => void findSignedIn().then(setSignedIn), [])
  useEffect(() => {
    onSignedOut(() => setSignedIn(undefined))
    find()
  }, [find])
  if (signedIn === 'unknown') return <p aria-busy="true">{texts.common.loading}</p>
  if (signedIn === undefined) return <SignIn done={find} />
  draftsAreOf(signedIn.login)
  const leave = () => {
    if (hasDrafts() && !confirm(texts.editor.leave)) return
    dropDrafts()
    void signOut().then(() => setSignedIn(undefined))
  }
  return (
    <SignedInProvider value={signedIn}>
      <Header login={signedIn.login} leave={leave} />
      <main>
        <Router>
          <Route path="/" component={Environments} />
          <Route path="/environments" component={Environments} />
          <Route path="/start/:project?/:environment?" component={FirstRunPage} />
          <Route path="/environments/:project/:environment/:tab?" component={Environment} />
          <Route path="/graph" component={GraphPage} />
          <Route path="/audit" component={AuditPage} />
          <Route path="/access" component={AccessPage} />
          <Route path="/tokens" component={Tokens} />
          <Route default component={NotFound} />
        </Router>
      </main>
    </SignedInProvider>
  )
}

const place = document.getElementById('app')
if (place !== null)
  render(
    <LocationProvider>
      <App />
    </LocationProvider>,
    place,
  )
