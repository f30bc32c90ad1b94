import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { LocalServer } from '../http/local-server.ts'
import { ended, programWith } from './program.ts'

const login = '{accessKeyId: AKIAX, secretAccessKey: {fn::secret: secret-key-of-x}}'
const slow = `{fn::open::aws-secrets: {region: eu-west-1, login: ${login}, get: {value: {secretId: x}}}}`

describe('an open that is interrupted', function () {
  if (process.platform === 'win32') return
  this.timeout(60_000)
  const program = programWith('app/slow', `values: {a: ${slow}}\n`)

  it('ends at once while a vendor is asked, and shows nothing', async () => {
    const server = await new LocalServer().start()
    try {
      const asked = new Promise<void>((done) => {
        server.reply = () => done()
      })
      const child = program.start(['open', 'app/slow'], { AWS_ENDPOINT_URL: server.url })
      const end = ended(child)
      await asked
      child.kill('SIGINT')
      expect(await end).to.deep.equal({ code: null, signal: 'SIGINT', out: '', err: '' })
      expect(server.asked).to.have.length(1)
    } finally {
      await server.stop()
    }
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`ends the programs that it runs, on ${signal}`, async () => {
      const file = (name: string) => join(program.folder, `${signal}-${name}`)
      const tool = file('tool')
      writeFileSync(tool, '#!/bin/sh\necho $$ > "$1"\nexec sleep 60\n', { mode: 0o755 })
      const command = (name: string) => `{fn::open::command: {command: [${tool}, ${file(name)}]}}`
      const environment = `app/${signal.toLowerCase()}`
      await program.withEnvironment(environment, `values: {a: ${command('a')}, b: ${command('b')}}\n`)
      await program.ok('trust', '--yes')
      const child = program.start(['open', environment])
      const end = ended(child)
      const pids = await Promise.all(['a', 'b'].map((name) => numberIn(file(name))))
      child.kill(signal)
      expect(await end).to.include({ code: null, signal, out: '' })
      for (const pid of pids) expect(await isGone(pid), String(pid)).to.equal(true)
    })
  }
})

async function numberIn(file: string): Promise<number> {
  for (let tries = 0; tries < 500; tries++) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    if (text.endsWith('\n')) return Number(text)
    await new Promise((next) => setTimeout(next, 20))
  }
  throw new Error(`${file} was not written`)
}

async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      process.kill(pid, 0)
    } catch {
      return true
    }
    await new Promise((next) => setTimeout(next, 20))
  }
  return false
}
