import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { type ApiAnswer, RunningServer } from './running-server.ts'

const L = '/api/esc/environments/acme'
const E = `${L}/requests/app`

describe('requests to the server', function () {
  this.timeout(120_000)
  let program: Program
  let server: RunningServer

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    server = await RunningServer.start(program)
    await call(204, 'POST', L, { body: { project: 'requests', name: 'app' } })
    return undefined
  })
  after(async () => {
    await server?.stop()
    program?.remove()
  })

  type Options = Parameters<RunningServer['call']>[2]
  const call = async (status: number, method: string, path: string, options?: Options): Promise<ApiAnswer> => {
    const answer = await server.call(method, path, options)
    expect(answer.status, `${method} ${path}: ${answer.text.slice(0, 300)}`).to.equal(status)
    if (status >= 400 && method !== 'HEAD') expect(answer.json).to.include({ code: status })
    return answer
  }
  /** Sends bytes as they are, which no text need be. */
  const sendBytes = async (method: string, path: string, body: Uint8Array, headers = {}) => {
    const authorization = `token ${server.token}`
    const answer = await fetch(server.url + path, { method, body, headers: { authorization, ...headers } })
    return { status: answer.status, message: String(((await answer.json()) as { message?: string }).message) }
  }

  it('with a method that the path does not take get 405 and those that it takes', async () => {
    for (const [method, path, allow] of [
      ['PUT', E, 'DELETE, GET, HEAD, OPTIONS, PATCH'],
      ['DELETE', `${E}/versions/1`, 'GET, HEAD, OPTIONS'],
      ['GET', `${E}/clone`, 'OPTIONS, POST'],
      ['TRACE', `${E}/tags`, 'GET, HEAD, OPTIONS, POST'],
    ] as const) {
      const { headers } = await call(405, method, path)
      expect(headers.allow).to.equal(allow)
    }
    const { headers } = await call(204, 'OPTIONS', E)
    expect(headers.allow).to.equal('DELETE, GET, HEAD, OPTIONS, PATCH')
    await call(404, 'OPTIONS', '/api/no/such/thing')
    await call(404, 'HEAD', `${L}/requests/nope`)
  })

  it('with a body that is compressed, or no UTF-8, are refused and change nothing', async () => {
    await call(200, 'PATCH', E, { body: 'values: {a: 1}\n' })
    const gzip = await sendBytes('PATCH', E, Buffer.from('values: {}\n'), { 'content-encoding': 'gzip' })
    expect(gzip).to.include({ status: 415 })
    const wrong = Buffer.concat([Buffer.from('values:\n  ä: '), Buffer.from([0xe2, 0x82]), Buffer.from('\n')])
    for (const [path, method] of [
      [E, 'PATCH'],
      [`${L}/yaml/check`, 'POST'],
      [`${L}/yaml/open`, 'POST'],
      [`${E}/tags`, 'POST'],
    ] as const)
      expect(await sendBytes(method, path, wrong)).to.deep.equal({
        status: 400,
        message: 'Bad Request: the body is not UTF-8: see byte 16, counted from 0',
      })
    expect((await call(200, 'GET', E)).text).to.equal('values: {a: 1}\n')
  })

  it('keep every byte of a definition, a byte order mark among them, and refuse control characters', async () => {
    const text = '\ufeffvalues:\r\n  a: "\u00e9\ud83d\ude00" # \u2028\r\n'
    await call(200, 'PATCH', E, { body: text })
    const answer = await fetch(server.url + E, { headers: { authorization: `token ${server.token}` } })
    expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(text))).to.equal(true)
    const { json } = await call(400, 'PATCH', E, { body: 'values: {a: "x\0y"}\n' })
    expect(json.diagnostics[0].summary).to.include('control characters')
  })

  it('with JSON that is none, no object, or lacks members say what is wanted', async () => {
    for (const [body, says] of [
      ['', /project: .*; name: /],
      ['{', /JSON/],
      ['[]', /expected object, received array/],
      ['null', /expected object, received null/],
      ['"x"', /expected object, received string/],
      ['{"project":"a"}', /name: /],
      ['{"project":"a","name":null}', /name: /],
      ['{"project":"a","name":["b"]}', /name: /],
    ] as const) {
      const { json } = await call(400, 'POST', L, { body })
      expect(json.message, body).to.match(says)
    }
    await call(400, 'POST', `${E}/clone`, { body: '{"name":"x","version":1e400}' })
  })

  it('cannot reach the prototype of anything by __proto__', async () => {
    const body = '{"name":"team","value":"x","__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}'
    await call(200, 'POST', `${E}/tags`, { body })
    const yaml = 'values:\n  __proto__: {admin: true}\n  constructor: c\n'
    await call(200, 'PATCH', E, { body: yaml })
    const { json } = await call(200, 'POST', `${E}/open`)
    const { text } = await call(200, 'GET', `${E}/open/${json.id}`)
    expect(Object.keys(JSON.parse(text).properties)).to.include.members(['__proto__', 'constructor'])
    expect((await call(200, 'GET', `${E}/open/${json.id}?property=__proto__.admin`)).json.value).to.equal(true)
    await call(404, 'GET', `${E}/open/${json.id}?property=toString`)
  })

  it('with values of the query that are repeated, or no numbers, are refused', async () => {
    await call(400, 'GET', `${E}/versions?count=1&count=2`)
    await call(400, 'POST', `${E}/open?duration=1h&duration=2h`)
    for (const count of ['', '0x10', '-1', '1.5', 'x', '99999999999999999999'])
      await call(400, 'GET', `${E}/versions?count=${count}`)
    for (const duration of ['0', '-1h', '25h', '1e9h', 'NaN']) await call(400, 'POST', `${E}/open?duration=${duration}`)
  })

  it('with names that are none of ours are refused, or find nothing', async () => {
    for (const name of ['%00', '%ff', '..%2fx', 'a%20b', 'ä', 'x'.repeat(101), '%F0%9F%98%80'])
      await call(400, 'GET', `${L}/requests/${encodeURI(name).replaceAll('%25', '%')}`)
    for (const name of ['%00', '%ff', '..%2f..', '%F0%9F%98%80'])
      for (const [method, path] of [
        ['GET', `${E}/tags/${name}`],
        ['DELETE', `${E}/tags/${name}`],
        ['GET', `${E}/hooks/${name}`],
        ['GET', `${E}/schedules/${name}`],
        ['GET', `${E}/versions/tags/${name}`],
        ['GET', `${E}/open/${name}`],
      ] as const)
        expect((await server.call(method, path)).status, path).to.be.oneOf([400, 404])
  })

  it('with a definition of nearly 4 MB are taken, and those that could not be read again refused', async () => {
    const line = `# ${'x'.repeat(997)}\n`
    const fits = `values: {a: 1}\n${line.repeat(4 * 1024)}`
    await call(200, 'PATCH', E, { body: fits })
    expect((await call(200, 'GET', E)).text).to.have.length(fits.length)
    const { json: unreadable } = await call(400, 'PATCH', E, { body: fits + line.repeat(1024) })
    expect(unreadable.message).to.include('more than the 4194304 that esc reads')
    expect((await call(200, 'GET', E)).text).to.have.length(fits.length)
    await call(200, 'PATCH', E, { body: 'values: {}\n' })
  })

  it('that save over the same ETag at once: exactly one wins', async () => {
    const { headers } = await call(200, 'GET', E)
    const etag = String(headers.etag)
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        server.call('PATCH', E, { body: `values: {winner: ${n}}\n`, headers: { etag } }),
      ),
    )
    const won = answers.flatMap(({ status }, n) => (status === 200 ? [n] : []))
    expect(won).to.have.length(1)
    expect(answers.filter(({ status }) => status === 409)).to.have.length(11)
    expect((await call(200, 'GET', E)).text).to.equal(`values: {winner: ${won[0]}}\n`)
    const { json } = await call(200, 'GET', `${E}/versions?count=1`)
    expect(json[0].number).to.equal(Number(etag.slice(1, -1)) + 1)
  })

  it('for all environments by pages get each that stays once, whatever comes and goes meanwhile', async () => {
    const stay = Array.from({ length: process.env.SLOW ? 1000 : 60 }, (_, n) => `s${String(n).padStart(4, '0')}`)
    const create = (name: string) => call(204, 'POST', L, { body: { project: 'many', name } })
    for (let at = 0; at < stay.length; at += 20) await Promise.all(stay.slice(at, at + 20).map(create))
    let over = false
    const churn = (async () => {
      for (let n = 0; !over; n++) {
        await create(`t${n % 5}`)
        await call(204, 'DELETE', `${L}/many/t${n % 5}`)
      }
    })()
    const seen: string[] = []
    let token: string | undefined
    do {
      const query: string = token === undefined ? '' : `&continuationToken=${encodeURIComponent(token)}`
      const { json } = await call(200, 'GET', `${L}?maxResults=${process.env.SLOW ? 50 : 7}${query}`)
      for (const { project, name } of json.environments) if (project === 'many') seen.push(name)
      token = json.nextToken
    } while (token !== undefined)
    over = true
    await churn
    expect(seen.filter((name) => name.startsWith('s'))).to.deep.equal(stay)
    expect(new Set(seen).size).to.equal(seen.length)
    await call(400, 'GET', `${L}?continuationToken=none-of-ours`)
  })
})
