import '../list-style.ts'
import { useState } from 'preact/hooks'
import { copy } from '../clipboard.ts'
import { tokenTexts as texts } from '../later-texts.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Empty, Failure, Shown } from '../parts/states.tsx'
import { When } from '../parts/when.tsx'
import { perform } from '../perform.ts'
import { Action, Allowed, Rights } from '../rights.tsx'
import { useSignedIn } from '../session.ts'
import { texts as common } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'

interface Token {
  readonly id: string
  readonly name: string
  readonly user: string
  readonly admin: boolean
  readonly level: string
  readonly environments: readonly string[]
  readonly created: string
  readonly createdBy: string
  readonly expires?: string
  readonly lastUsed?: string
  readonly by?: string
}

const levels = ['read', 'open', 'write', 'admin'] as const
const daySeconds = 86_400
const lifetimes = [1, 7, 30, 90, 365] as const

/** The tokens of the server: who has one, what it may do, and when it was last used. */
export function Tokens() {
  return (
    <Rights>
      <TokensOfServer />
    </Rights>
  )
}

function TokensOfServer() {
  const [creating, setCreating] = useState(false)
  const [changes, setChanges] = useState(0)
  const changed = () => setChanges((count) => count + 1)
  return (
    <>
      <div class="heading">
        <h1>{common.navigation.tokens}</h1>
        <Action does="create-token" onClick={() => setCreating(true)}>
          {texts.create}
        </Action>
      </div>
      <p class="muted">{texts.hint}</p>
      <Allowed operation="list-tokens">
        <FoundTokens changes={changes} changed={changed} />
      </Allowed>
      {creating && <CreateToken close={() => setCreating(false)} created={changed} />}
    </>
  )
}

/** The list, which is asked for again after each change. */
function FoundTokens({ changes, changed }: { changes: number; changed: () => void }) {
  const loaded = useLoaded(async () => (await perform<readonly Token[]>('list-tokens', undefined)).result, [changes])
  const [revoking, setRevoking] = useState<Token>()
  const [search, setSearch] = useState('')
  return (
    <>
      <Shown of={loaded}>
        {(all) =>
          all.length === 0 ? (
            <Empty text={texts.none} />
          ) : (
            <>
              <input
                type="search"
                placeholder={texts.search}
                aria-label={texts.search}
                value={search}
                onInput={(event) => setSearch(event.currentTarget.value)}
              />
              <List tokens={[...all].reverse().filter((token) => matches(token, search))} revoke={setRevoking} />
            </>
          )
        }
      </Shown>
      {revoking && <RevokeToken token={revoking} close={() => setRevoking(undefined)} revoked={changed} />}
    </>
  )
}

function matches({ id, name, user, environments }: Token, search: string): boolean {
  const text = [id, name, user, ...environments].join(' ').toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

function List({ tokens, revoke }: { tokens: readonly Token[]; revoke: (token: Token) => void }) {
  if (tokens.length === 0) return <Empty text={texts.noneFound} />
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">{texts.name}</th>
            <th scope="col">{texts.may}</th>
            <th scope="col">{texts.lastUsed}</th>
            <th scope="col">{texts.expires}</th>
            <th scope="col" class="less">
              {texts.made}
            </th>
            <th scope="col">
              <span class="unseen">{common.common.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <Row key={token.id} token={token} revoke={() => revoke(token)} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ token, revoke }: { token: Token; revoke: () => void }) {
  const { id, name, user, admin, level, environments, created, createdBy, expires, lastUsed, by } = token
  const isOver = expires !== undefined && new Date(expires).getTime() <= Date.now()
  return (
    <tr>
      <td>
        {name}
        <div class="detail">
          {user !== name && `${texts.of(user)}, `}
          <a href={`/audit?token=${encodeURIComponent(name)}`} aria-label={texts.log(name, id)}>
            {id}
          </a>
        </div>
      </td>
      <td>
        {level}
        {admin && <span class="mark bad">{texts.unlimited}</span>}
        <div class="detail">{environments.length === 0 ? texts.everywhere : environments.join(', ')}</div>
      </td>
      <td>
        <When at={lastUsed} />
      </td>
      <td>
        <When at={expires} />
        {isOver && <span class="mark bad">{texts.over}</span>}
      </td>
      <td class="less">
        <When at={created} />
        <div class="detail">
          {by === undefined ? texts.madeBy(createdBy) : texts.by[by === 'sign-in' ? by : 'exchange']}
        </div>
      </td>
      <td class="actions">
        <button type="button" class="secondary" onClick={revoke} aria-label={texts.revokeOne(name, id)}>
          {texts.revoke}
        </button>
      </td>
    </tr>
  )
}

function CreateToken({ close, created }: { close: () => void; created: () => void }) {
  const { login } = useSignedIn()
  const [error, setError] = useState<Error>()
  const [token, setToken] = useState<string>()
  const [busy, setBusy] = useState(false)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const text = (name: string) => String(form.get(name) ?? '').trim()
    const days = Number(text('days'))
    setBusy(true)
    setError(undefined)
    perform<{ readonly token: string }>('create-token', undefined, {
      user: text('user'),
      ...(text('name') !== '' && { name: text('name') }),
      level: text('level'),
      environments: text('environments')
        .split(/[\s,]+/)
        .filter(Boolean),
      ...(days > 0 && { expiresInSeconds: days * daySeconds }),
    })
      .then(({ result }) => {
        setToken(result.token)
        created()
      }, setError)
      .finally(() => setBusy(false))
  }
  if (token !== undefined) return <NewToken token={token} close={close} />
  return (
    <Dialog title={texts.create} close={close}>
      <form onSubmit={submit}>
        <label>
          {texts.user}
          <input
            name="user"
            required
            maxLength={100}
            autocomplete="off"
            defaultValue={login}
            aria-describedby="user-hint"
          />
        </label>
        <small id="user-hint">{texts.userHint}</small>
        <label>
          {texts.nameOptional}
          <input name="name" maxLength={100} autocomplete="off" placeholder={texts.namePlaceholder} />
        </label>
        <label>
          {texts.level}
          <select name="level">
            {levels.map((level) => (
              <option key={level} value={level}>
                {texts.levels[level]}
              </option>
            ))}
          </select>
        </label>
        <label>
          {texts.environments}
          <input name="environments" autocomplete="off" placeholder="app/*, base/common" />
        </label>
        <label>
          {texts.lifetime}
          <select name="days">
            {lifetimes.map((days) => (
              <option key={days} value={days} selected={days === 30}>
                {texts.days(days)}
              </option>
            ))}
            <option value="0">{texts.forever}</option>
          </select>
        </label>
        {error && <Failure error={error} />}
        <footer>
          <button type="button" class="secondary" onClick={close}>
            {common.common.cancel}
          </button>
          <button type="submit" aria-busy={busy} disabled={busy}>
            {texts.create}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

/** A new token, which is shown this once. */
function NewToken({ token, close }: { token: string; close: () => void }) {
  const [copied, setCopied] = useState(false)
  return (
    <Dialog title={texts.created} close={close}>
      <p>{texts.once}</p>
      <p>
        <code class="token">{token}</code>
      </p>
      <footer>
        <button type="button" class="secondary" onClick={() => void copy(token).then(() => setCopied(true))}>
          {copied ? texts.copied : texts.copy}
        </button>
        <button type="button" onClick={close}>
          {common.common.close}
        </button>
      </footer>
    </Dialog>
  )
}

function RevokeToken({ token, close, revoked }: { token: Token; close: () => void; revoked: () => void }) {
  const { id, name, lastUsed } = token
  const [error, setError] = useState<Error>()
  const revoke = () =>
    void perform('revoke-token', undefined, id).then(() => {
      revoked()
      close()
    }, setError)
  return (
    <Dialog title={texts.confirm(name)} close={close}>
      <p>{texts.dies}</p>
      <p class="muted">
        {texts.lastUsed}: <When at={lastUsed} />
      </p>
      {error && <Failure error={error} />}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {common.common.cancel}
        </button>
        <button type="button" class="danger" onClick={revoke}>
          {texts.revoke}
        </button>
      </footer>
    </Dialog>
  )
}
