import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { RunningServer } from './running-server.ts'

const L = '/api/esc/environments/acme'
const E = `${L}/canary/app`

/** A secret that is found again in any text, and its usual disguises. */
const canary = 'canary-6f1d"0b9e\\c4'
const forms = [
  canary,
  'canary-6f1d',
  JSON.stringify(canary).slice(1, -1),
  encodeURIComponent(canary),
  ...[0, 1, 2].map((shift) =>
    Buffer.from(' '.repeat(shift) + canary)
      .toString('base64')
      .slice(4, -4),
  ),
  Buffer.from(canary).toString('hex'),
]

/** Every place at which a text shows it. */
function shownIn(text: string): string[] {
  return forms.filter((form) => text.includes(form))
}

/** The files of a folder with their content, as text that keeps every byte. */
function filesIn(folder: string): [string, string][] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): [string, string][] => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesIn(path)
    return entry.isFile() ? [[path, readFileSync(path, 'latin1')]] : []
  })
}

describe('secrets that a server handles', function () {
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

  it('are in no log, no file and no answer to callers without rights, whatever is asked for', async () => {
    const quoted = JSON.stringify(canary)
    const definition = `values:
  plain: {fn::secret: ${quoted}}
  list: [{fn::secret: ${quoted}}]
  joined: "x\${plain}y"
  json: {fn::toJSON: {a: "\${plain}"}}
  base64: {fn::toBase64: "\${plain}"}
  given: {fn::open::test: {password: "\${plain}"}}
  environmentVariables: {PASSWORD: "\${plain}"}
`
    const token = (...words: string[]) =>
      program.ok('server', 'token', 'create', '--user', 'reader@example.com', ...words).then((text) => text.trim())
    const reader = await token('--admin', '--level', 'read')
    const elsewhere = await token('--admin', '--environment', 'other/*', '--name', 'elsewhere')
    const clients: Record<string, string>[] = [
      {},
      { 'user-agent': 'esc-sdk/ts/v0.12.4' },
      { 'x-pulumi-source': 'esc-sdk' },
    ]

    expect((await server.call('POST', L, { body: { project: 'canary', name: 'app' } })).status).to.equal(204)
    expect((await server.call('PATCH', E, { body: definition })).status).to.equal(200)
    const { json: opened } = await server.call('POST', `${E}/open`)
    // What may show it does: else this test would find nothing because nothing is there.
    expect(shownIn((await server.call('GET', `${E}/open/${opened.id}`)).text)).to.have.length.of.at.least(3)
    expect(shownIn((await server.call('GET', `${E}/decrypt`)).text)).to.have.length.of.at.least(1)
    const { json: anonymous } = await server.call('POST', `${L}/yaml/open`, { body: definition })
    expect(shownIn((await server.call('GET', `${L}/yaml/open/${anonymous.id}`)).text)).to.have.length.of.at.least(3)

    // Mistakes beside the secret, in every place that takes a definition, a path or a name.
    const wrong = `${definition}  nope: \${missing}\n  sealed: {fn::fromJSON: "\${plain}"}\n`
    const broken = `values:\n  a: {fn::secret: ${quoted}\n  - b: [\n`
    const asked: [string, string, unknown?][] = [
      ...[wrong, broken, `{"values": ${quoted}}`].flatMap((body): [string, string, unknown][] => [
        ['PATCH', E, body],
        ['POST', `${L}/yaml/check`, body],
        ['POST', `${L}/yaml/check?showSecrets=true`, body],
        ['POST', `${L}/yaml/open`, body],
      ]),
      ['POST', `${E}/rotate`, { paths: ['plain'] }],
      ['GET', E],
      ['POST', `${E}/check`],
      ['GET', `${E}/versions`],
      ['GET', `${E}/decrypt`],
      ['GET', `${E}/versions/2/decrypt`],
      ['POST', `${E}/check?showSecrets=true`],
      ['POST', `${E}/open`],
      ['POST', `${E}/versions/2/open`],
      ['GET', `${E}/open/${opened.id}`],
      ['GET', `${E}/open//${opened.id}?property=plain`],
      ['GET', `${L}/yaml/open/${anonymous.id}`],
      ['POST', `${E}/clone`, { name: 'copy' }],
      ['DELETE', `${L}/canary/copy`],
    ]
    let refused = 0
    for (const [method, path, body] of asked)
      for (const headers of clients)
        for (const caller of [server.token, reader, elsewhere, '']) {
          const answer = await server.call(method, path, { body, headers, token: caller })
          if (caller === server.token) continue
          if (answer.status >= 400) refused++
          // Their own words may come back to them; secrets of the store may not.
          if (body === undefined || typeof body === 'object')
            expect(shownIn(answer.text), `${method} ${path}: ${answer.status}`).to.deep.equal([])
        }
    expect(refused).to.be.greaterThan(50)

    await server.stop()
    expect(server.said).to.include('/api/esc/environments')
    expect(shownIn(server.said)).to.deep.equal([])
    const files = filesIn(program.folder)
    expect(files.filter(([path]) => path.endsWith('.session'))).to.have.length.of.at.least(2)
    for (const [path, text] of files) expect(shownIn(text), path).to.deep.equal([])
  })
})
