import { linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { slow } from '../sample.ts'
import { ConsolePage, looks } from './browser.ts'
import { consoleSuite } from './console-suite.ts'

const FEW = 1_000
const MANY = 10_000
/** A list is usable after it. */
const LIMIT_MS = 300
/** So many frames are measured at most. */
const FRAMES = slow ? 400 : 80
/** The environments of a project. */
const PROJECT = 100

describe('the list of the console, of many environments', function () {
  this.timeout(180_000)
  const suite = consoleSuite({
    seed: async (program) => {
      await program.withEnvironment('p000/e000', 'values: {a: 1}\n')
      copyTo(program.folder, 1, FEW)
    },
  })

  /** Makes copies of the first environment, each with an id of its own. */
  const copyTo = (home: string, from: number, to: number): void => {
    const folder = join(home, 'environments')
    const first = join(folder, 'p000', 'e000')
    const settings = readFileSync(join(first, 'settings.yaml'), 'utf8')
    const [, id = ''] = /^id: *(\S+)/m.exec(settings) ?? []
    expect(id).not.to.equal('')
    for (let n = from; n < to; n++) {
      const part = (value: number) => String(value).padStart(3, '0')
      const copy = join(folder, `p${part(Math.floor(n / PROJECT))}`, `e${part(n % PROJECT)}`)
      mkdirSync(join(copy, 'revisions'), { recursive: true })
      for (const file of ['environment.yaml', 'revisions/1.yaml', 'revisions/2.yaml'])
        linkSync(join(first, file), join(copy, file))
      const own = id.slice(0, -6) + n.toString(16).padStart(6, '0')
      writeFileSync(join(copy, 'settings.yaml'), settings.replace(id, own))
    }
  }

  it(`is usable within ${LIMIT_MS} ms with 1,000`, async () => {
    const opened = await ConsolePage.open(suite.browser, suite.server.url)
    const { page, context, faults } = opened
    await opened.showToken(suite.server.token)
    await page.goto('/')
    await page.getByRole('link', { name: 'e000' }).first().waitFor()
    // In the page, from the request to the first row.
    await page.addInitScript(`new MutationObserver(() => {
      if (document.querySelector('.long-list a') !== null) globalThis.listedAt ??= performance.now()
    }).observe(document, { childList: true, subtree: true })`)
    const times: number[] = []
    const worked: number[] = []
    const isUsable = () => Math.min(...times, ...worked) <= LIMIT_MS
    for (let tried = 0; tried < 6 && !isUsable(); tried++) {
      const before = suite.server.processorMs
      await page.goto('/')
      await page.getByRole('link', { name: 'e000' }).first().waitFor()
      times.push(await page.evaluate<number>('globalThis.listedAt'))
      const meter = await opened.processorMeter()
      worked.push((await meter()) + suite.server.processorMs - before)
    }
    const told = `${times.map(Math.round).join(', ')} ms; ${worked.map(Math.round).join(', ')} ms of the processor`
    // Others may use the machine meanwhile: without them it takes the time of the processor.
    expect(isUsable(), told).to.equal(true)
    expect(faults).to.deep.equal([])
    // Its script stays, and it is nobody else's.
    await context.close()
  })

  it('scrolls 10,000 without a stutter, and finds one among them', async () => {
    copyTo(suite.program.folder, FEW, MANY)
    const opened = await ConsolePage.open(suite.browser, suite.server.url)
    const { page, close, faults } = opened
    await opened.showToken(suite.server.token)
    await page.goto('/')
    await page.getByRole('link', { name: 'e000' }).first().waitFor()
    const list = page.getByRole('list', { name: 'Environments' })
    expect(Number(await list.getByRole('listitem').first().getAttribute('aria-setsize'))).to.equal(
      MANY + MANY / PROJECT,
    )
    const meter = await opened.processorMeter()
    const before = await meter()
    // From one end to the other, a screen each frame; in usual runs a part of the way.
    const from = slow ? 0 : Math.random() * 0.7
    const frames = await page.evaluate<number>(`new Promise((resolve) => {
      let frames = 0
      scrollTo(0, ${from} * document.documentElement.scrollHeight)
      const move = () => {
        if (scrollY + innerHeight >= document.documentElement.scrollHeight - 2 || frames >= ${FRAMES}) return resolve(frames)
        frames++
        scrollBy(0, 1200)
        requestAnimationFrame(move)
      }
      requestAnimationFrame(move)
    })`)
    const perFrame = ((await meter()) - before) / frames
    // A frame has 16.7 ms.
    expect(perFrame, `${frames} frames`).to.be.at.most(16.7)
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)')
    await page.getByRole('link', { name: 'e099' }).last().waitFor()
    expect(await list.getByRole('listitem').count()).to.be.below(120)
    await page.getByRole('searchbox').fill('p073 e042')
    await page.getByRole('link', { name: 'e042' }).waitFor()
    expect(await page.getByRole('heading', { name: 'p073' }).count()).to.equal(1)
    // Who uses the keyboard gets beyond what is drawn.
    await page.getByRole('searchbox').fill('')
    await page.evaluate('scrollTo(0, 0)')
    for (let n = 0; n < 60; n++) await page.keyboard.press('Tab')
    expect(await page.evaluate<string>('document.activeElement.textContent')).to.equal('e059')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('says when it loads, when nothing matches, and when it cannot be loaded', async () => {
    const opened = await ConsolePage.open(suite.browser, suite.server.url, looks[2])
    const { page, close } = opened
    await opened.showToken(suite.server.token)
    await page.goto('/')
    await page.getByRole('searchbox').fill('no such environment')
    await page.getByText('No environment matches.').waitFor()
    expect(await opened.barriers()).to.deep.equal([])
    await opened.picture('environments-none-found-phone')
    await page.route('**/operations/list-environments', (route) => route.abort())
    await page.reload()
    await page.getByRole('alert').getByRole('button', { name: 'Try again' }).waitFor()
    expect(await opened.barriers()).to.deep.equal([])
    await opened.picture('environments-failed-phone')
    await page.unroute('**/operations/list-environments')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('link', { name: 'e000' }).first().waitFor()
    await close()
  })
})
