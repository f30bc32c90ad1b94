import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { credentialLives, type JournalEntry } from '../../src/rotation/index.ts'
import { secret } from '../../src/secret.ts'
import { type Change, type Environment, Store } from '../../src/store/index.ts'

const author = { name: 'Ada' }

describe('credentialLives()', () => {
  let folder: string
  let environment: Environment
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esc-lives-'))
    const env = { ESC_CONFIG_HOME: join(folder, 'config') }
    const keys = { env, configFolder: env.ESC_CONFIG_HOME, notify: () => {} }
    const store = Store.init(join(folder, 'environments'), {}, { keys })
    environment = await store.additions.create('a/b', { author, created: new Date(0) })
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  async function save(rotator: string, state: object | undefined, change: Change = 'rotate'): Promise<void> {
    const call = { [`fn::rotate::${rotator}`]: { inputs: {}, ...(state && { state }) } }
    const definition = JSON.stringify({ values: { x: state === undefined ? 1 : call } })
    const base = environment.current().number
    await environment.append({ base, definition, change, author, created: new Date(base * 1000) })
  }
  const lives = async (journal: readonly JournalEntry[] = []) =>
    (await credentialLives(environment, journal)).map(({ ids, status, made, superseded, ended }) => [
      Object.values(ids).join(' '),
      status,
      made.revision,
      superseded?.revision,
      ended?.revision,
    ])
  const key = (accessKeyId: string, more = {}) => ({ accessKeyId, ...more })

  it('follows key ids from current to previous to deleted, whatever else is noted of them', async () => {
    await save('aws-iam', { current: key('A') })
    await save('aws-iam', { current: key('B', { createdAt: 'now' }), previous: key('A', { createdAt: 'then' }) })
    await save('aws-iam', { current: key('C'), previous: key('B') })
    expect(await lives()).to.deep.equal([
      ['A', 'deleted', 2, 3, 4],
      ['B', 'previous', 3, 4, undefined],
      ['C', 'current', 4, undefined, undefined],
    ])
  })

  it('says of a credential that an edit took out that it was dropped, not deleted', async () => {
    await save('aws-iam', { current: key('A') })
    await save('aws-iam', undefined, 'edit')
    expect(await lives()).to.deep.equal([['A', 'dropped', 2, undefined, 3]])
  })

  it('takes a credential up again that a later revision brings back', async () => {
    await save('aws-iam', { current: key('A') })
    await save('aws-iam', undefined, 'edit')
    await save('aws-iam', { current: key('A') }, 'rollback')
    expect(await lives()).to.deep.equal([['A', 'current', 2, undefined, undefined]])
  })

  it('does not call deleted what the journal says is still to be deleted', async () => {
    await save('postgres', { current: { username: 'a', password: 'one' } })
    await save('postgres', { current: { username: 'b', password: 'two' } })
    const former = { current: { username: 'a', password: 'one' } }
    const entry = { path: 'values.x', rotator: 'postgres', startedAt: '', revision: 2, superseded: [former] }
    expect(await lives([entry])).to.deep.equal([
      ['a', 'retiring', 2, undefined, 3],
      ['b', 'current', 3, undefined, undefined],
    ])
    const other = { ...entry, superseded: [{ current: { username: 'a', password: secret('one') } }] }
    expect((await lives([other]))[0]?.[1]).to.equal('deleted')
  })

  it('knows that the key before is still valid where the state only names its fingerprint', async () => {
    await save('snowflake-user', { account: 'o-a', user: 'APP', privateKey: 'one', createdAt: '1' })
    await save('snowflake-user', {
      account: 'o-a',
      user: 'APP',
      privateKey: 'two',
      createdAt: '2',
      previousFingerprint: 'f1',
    })
    await save('snowflake-user', {
      account: 'o-a',
      user: 'APP',
      privateKey: 'three',
      createdAt: '3',
      previousFingerprint: 'f2',
    })
    expect(await lives()).to.deep.equal([
      ['o-a APP', 'deleted', 2, 3, 4],
      ['o-a APP', 'previous', 3, 4, undefined],
      ['o-a APP', 'current', 4, undefined, undefined],
    ])
  })
})
