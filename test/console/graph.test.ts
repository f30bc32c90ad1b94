import { expect } from 'chai'
import { slow } from '../sample.ts'
import { consoleSuite, eventually, expectNoHit, keepsNobodyOut, markup } from './console-suite.ts'

const MANY = slow ? 200 : 60

const definitions: Readonly<Record<string, string>> = {
  'base/common': 'values: {region: eu-west-1}\n',
  'rotators/ci': 'values: {deploy: {fn::rotate::password: {inputs: {length: 24}}}}\n',
  'app/dev': 'imports: [base/common, rotators/ci]\nvalues: {a: 1}\n',
  'app/prod': 'imports: [base/common@1, {rotators/ci: {merge: false}}]\nvalues: {a: "${environments.app.dev.a}"}\n',
  'other/alone': 'values: {}\n',
}

describe('the graph in the console', function () {
  this.timeout(120_000)
  const suite = consoleSuite({
    async seed(program) {
      for (const [name, text] of Object.entries(definitions)) await program.withEnvironment(name, text)
    },
  })

  it('draws who imports whom, and is followed by keys alone', async () => {
    const opened = await suite.open('/graph')
    const { page, close } = opened
    const list = page.getByRole('region', { name: 'Environments of the graph' })
    // Two revisions of base/common take part.
    await list.getByText('6 environments').waitFor()
    const row = list.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'rotators/ci', exact: true }) })
    await row.getByText('imported by app/dev, app/prod').waitFor()
    const boxes = page.locator('.graph a')
    await boxes.first().waitFor()
    expect((await boxes.locator('b').allTextContents()).sort()).to.deep.equal([
      'app/dev',
      'app/prod',
      'base/common',
      'base/common@1',
      'rotators/ci',
    ])
    await page.locator('.graph').getByText('deploy: password').waitFor()
    expect(await page.locator('.graph path.dashed').count()).to.equal(1)
    // What is drawn is in the list too: the drawing is one stop, and no trap.
    await page.getByRole('searchbox').focus()
    await page.keyboard.type('ci')
    await list.getByText('1 environment').waitFor()
    for (const name of ['Zoom in', 'Zoom out', 'Fit']) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.ariaLabel ?? document.activeElement.textContent')).to.equal(
        name,
      )
    }
    await page.keyboard.press('Tab')
    const scale = () =>
      page.locator('.drawn').evaluate((each) => (each as unknown as { style: { transform: string } }).style.transform)
    const before = await scale()
    await page.keyboard.press('+')
    await eventually(async () => {
      expect(await scale()).not.to.equal(before)
    })
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).to.equal('rotators/ci')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'rotators/ci' }).waitFor()
    expect(new URL(page.url()).pathname).to.equal('/environments/rotators/ci')
    expect(opened.faults).to.deep.equal([])
    await close()
  })

  it('is zoomed and dragged with a mouse, and a box leads to its environment', async () => {
    const { page, close, faults } = await suite.open('/graph')
    const box = page.locator('.graph a', { hasText: 'app/dev' })
    await box.waitFor()
    const widthOf = async () => (await box.boundingBox())?.width ?? 0
    const before = await widthOf()
    for (let times = 0; times < 6; times++) await page.getByRole('button', { name: 'Zoom in' }).click()
    expect(await widthOf()).to.be.above(before * 1.5)
    const view = page.locator('.graph')
    const at = await view.boundingBox()
    if (at === null) throw new Error('there is no drawing')
    const scrolled = () => view.evaluate((each) => (each as unknown as { scrollLeft: number }).scrollLeft)
    const left = await scrolled()
    await page.mouse.move(at.x + 300, at.y + 300)
    await page.mouse.down()
    await page.mouse.move(at.x + 200, at.y + 290, { steps: 4 })
    await page.mouse.up()
    expect(await scrolled()).to.not.equal(left)
    expect(new URL(page.url()).pathname, 'a drag is no click').to.equal('/graph')
    await page.getByRole('button', { name: 'Fit' }).click()
    await box.click()
    await page.getByRole('tab', { name: 'Values', selected: true }).waitFor()
    expect(new URL(page.url()).pathname).to.equal('/environments/app/dev')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('tells on the page of an environment who imports it', async () => {
    const { page, close, faults } = await suite.open('/environments/base/common/links')
    await page.getByRole('row', { name: 'app/dev latest' }).waitFor()
    await page.getByRole('row', { name: 'app/prod 1' }).waitFor()
    await page.getByText('It imports nothing.').waitFor()
    await page.getByRole('link', { name: 'Show in the graph' }).click()
    await page.getByRole('heading', { name: 'Import graph of base/common' }).waitFor()
    await page.getByText('3 environments').waitFor()
    await page.goto('/environments/app/prod/links')
    await page.getByRole('row', { name: 'rotators/ci latest import, not merged' }).waitFor()
    await page.getByRole('row', { name: 'app/dev latest reference' }).waitFor()
    await page.getByText('Nothing imports it or refers to it.').waitFor()
    expect(faults).to.deep.equal([])
    await close()
  })

  it('shows stored markup as text, and says what is missing', async () => {
    await suite.server.call('PATCH', '/api/esc/environments/acme/other/alone', {
      body: `values: {${JSON.stringify(markup)}: {fn::rotate::password: {inputs: {length: 24}}}}\n`,
    })
    const opened = await suite.open('/graph')
    await opened.page.getByRole('searchbox').fill('alone')
    await opened.page.getByText('<img src=x onerror').first().waitFor()
    await opened.page.goto(`/graph?of=${encodeURIComponent(markup)}`)
    await opened.page.getByRole('heading', { name: markup }).waitFor()
    await expectNoHit(opened)
    expect(await opened.page.evaluate('JSON.stringify([localStorage, sessionStorage, document.title])')).not.to.include(
      'img',
    )
    await opened.close()
  })

  keepsNobodyOut(suite, { graph: '/graph?of=app%2Fdev', 'environment-links': '/environments/base/common/links' })

  // Last: all that is drawn after it takes longer.
  it(`stays usable with ${MANY} environments`, async () => {
    const last = `e${MANY - 1}`
    const wanted = Array.from({ length: MANY }, (_, at) => ({
      name: `many/e${at}`,
      text: `imports: [base/common${at > 0 ? `, many/e${at >> 1}` : ''}]\nvalues: {n: ${at}}\n`,
    }))
    expect((await suite.perform('apply-definitions', null, { wanted })).status).to.equal(200)
    const { page, close, faults } = await suite.open('/graph')
    const boxes = page.locator('.graph a')
    await boxes.first().waitFor()
    expect(await boxes.count()).to.equal(MANY + 5)
    await page.getByRole('searchbox').fill(last)
    await page.locator('.graph a.lit', { hasText: `many/${last}` }).waitFor()
    const seen = await page.evaluate(`(() => {
      const box = document.querySelector('.graph a.lit').getBoundingClientRect()
      const view = document.querySelector('.graph').getBoundingClientRect()
      return box.left >= view.left && box.right <= view.right && box.top >= view.top && box.bottom <= view.bottom
    })()`)
    expect(seen, 'what was found is in sight').to.equal(true)
    await page.getByRole('link', { name: `Draw what many/${last} is linked to` }).click()
    await page.getByRole('heading', { name: `Import graph of many/${last}` }).waitFor()
    expect(await boxes.count()).to.be.below(12)
    expect(faults).to.deep.equal([])
    await close()
  })
})
