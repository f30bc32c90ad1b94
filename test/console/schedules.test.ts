import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConsoleSite, lookAt } from './site.ts'

const rotated = 'values:\n  t:\n    fn::rotate::password: {inputs: {length: 20}}\n'
const path = (name: string) => `/environments/${name}/rotated`

describe('rotation schedules in the console', function () {
  this.timeout(240_000)
  let site: ConsoleSite

  before(async function () {
    const started = await ConsoleSite.start(async (program) => {
      for (const name of ['app/new', 'app/once', 'app/known', 'app/keys']) await program.withEnvironment(name, rotated)
      await program.ok('env', 'schedule', 'new', 'app/known', '--cron', '0 3 * * 1', '--timezone', 'Asia/Tokyo')
    })
    if (started === undefined) return this.skip()
    site = started
    const run = {
      id: 'run-1',
      schedule: 'sched-1',
      due: '2026-03-02T03:00:00.000Z',
      attempt: 2,
      executed: '2026-03-02T03:00:01.000Z',
      completed: '2026-03-02T03:00:02.000Z',
      result: 'failed',
      failed: ['t'],
      error: 'the database refused the connection',
      missed: 3,
    }
    const events = join(site.program.store, 'app', 'known', 'events')
    mkdirSync(events, { recursive: true })
    appendFileSync(join(events, 'schedules.jsonl'), `${JSON.stringify(run)}\n`)
    return undefined
  })
  after(() => site?.stop())

  it('says a cron expression in words, and its next five runs by both clocks; a mistake is at its place', async () => {
    const { page, close, faults } = await site.open(path('app/new'))
    await page.getByRole('button', { name: 'Create rotation schedule' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Time zone').fill('Pacific/Auckland')
    await dialog.getByLabel('Cron expression').fill('30 4 * * 1')
    await dialog.getByText('At 04:30, only on Monday').waitFor()
    const rows = dialog.getByRole('table').locator('tbody tr')
    await rows.nth(4).waitFor()
    expect(await rows.count()).to.equal(5)
    const cells = await rows.first().getByRole('cell').allTextContents()
    expect(cells[1]).to.match(/^Monday.*04:30$/)
    expect(cells[0]).to.not.equal(cells[1])
    const create = dialog.getByRole('button', { name: 'Create rotation schedule' })
    for (const [label, typed, wrong] of [
      ['Cron expression', '30 4 * *', /has 4 fields/],
      ['Cron expression', '*/5 * * * *', /more than once a day/],
      ['Time zone', 'Europe/Atlantis', /Atlantis/],
    ] as const) {
      const field = dialog.getByLabel(label)
      const before = await field.inputValue()
      await field.fill(typed)
      await dialog
        .locator(`#${await field.getAttribute('id')}-problem`)
        .getByText(wrong)
        .waitFor()
      expect(await field.getAttribute('aria-invalid')).to.equal('true')
      expect(await create.isDisabled()).to.equal(true)
      await field.fill(before)
    }
    await dialog.getByText('At 04:30, only on Monday').waitFor()
    await create.click()
    await page.getByText('30 4 * * 1, Pacific/Auckland').waitFor()
    expect(await site.program.ok('env', 'schedule', 'list', 'app/new')).to.include('30 4 * * 1')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('changes it from what it was, pauses and resumes it, and removes it after saying what ends', async () => {
    const { page, close, faults } = await site.open(path('app/new'))
    await page.getByRole('button', { name: 'Change' }).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByLabel('Cron expression').inputValue()).to.equal('30 4 * * 1')
    expect(await dialog.getByLabel('Time zone').inputValue()).to.equal('Pacific/Auckland')
    await dialog.getByRole('button', { name: 'Every day at 3:00' }).click()
    await dialog.getByText('At 03:00', { exact: true }).waitFor()
    await dialog.getByRole('button', { name: 'Save schedule' }).click()
    await page.getByText('0 3 * * *, Pacific/Auckland').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('paused').waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('paused').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Remove' }).click()
    await dialog.getByText('nothing is rotated on schedule').waitFor()
    await dialog.getByRole('button', { name: 'Remove schedule' }).click()
    await page.getByText('No rotation schedule.').waitFor()
    expect(await site.program.ok('env', 'schedule', 'list', 'app/new')).to.not.include('sched-1')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('makes one for a single time', async () => {
    const { page, close, faults } = await site.open(path('app/once'))
    await page.getByRole('button', { name: 'Create rotation schedule' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Once').check()
    const time = dialog.getByLabel(/^Time \(/)
    await time.fill('2020-01-01T03:00')
    await dialog.getByText(/must be a timestamp in the future/).waitFor()
    await time.fill('2097-05-06T03:04')
    await dialog
      .getByText(/Monday,? 6 May 2097/)
      .first()
      .waitFor()
    await dialog.getByRole('button', { name: 'Create rotation schedule' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await site.program.ok('env', 'schedule', 'list', 'app/once', '--utc')).to.include('2097-05-06')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('shows the runs there were, and why one has failed', async () => {
    const { page, close, faults } = await site.open(path('app/known'), 'read')
    await page.getByRole('button', { name: 'History' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('the database refused the connection').waitFor()
    await dialog.getByText('attempt 2').waitFor()
    await dialog.getByText('3 runs before it were missed').waitFor()
    expect(faults).to.deep.equal([])
    await close()
  })

  it('goes from signing in to a schedule by the keyboard alone', async () => {
    const { page, close, faults } = await site.open('/')
    await page.getByRole('button', { name: 'Sign out' }).press('Enter')
    await page.getByLabel('Token').focus()
    await page.keyboard.type(site.server.token)
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'keys' }).waitFor()
    /** Presses a key until the element with this name has the focus. */
    const reach = async (name: string, key = 'Tab') => {
      const focused = () =>
        page.evaluate<string>(
          `(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim()`,
        )
      for (let presses = 0; presses < 60; presses++) {
        if ((await focused()) === name) return
        await page.keyboard.press(key)
      }
      throw new Error(`the keyboard does not reach ${name}: it is at ${await focused()}`)
    }
    await reach('keys')
    await page.keyboard.press('Enter')
    await page.getByRole('tab', { name: 'Rotated secrets' }).waitFor()
    await reach('Values')
    await page.keyboard.press('ArrowRight')
    await page.getByRole('button', { name: 'Rotate secrets' }).waitFor()
    await reach('Rotate secrets')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByText('password of 20 characters').waitFor()
    await reach('Rotate now')
    await page.keyboard.press('Enter')
    await page.getByRole('status').getByText('Rotated.').waitFor()
    // The focus is where it was before the dialog, not at the top of the page.
    expect(await page.evaluate<string>('document.activeElement?.textContent')).to.equal('Rotate secrets')
    await reach('Create rotation schedule', 'Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByText('At 03:00', { exact: true }).waitFor()
    await reach('Mondays at 3:00')
    await page.keyboard.press('Space')
    await page.getByRole('dialog').getByText('only on Monday').waitFor()
    await page.getByRole('dialog').getByLabel('Cron expression').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByText('At 03:00, only on Monday').waitFor()
    expect(await site.program.ok('env', 'schedule', 'list', 'app/keys')).to.include('0 3 * * 1')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('is for everybody: the line of a schedule and its dialogs', async () => {
    const button = (name: string) => ({
      path: path('app/known'),
      show: async ({ page }: Awaited<ReturnType<ConsoleSite['open']>>) => {
        await page.getByRole('button', { name }).click()
        await page.getByRole('dialog').waitFor()
        if (name === 'Change') await page.getByText('Monday').nth(1).waitFor()
      },
    })
    const wrong = await lookAt(site, {
      schedule: { path: path('app/known') },
      'schedule-reader': { path: path('app/known'), level: 'read' },
      'schedule-dialog': button('Change'),
      'schedule-remove': button('Remove'),
      'schedule-history': button('History'),
      'schedule-mistake': {
        path: path('app/known'),
        async show({ page }) {
          await page.getByRole('button', { name: 'Change' }).click()
          await page.getByLabel('Cron expression').fill('0 3 * *')
          await page.getByText('has 4 fields').waitFor()
        },
      },
    })
    expect(wrong).to.deep.equal([])
  })
})
