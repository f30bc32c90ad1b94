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

  it('answers every request of the recorded protocol', async function () {
    if (!existsSync(driver)) return this.skip()
    const env = { ...process.env, BASE_URL: server.url, TOKEN: server.token, ORG: 'acme' }
    const { stdout } = await promisify(execFile)(process.execPath, [driver], { env }).catch((error) => error)
    expect(stdout).to.match(/^45 passed, 0 failed, 0 skipped\n$/)
    return undefined
  })
})
