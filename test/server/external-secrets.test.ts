import { execFile } from 'node:child_process'
import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { RunningServer } from './running-server.ts'

/**
 * `external-secrets/` beside this file, built: `go build` in a copy of that folder. It takes some
 * minutes, since it brings the client of Kubernetes.
 */
const driver = process.env.ESC_TEST_EXTERNAL_SECRETS

interface Answer {
  readonly text?: string
  readonly map?: Readonly<Record<string, string>>
  readonly error?: string
}

describe('External Secrets, by the code of its provider,', function () {
  this.timeout(60_000)
  let program: Program
  let server: RunningServer

  before(async function () {
    if (!Program.isBuilt() || driver === undefined) {
      console.log('      skipped: ESC_TEST_EXTERNAL_SECRETS does not name the built test/server/external-secrets')
      return this.skip()
    }
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    await program.withEnvironment(
      'app/dev',
      `values:
  password: {fn::secret: cAnary-password}
  url: "https://u:\${password}@h"
  number: 42
  nested: {a: 1, b: {fn::secret: cAnary-nested}, d: true}
  pushed: {fn::secret: cAnary-before}
`,
    )
    server = await RunningServer.start(program)
    return undefined
  })
  after(async () => {
    await server?.stop()
    program?.remove()
  })

  const perform = (...operations: readonly object[]): Promise<Answer[]> =>
    new Promise((resolve, reject) => {
      const env = { BASE_URL: server.url, TOKEN: server.token, ORG: 'acme', PROJECT: 'app', ENVIRONMENT: 'dev' }
      const child = execFile(driver as string, { env }, (error, said) => {
        if (error) return reject(error)
        resolve(
          said
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line)),
        )
      })
      child.stdin?.end(operations.map((operation) => `${JSON.stringify(operation)}\n`).join(''))
    })

  it('reads texts, numbers and mappings, and is told what there is not', async () => {
    const said = await perform(
      { do: 'get', key: 'password' },
      { do: 'get', key: 'nested.b' },
      { do: 'get', key: 'number' },
      { do: 'map', key: 'nested' },
      { do: 'get', key: 'nope' },
    )
    expect(said).to.deep.equal([
      { text: 'cAnary-password' },
      { text: 'cAnary-nested' },
      { text: '42' },
      { map: { a: '1', b: 'cAnary-nested', d: 'true' } },
      { error: '404 Not Found' },
    ])
  })

  it('pushes a secret, and nothing that was secret is in the clear afterwards', async () => {
    const [pushed, ...read] = await perform(
      { do: 'push', key: 'pushed', value: 'cAnary-pushed' },
      { do: 'get', key: 'pushed' },
      { do: 'get', key: 'url' },
    )
    expect(pushed).to.deep.equal({})
    expect(read).to.deep.equal([{ text: 'cAnary-pushed' }, { text: 'https://u:cAnary-password@h' }])
    expect(await program.ok('env', 'get', 'app/dev', '--definition')).not.to.include('cAnary')
  })
})
