import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ended, Program } from '../end-to-end/program.ts'
import { findBinary } from '../servers/binary.ts'
import { RunningServer } from './running-server.ts'

const L = '/api/esc/environments/acme'

describe('the document of the API', function () {
  this.timeout(process.env.SLOW ? 900_000 : 120_000)
  let program: Program
  let server: RunningServer

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    server = await RunningServer.start(program)
    for (const [method, path, body] of [
      ['POST', L, { project: 'app', name: 'dev' }],
      ['PATCH', `${L}/app/dev`, 'values:\n  host: db\n  password: {fn::secret: correct horse}\n'],
      ['POST', `${L}/app/dev/tags`, { name: 'team', value: 'shop' }],
      ['POST', `${L}/app/dev/versions/tags`, { name: 'stable' }],
    ] as const)
      expect((await server.call(method, path, { body })).status).to.be.lessThan(300)
    return undefined
  })
  after(async () => {
    await server?.stop()
    program?.remove()
  })

  it('names every operation, and gives every answer with a body a type', async () => {
    const { json } = await server.call('GET', '/api/openapi.json')
    const ids: string[] = []
    for (const [path, methods] of Object.entries<Record<string, Operation>>(json.paths))
      for (const [method, { operationId, summary, responses }] of Object.entries(methods)) {
        const where = `${method} ${path}`
        // Probes of the machine are no operations of the API.
        if (path.startsWith('/api/')) expect(operationId, where).to.be.a('string')
        if (operationId !== undefined) ids.push(operationId)
        expect(summary, where).to.be.a('string')
        for (const [status, { content }] of Object.entries(responses))
          for (const { schema } of Object.values(content ?? {})) {
            expect(schema, `${where} ${status}`).to.be.an('object')
            expect(Object.keys(schema), `${where} ${status}`).to.not.have.length(0)
          }
      }
    expect(new Set(ids).size).to.equal(ids.length)
    expect(json.components.schemas.Value.required).to.deep.equal(['value', 'trace'])
  })

  it('is what the server does, as schemathesis finds out', async function () {
    const schemathesis = findBinary('schemathesis')
    if (schemathesis === undefined) {
      console.log('      skipped: schemathesis is not installed')
      return this.skip()
    }
    const config = join(program.folder, 'schemathesis.toml')
    const places = { org: 'acme', project: 'app', env: 'dev' }
    const lines = Object.entries(places).map(([name, value]) => `"path.${name}" = "${value}"`)
    writeFileSync(config, `[parameters]\n${lines.join('\n')}\n`)
    // What a document cannot say, such as which definitions are good, makes "valid" requests fail.
    // Requests without a token soon get 429.
    const left = 'ignored_auth,missing_required_header,positive_data_acceptance'
    const words = ['--config-file', config, 'run', `${server.url}/api/openapi.json`, '--no-color', '--workers', '1']
    const phases = process.env.SLOW ? 'examples,coverage,fuzzing,stateful' : 'examples,fuzzing'
    const limits = process.env.SLOW ? ['--max-time', '600'] : ['--max-time', '10', '--seed', '1']
    const { code, out } = await ended(
      spawn(
        schemathesis,
        [
          ...words,
          ...['--phases', phases, '--exclude-checks', left, '-H', `Authorization: token ${server.token}`],
          ...limits,
          // The sign-in for identity tokens stops answering those who fail too often.
          ...['--exclude-path', '/api/oauth/token'],
        ],
        { cwd: program.folder, stdio: ['ignore', 'pipe', 'inherit'] },
      ),
    )
    expect(code, out).to.equal(0)
    expect(out).to.match(/[1-9]\d* generated/)
    expect(server.said).to.not.match(/"status":5\d\d| 5\d\d /)
    return undefined
  })
})

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >
}
