import { expect } from 'chai'
import { askVendor, currentFetch, excerpt, quoted } from '../../src/http/index.ts'
import { LocalServer } from './local-server.ts'

const token = 'tok+n/with "quotes" & ünicode'
/** As servers send back what they got. */
const forms: Readonly<Record<string, string>> = {
  raw: token,
  'percent-encoded': encodeURIComponent(token),
  'of a form': new URLSearchParams({ '': token }).toString().slice(1),
  JSON: JSON.stringify(token).slice(1, -1),
  'JSON in ASCII': JSON.stringify(token).slice(1, -1).replace('ü', '\\u00fc'),
  HTML: token.replace('&', '&amp;').replaceAll('"', '&quot;'),
  base64: Buffer.from(token).toString('base64'),
  base64url: Buffer.from(token).toString('base64url'),
  hex: Buffer.from(token).toString('hex'),
}

describe('askVendor()', () => {
  let server: LocalServer
  beforeEach(async () => {
    server = await new LocalServer().start()
  })
  afterEach(() => server.stop())

  const ask = (more: Partial<Parameters<typeof askVendor>[0]> = {}) =>
    askVendor({
      method: 'POST',
      url: server.url,
      body: { token },
      by: currentFetch,
      repeatable: false,
      hidden: [token],
      readFault: ({ json }) => {
        const { code, text } = (json ?? {}) as { code?: string; text?: string }
        return code === undefined ? undefined : { code, ...(text !== undefined && { text }) }
      },
      ...more,
    })
  const refusing = (status: number, body: object | string, headers: Record<string, string> = {}) => {
    server.reply = (answer) =>
      void answer.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  }

  for (const [name, form] of Object.entries(forms)) {
    it(`hides a secret that the vendor sends back in its form ${name}`, async () => {
      refusing(400, { code: 'bad', text: `cannot read ${form}.` })
      expect(await ask()).to.deep.equal({ kind: 'fault', status: 400, code: 'bad', text: 'cannot read [secret].' })
    })
  }

  it('hides a secret also where the vendor puts its code', async () => {
    refusing(400, { code: `no such thing as ${token}` })
    expect(await ask()).to.deep.include({ code: 'no such thing as [secret]' })
  })

  it('tells a refusal of the vendor, a page of somebody else, and no answer', async () => {
    refusing(403, { code: 'denied' })
    expect(await ask()).to.deep.equal({ kind: 'fault', status: 403, code: 'denied', text: '' })
    refusing(403, '<html>portal</html>')
    expect(await ask()).to.deep.equal({ kind: 'foreign', status: 403 })
    const gone = await new LocalServer().start()
    const { url } = gone
    await gone.stop()
    expect(await ask({ url })).to.deep.equal({ kind: 'no answer', code: 'ECONNREFUSED', host: new URL(url).host })
  })

  it('repeats what may be repeated, up to twice, and nothing else', async () => {
    const slept: number[] = []
    const sleep = async (ms: number) => void slept.push(ms)
    refusing(503, { code: 'busy' }, { 'retry-after': '7' })
    expect(await ask({ sleep })).to.include({ status: 503 })
    expect([server.asked.length, slept]).to.deep.equal([1, []])
    expect(await ask({ repeatable: true, sleep })).to.include({ status: 503 })
    expect([server.asked.length, slept]).to.deep.equal([4, [7000, 7000]])
  })

  it('repeats faults that pass by what the vendor says of them', async () => {
    const slept: number[] = []
    const sleep = async (ms: number) => void slept.push(ms)
    refusing(400, { code: 'PASSING' })
    await ask({ repeatable: true, sleep })
    expect(slept).to.deep.equal([])
    await ask({ repeatable: true, sleep, isPassingFault: ({ code }) => code === 'PASSING' })
    expect(slept).to.deep.equal([500, 2000])
  })
})

describe('quoted()', () => {
  it('makes one short line of what somebody said', () => {
    expect(quoted(' one\r\n\ttwo\u001b[31m three ', [])).to.equal('one two [31m three')
    expect(quoted('x'.repeat(1000), [])).to.have.length(300)
  })

  it('hides before it cuts, so that no half of a secret is left', () => {
    const secret = 'abcdefghijklmnopqrstuvwxyz'
    const text = quoted(`${'x'.repeat(290)}${secret}`, [secret])
    expect(text).to.equal(`${'x'.repeat(290)}[secret]`)
  })
})

describe('excerpt()', () => {
  const secret = 'abcdefghijklmnopqrstuvwxyz'

  it('keeps lines, and the beginning only', () => {
    expect(excerpt(`a\nb ${secret}\nc`, { hidden: [secret], isCut: false, most: 1000 })).to.equal('a\nb [secret]\nc')
    expect(excerpt('x'.repeat(50), { hidden: [], isCut: false, most: 10 })).to.equal('x'.repeat(10))
  })

  it('shows no beginning of a secret at the end of a body that was cut', () => {
    const long = Array.from({ length: 200 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('')
    const body = `${long} ${'x'.repeat(9000)} ${long.slice(0, 100)}`
    const shown = excerpt(body, { hidden: [long], isCut: true, most: 10_000 })
    expect(shown).to.match(/^\[secret\] x+$/)
  })
})
