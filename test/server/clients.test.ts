import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { findBinary } from '../servers/binary.ts'
import { newerNode } from '../servers/newer-node.ts'
import { sharedPostgres } from '../servers/postgres.ts'
import { pythonWith } from '../servers/readers.ts'
import { besideClone } from '../sources.ts'
import { RunningServer } from './running-server.ts'

/**
 * A client of the ESC API that others publish, and the program beside this repository that tries
 * all of it.
 */
interface Client {
  readonly name: string
  readonly driver: string
  /** Cases that pass with a port in the URL; on port 80 there is one more for some. */
  readonly cases: number
  /** Says how to run the driver. `undefined`: the client is not installed. */
  readonly run: (driver: string, folder: string) => Run | undefined
}

interface Run {
  readonly program: string
  readonly words: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

const clients: readonly Client[] = [
  {
    name: 'no client but plain HTTP',
    driver: 'protocol.mjs',
    cases: 45,
    run: (driver) => ({ program: process.execPath, words: [driver] }),
  },
  {
    name: '@pulumi/esc-sdk of npm',
    driver: 'esc-sdk.mjs',
    cases: 39,
    run(driver) {
      const folder = process.env.ESC_TEST_ESC_SDK
      if (folder === undefined || !existsSync(join(folder, 'node_modules/@pulumi/esc-sdk'))) return undefined
      return { program: process.execPath, words: [driver], env: { SDK_DIR: folder } }
    },
  },
  {
    name: 'pulumi-esc-sdk of PyPI',
    driver: 'esc_sdk.py',
    cases: 39,
    run(driver) {
      const python = pythonWith('pulumi_esc_sdk')
      return python === undefined ? undefined : { program: python, words: [driver] }
    },
  },
  {
    name: 'github.com/pulumi/esc-sdk of Go, as external-secrets uses it',
    driver: 'esc-sdk-go',
    cases: 57,
    run(driver, folder) {
      const go = findBinary('go')
      if (go === undefined) return undefined
      // Go writes beside what it builds, and what is beside this repository is not ours.
      cpSync(driver, folder, { recursive: true })
      execFileSync('chmod', ['-R', 'u+w', folder])
      const { HOME = '' } = process.env
      const env = { HOME, GOFLAGS: '-mod=mod' }
      try {
        execFileSync(go, ['build', '-o', 'driver', '.'], {
          cwd: folder,
          env: { ...process.env, ...env },
          stdio: 'ignore',
        })
      } catch {
        return undefined
      }
      return { program: join(folder, 'driver'), words: [], cwd: folder }
    },
  },
]

/** The places where a server keeps its store. */
const places = [
  { name: 'a folder', database: false },
  { name: 'PostgreSQL', database: true },
] as const

for (const { name: place, database } of places)
  describe(`clients that others publish, with the store in ${place}`, function () {
    this.timeout(300_000)
    let program: Program
    let server: RunningServer

    before(async function () {
      if (!Program.isBuilt()) return this.skip()
      program = new Program()
      await program.ok('init', '--organization', 'acme')
      if (database) {
        const node = await newerNode()
        if (node === undefined) return this.skip()
        program.node = node
        const { host, port, admin } = await sharedPostgres()
        const url = `postgres://${admin.username}:${admin.password}@${host}:${port}/postgres?schema=clients`
        program.env.ESC_DATABASE_URL = url
        await program.ok('server', 'import')
      }
      server = await RunningServer.start(program)
      return undefined
    })
    after(async () => {
      await server?.stop()
      program?.remove()
    })

    const tryAll = async (url: string, { program: file, words, env, cwd }: Run) => {
      const told = { ...process.env, BASE_URL: url, TOKEN: server.token, ORG: 'acme', ...env }
      const { stdout } = await promisify(execFile)(file, words, { env: told, cwd }).catch((error) => error)
      return String(stdout).trimEnd()
    }

    for (const { name, driver, cases, run } of clients) {
      it(`get from the server what they need: ${name}`, async function () {
        const path = besideClone(`shared/clients/${driver}`)
        if (!existsSync(path)) {
          console.log(`      skipped: ${driver} is not beside this repository`)
          return this.skip()
        }
        const how = run(path, join(program.folder, driver))
        if (how === undefined) {
          console.log(`      skipped: ${name} is not installed, or cannot be built`)
          return this.skip()
        }
        const said = await tryAll(server.url, how)
        expect(said.split('\n').at(-1), said).to.match(new RegExp(`^${cases} passed, 0 failed(, [01] skipped)?$`))
        return undefined
      })
    }

    it('get from the server what they need where the URL has no port: @pulumi/esc-sdk of npm', async function () {
      const client = clients.find(({ driver }) => driver === 'esc-sdk.mjs')
      const path = besideClone('shared/clients/esc-sdk.mjs')
      const how = existsSync(path) ? client?.run(path, '') : undefined
      const onPort80 = await RunningServer.start(program, [], '127.0.0.1:80').catch(() => undefined)
      if (how === undefined || onPort80 === undefined) {
        await onPort80?.stop()
        console.log('      skipped: it is not installed, or port 80 cannot be had')
        return this.skip()
      }
      try {
        const said = await tryAll('http://127.0.0.1', how)
        expect(said.split('\n').at(-1), said).to.equal('40 passed, 0 failed, 0 skipped')
      } finally {
        await onPort80.stop()
      }
      return undefined
    })
  })
