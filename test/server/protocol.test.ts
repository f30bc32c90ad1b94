import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { besideClone } from '../sources.ts'
import { RunningServer } from './running-server.ts'

const driver = besideClone('shared/clients/protocol.mjs')

describe('the server and what clients need of it', function () {
  this.timeout(120_000)
  let program: Program
  let server: RunningServer

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    server = await RunningServer.start(program)
    return undefined
  })
  after(async () => {
    await server?.stop()
    program?.remove()
  })

  it('reads JSON, whatever a client calls it', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = { project: 'labels', name: 'one' }
    expect((await server.call('POST', '/api/esc/environments/acme', { body, headers })).status).to.equal(204)
    expect((await server.call('POST', '/api/esc/environments/acme', { body: '{', headers })).json.code).to.equal(400)
  })

  it('tells no folder of its machine', async () => {
    const { status, json } = await server.call('GET', '/api/esc/environments/acme/no/such')
    expect([status, json.code]).to.deep.equal([404, 404])
    expect(json.message).to.include("environment 'no/such' does not exist").and.not.to.include(program.folder)
  })

  it('answers every request of the recorded protocol', async function () {
    if (!existsSync(driver)) return this.skip()
    const env = { ...process.env, BASE_URL: server.url, TOKEN: server.token, ORG: 'acme' }
    const { stdout } = await promisify(execFile)(process.execPath, [driver], { env }).catch((error) => error)
    expect(stdout).to.match(/^45 passed, 0 failed, 0 skipped\n$/)
    return undefined
  })
})
