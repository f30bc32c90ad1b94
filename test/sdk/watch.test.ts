import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { connect, type EnvironmentStore, type OpenEnvironment } from '../../src/sdk/index.ts'
import { Program } from '../end-to-end/program.ts'
import { RunningServer } from '../server/running-server.ts'
import { freePort } from '../servers/binary.ts'

describe('a watch of an environment on a server', function () {
  this.timeout(30_000)
  let program: Program
  let server: RunningServer
  let listen: string
  let number = 0
  const open: (() => void)[] = []

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    await program.withEnvironment('base/common', 'values: {n: 0}\n')
    await program.withEnvironment('app/dev', 'imports: [base/common]\nvalues: {}\n')
    listen = `127.0.0.1:${await freePort()}`
    server = await RunningServer.start(program, [], listen)
    return undefined
  })
  afterEach(() => {
    for (const close of open.splice(0)) close()
  })
  after(async () => {
    await server?.stop()
    program?.remove()
  })

  const storeAt = (url: string) => connect(url, server.token, { env: { ...program.env, ESC_STORE: '/nowhere' } })
  const change = async () => {
    await program.ok('env', 'set', 'base/common', 'n', String(++number))
    return number
  }

  /** Watches, and waits for values of `n`. */
  const watching = async (store: EnvironmentStore, reference = 'app/dev') => {
    let newest: OpenEnvironment | undefined
    let wake = () => {}
    const { close } = await store.watch(reference, (env) => {
      newest = env
      wake()
    })
    const until = async (n: number) => {
      while (newest?.get('n') !== n) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
    open.push(close)
    return { until }
  }
  const asked = () => server.said.split('\n').filter((line) => line.includes('/api/v1/operations/')).length

  it('hears of changes, and does not ask in between', async () => {
    const watch = await watching(await storeAt(server.url))
    await watch.until(number)
    await watch.until(await change())
    await new Promise((resolve) => setTimeout(resolve, 500))
    const before = asked()
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(asked()).to.equal(before)
  })

  it('hears of a tag that moves', async () => {
    await program.ok('env', 'version', 'tag', 'base/common@stable', '@latest')
    const watch = await watching(await storeAt(server.url), 'base/common@stable')
    await watch.until(number)
    const next = await change()
    await program.ok('env', 'version', 'tag', 'base/common@stable', '@latest')
    await watch.until(next)
  })

  it('goes on after the server has died and come back, with what has changed meanwhile', async () => {
    const watch = await watching(await storeAt(server.url))
    await watch.until(await change())
    server.signal('SIGKILL')
    await server.ended()
    const meanwhile = await change()
    server = await RunningServer.start(program, [], listen)
    await watch.until(meanwhile)
    await watch.until(await change())
  })

  it('asks where a proxy lets no stream through', async () => {
    const proxy: Server = createServer((incoming, outgoing) => {
      if (incoming.url?.startsWith('/api/v1/events')) return void outgoing.writeHead(502).end()
      const passed = { method: incoming.method, headers: incoming.headers }
      const onward = request(`${server.url}${incoming.url}`, passed, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers)
        answer.pipe(outgoing)
      })
      incoming.pipe(onward)
      return undefined
    })
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
    try {
      const watch = await watching(await storeAt(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`))
      await watch.until(await change())
    } finally {
      proxy.closeAllConnections()
      proxy.close()
    }
  })
})
