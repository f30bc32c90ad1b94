import { expect } from 'chai'
import { encodeJournalEntry, type JournalEntry, journalEntryId } from '../../src/rotation/index.ts'
import { secret } from '../../src/secret.ts'
import { Store } from '../../src/store/index.ts'
import type { Program } from '../end-to-end/program.ts'
import { type PostgresServer, sharedPostgres } from '../servers/postgres.ts'
import { ConsoleSite, lookAt } from './site.ts'

function pair({ host, port, database, admin }: PostgresServer, first: string, second: string) {
  const managingUser = { username: admin.username, password: { 'fn::secret': admin.password } }
  return {
    'fn::rotate::postgres': {
      inputs: {
        database: { host, port, database, managingUser },
        rotateUsers: { username1: first, username2: second },
      },
    },
  }
}

/** Leaves a record as a rotation that was killed does. */
async function leave(program: Program, name: string, changes: Partial<JournalEntry>): Promise<void> {
  const keys = { env: program.env, configFolder: program.env.ESC_CONFIG_HOME as string, notify: () => {} }
  const environment = Store.open(program.store, { keys }).environment(name)
  const { number, digest } = environment.current()
  const entry: JournalEntry = {
    path: 'values.token',
    rotator: 'password',
    startedAt: '2026-03-04T04:00:00.000Z',
    revision: number,
    digest,
    pending: { host: 'db1.example.org', port: 5432, username: 'app_b', password: secret(canary) },
    superseded: [],
    ...changes,
  }
  await environment.journal().put(journalEntryId(entry.path), encodeJournalEntry(entry))
}

const canary = 'canary-of-the-cut-off-rotation'

describe('the screen of rotated secrets', function () {
  this.timeout(240_000)
  let site: ConsoleSite
  let postgres: PostgresServer

  before(async function () {
    const started = await ConsoleSite.start(async (program) => {
      postgres = await sharedPostgres()
      await postgres.sql(
        ...['con_a', 'con_b', 'con_part_a', 'con_part_b'].map((user) => `CREATE ROLE ${user} LOGIN`),
        'ALTER ROLE con_part_a WITH LOGIN',
      )
      const down = { ...postgres, admin: { ...postgres.admin, password: 'not-this-one' } }
      const withPair = JSON.stringify({ values: { db: pair(postgres, 'con_a', 'con_b') } })
      await program.withEnvironment('db/pair', withPair)
      const partly = { good: pair(postgres, 'con_part_a', 'con_part_b'), lost: pair(down, 'x_a', 'x_b') }
      await program.withEnvironment('db/partly', JSON.stringify({ values: partly }))
      await program.esc(['env', 'rotate', 'db/partly'])
      const token = 'values:\n  token:\n    fn::rotate::password: {inputs: {length: 20}}\n'
      await program.withEnvironment('app/cut', token)
      await program.ok('env', 'rotate', 'app/cut')
      await leave(program, 'app/cut', { path: 'values.gone' })
      await leave(program, 'app/cut', { revision: 9, digest: undefined as never, pending: { value: secret(canary) } })
      await program.withEnvironment('app/none', 'values: {a: 1}\n')
      await program.withEnvironment('app/wrong', 'values:\n  t:\n    fn::rotate::password: {inputs: {length: 20}}\n')
    })
    if (started === undefined) return this.skip()
    site = started
    return undefined
  })
  after(() => site?.stop())

  it('rotates a real pair: plan, steps, the next revision, and a question before it is done again too soon', async () => {
    const { page, close, faults } = await site.open('/environments/db/pair/rotated')
    const rotate = async () => {
      await page.getByRole('button', { name: 'Rotate secrets' }).click()
      const dialog = page.getByRole('dialog', { name: 'Rotate secrets?' })
      await dialog
        .getByText(/con_[ab]/)
        .first()
        .waitFor()
      await dialog.getByRole('button', { name: 'Rotate now' }).click()
    }
    const seen: { username: string; password: string }[] = []
    for (const user of ['con_a', 'con_b']) {
      await rotate()
      await page.getByRole('status').getByText('Rotated.').waitFor()
      const { current } = await site.program.open('db/pair', 'db')
      expect(current.username).to.equal(user)
      expect(await postgres.login(current.username, current.password)).to.equal(true)
      seen.push(current)
    }
    // A third would end the first credential of these, moments after it was current.
    await rotate()
    const question = page.getByRole('dialog', { name: 'Rotate again so soon?' })
    await question.getByText(/may still be in use/).waitFor()
    await question.getByRole('button', { name: 'Cancel' }).click()
    expect(await postgres.login(seen[0]?.username ?? '', seen[0]?.password ?? '')).to.equal(true)
    await rotate()
    await question.getByRole('button', { name: 'Rotate all the same' }).click()
    await page.getByRole('status').getByText('Rotated.').waitFor()
    expect(await postgres.login(seen[0]?.username ?? '', seen[0]?.password ?? '')).to.equal('28P01')
    for (const { password } of seen) expect(await page.content()).to.not.include(password)
    expect(faults).to.deep.equal([])
    await close()
  })

  it('tells a screen reader each step while it runs, and shows no step of a secret', async () => {
    const { page, close } = await site.open('/environments/app/wrong/rotated')
    // The live region must be there before its text changes, or nothing is said.
    await page.locator('[role=log][aria-live=polite]').waitFor({ state: 'attached' })
    await page.evaluate(`
      const said = (globalThis.said = [])
      const region = document.querySelector('[role=log]')
      new MutationObserver(() => said.push(region.textContent)).observe(region, { subtree: true, childList: true, characterData: true })
    `)
    await page.getByRole('button', { name: 'Rotate t', exact: true }).click()
    await page.getByRole('button', { name: 'Rotate now' }).click()
    await page.getByRole('status').getByText('Rotated.').waitFor()
    expect(await page.evaluate('globalThis.said.filter(Boolean).length')).to.be.above(0)
    expect(await page.evaluate('globalThis.said.join()')).to.match(/^t: /)
    await close()
  })

  it('shows the last error of each path, retries one and all that failed, and leaves the others alone', async () => {
    const before = await site.program.open('db/partly', 'good')
    const { page, close, faults } = await site.open('/environments/db/partly/rotated')
    const row = page.getByRole('row', { name: /lost/ })
    await row.getByText(/28P01|password/).waitFor()
    for (const retry of [
      row.getByRole('button', { name: 'Retry lost' }),
      page.getByRole('button', { name: 'Retry failed' }),
    ]) {
      await retry.click()
      await page.getByRole('status').getByText('Nothing was rotated.').waitFor({ timeout: 60_000 })
    }
    expect(await site.program.open('db/partly', 'good')).to.deep.equal(before)
    expect(faults).to.deep.equal([])
    await close()
  })

  it('logs in with every credential for the doctor, and changes nothing', async () => {
    const before = await site.program.ok('env', 'version', 'history', 'db/pair')
    const { page, close, faults } = await site.open('/environments/db/pair/rotated', 'open')
    await page.getByRole('button', { name: 'Check credentials' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('works').first().waitFor()
    expect(await dialog.getByRole('listitem').filter({ hasText: 'works' }).count()).to.be.above(1)
    expect(await site.program.ok('env', 'version', 'history', 'db/pair')).to.equal(before)
    expect(faults).to.deep.equal([])
    await close()
  })

  it('lists what is unfinished: whose it is, what can be done, and what dies', async () => {
    const { page, close, faults } = await site.open('/environments/app/cut/rotated')
    const records = page.getByRole('article')
    const gone = records.filter({ hasText: 'Put the password rotator back' })
    await gone.getByText('db1.example.org').waitFor()
    expect(await page.content()).to.not.include(canary)
    expect(await gone.getByRole('button', { name: /Resume/ }).count()).to.equal(0)
    await gone.getByRole('button', { name: /^Forget/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(/stays valid at the vendor/).waitFor()
    await dialog.getByRole('button', { name: 'Forget it' }).click()
    await gone.waitFor({ state: 'detached' })
    // What the last run has advised is a button: here it leads to the record.
    await site.program.esc(['env', 'rotate', 'app/cut'])
    await page.reload()
    const row = page.getByRole('row', { name: /token/ })
    await row.getByText(/begun from revision 9/).waitFor()
    await row.getByRole('button', { name: 'remove the credential of the interrupted rotation' }).click()
    const behind = records.filter({ hasText: 'the server does not have' })
    await behind.getByRole('button', { name: 'Remove its credential token' }).click()
    await dialog.getByText(/locked out/).waitFor()
    await dialog.getByRole('button', { name: 'Remove its credential' }).click()
    await records.first().waitFor({ state: 'detached' })
    expect(await site.program.ok('env', 'rotate', 'journal', 'app/cut')).to.include('No rotation')
    expect(await site.program.ok('audit', 'log', '--event', 'environment-rotation-forgotten')).to.include('app/cut')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('moves an unfinished rotation to the address that its database has now, and finishes it there', async () => {
    const { program } = site
    await postgres.sql('CREATE ROLE mv_a LOGIN', 'CREATE ROLE mv_b LOGIN')
    await program.withEnvironment('db/moved', JSON.stringify({ values: { db: pair(postgres, 'mv_a', 'mv_b') } }))
    await program.ok('env', 'rotate', 'db/moved')
    const { host, database } = postgres
    const pending = { host, port: 1, database, username: 'mv_b', password: secret('not-known-there') }
    await leave(program, 'db/moved', { path: 'values.db', rotator: 'postgres', pending })
    const { page, close, faults } = await site.open('/environments/db/moved/rotated')
    await page.getByRole('button', { name: 'Move to the new address db' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(`port ${postgres.port}`).waitFor()
    await dialog.getByRole('button', { name: 'Move it' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Resume db' }).first().click()
    await page.getByRole('status').locator('.outcome').waitFor({ timeout: 60_000 })
    await page.getByRole('article').waitFor({ state: 'detached' })
    expect(await program.ok('env', 'rotate', 'journal', 'db/moved')).to.include('No rotation')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('is for everybody: each state of it and each dialog', async () => {
    const { program } = site
    await leave(program, 'app/wrong', { path: 'values.t' })
    const at = (name: string) => `/environments/${name}/rotated`
    const wrong = await lookAt(site, {
      'rotated-failed': { path: at('db/partly') },
      'rotated-empty': { path: at('app/none') },
      'rotated-error': { path: at('app/not-there') },
      'rotated-unfinished': { path: at('app/wrong') },
      'rotated-reader': { path: at('db/pair'), level: 'read' },
      'rotated-loading': {
        path: '/',
        async show({ page }) {
          await page.route('**/list-rotators', () => {})
          await page.goto(at('db/pair'))
          await page.getByText('Loading').waitFor()
        },
      },
      'rotated-plan': {
        path: at('db/pair'),
        async show({ page }) {
          await page.getByRole('button', { name: 'Rotate secrets' }).click()
          await page.getByRole('dialog').getByText(/con_/).first().waitFor()
        },
      },
      'rotated-steps': {
        path: at('db/pair'),
        async show({ page }) {
          const steps = ['db', 'reports.db'].map(
            (path, index) =>
              `event: step\ndata: ${JSON.stringify({ path, phase: ['verifying', 'rotated'][index] })}\n\n`,
          )
          // The real stream is too short to be looked at: one that does not end stands for it.
          await page.evaluate(`
            const real = fetch
            globalThis.fetch = (url, options) => !String(options?.headers?.accept).includes('event-stream') ? real(url, options) :
              Promise.resolve(new Response(new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode(${JSON.stringify(steps.join(''))})) } }), { headers: { 'content-type': 'text/event-stream' } }))
          `)
          await page.getByRole('button', { name: 'Rotate secrets' }).click()
          await page.getByRole('button', { name: 'Rotate now' }).click()
          await page.getByText('verifying the new credential').first().waitFor()
        },
      },
      'rotated-too-soon': {
        path: at('db/pair'),
        async show({ page }) {
          // Rotated just now, or refused since it was rotated shortly before.
          await site.program.esc(['env', 'rotate', 'db/pair'])
          await page.reload()
          await page.getByRole('button', { name: 'Rotate secrets' }).click()
          await page.getByRole('button', { name: 'Rotate now' }).click()
          await page.getByRole('dialog', { name: 'Rotate again so soon?' }).waitFor()
        },
      },
      'rotated-doctor': {
        path: at('db/pair'),
        async show({ page }) {
          await page.getByRole('button', { name: 'Check credentials' }).click()
          await page.getByRole('dialog').getByText('works').first().waitFor()
        },
      },
      'rotated-forget': {
        path: at('app/wrong'),
        async show({ page }) {
          await page.getByRole('button', { name: 'Forget t' }).click()
          await page.getByRole('dialog').waitFor()
        },
      },
    })
    expect(wrong).to.deep.equal([])
  })
})
