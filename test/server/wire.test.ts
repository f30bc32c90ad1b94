import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { type ApiAnswer, RunningServer } from './running-server.ts'

// The parts of the protocol that clients break without, each with the client. The same is tried by
// the clients themselves where they are installed (clients.test.ts).

const L = '/api/esc/environments/acme'
const E = `${L}/wire/app`

const goSdk = { 'x-pulumi-source': 'esc-sdk', 'user-agent': 'esc-sdk/go/v0.14.0' }
const nodeSdk = { 'x-pulumi-source': 'esc-sdk', 'user-agent': 'esc-sdk/ts/v0.12.4' }
const newerNodeSdk = { 'x-pulumi-source': 'esc-sdk', 'user-agent': 'esc-sdk/ts/v0.13.0' }

const definition = `values:
  none: null
  list: [x, {k: v}]
  second: \${list[1].k}
  password:
    fn::secret: correct horse
`

/** All objects in JSON, the outermost first. */
function objectsIn(json: unknown): Record<string, unknown>[] {
  if (typeof json !== 'object' || json === null) return []
  const below = Object.values(json).flatMap(objectsIn)
  return Array.isArray(json) ? below : [json as Record<string, unknown>, ...below]
}

describe('the wire that clients of the API read', function () {
  this.timeout(60_000)
  let program: Program
  let server: RunningServer

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    server = await RunningServer.start(program)
    await call(204, 'POST', L, { body: { project: 'wire', name: 'app' } })
    return undefined
  })
  after(async () => {
    await server?.stop()
    program?.remove()
  })

  type Options = Parameters<RunningServer['call']>[2]
  const call = async (status: number, method: string, path: string, options?: Options): Promise<ApiAnswer> => {
    const answer = await server.call(method, path, options)
    expect(answer.status, `${method} ${path}: ${answer.text}`).to.equal(status)
    return answer
  }
  const save = (body: string, headers = {}) => call(200, 'PATCH', E, { body, headers })
  const opened = async (headers = {}) => {
    const { json } = await call(200, 'POST', `${E}/open`, { headers })
    return { id: json.id as string, ...(await call(200, 'GET', `${E}/open/${json.id}`, { headers })) }
  }

  it('creates and removes with 200 for the Node SDK before 0.13, and with 204 for everybody else', async () => {
    const made = { body: { project: 'wire', name: 'old' } }
    const created = await call(200, 'POST', L, { ...made, headers: nodeSdk })
    expect(created.text).to.equal('')
    await call(200, 'DELETE', `${L}/wire/old`, { headers: nodeSdk })
    for (const headers of [newerNodeSdk, goSdk, {}]) {
      await call(204, 'POST', L, { ...made, headers })
      await call(204, 'DELETE', `${L}/wire/old`, { headers })
    }
  })

  // As External Secrets does for a PushSecret.
  it('keeps secret what an SDK saves in the clear because it made the definition of opened values', async () => {
    for (const name of ['base', 'handed']) await call(204, 'POST', L, { body: { project: 'wire', name } })
    const save = (body: string, headers = {}) => call(200, 'PATCH', `${L}/wire/handed`, { body, headers })
    writeFileSync(join(program.folder, 'environments/opened.txt'), 'cAnary-opened')
    await call(200, 'PATCH', `${L}/wire/base`, {
      body: 'values: {shared: {fn::secret: cAnary-shared}, region: eu, above: {fn::open::file: {get: {text: {path: opened.txt}}}}}\n',
    })
    await save(`imports: [wire/base]
values:
  plain: 1
  list: [x, {fn::secret: cAnary-in-list}, {k: v}]
  password: {fn::secret: cAnary-password}
  url: "https://u:\${password}@h"
  pushed: {deep: {fn::secret: cAnary-old}}
  file: {fn::open::file: {get: {text: {path: opened.txt}}}}
  token:
    fn::rotate::password: {inputs: {length: 24}}
`)
    await program.ok('env', 'rotate', 'wire/handed')
    const open = async () => program.open('wire/handed', '')
    const before = await open()
    const values = { ...before, pushed: { deep: 'cAnary-new' }, plain: 2, other: 'added' }
    const { headers } = await save(JSON.stringify({ values }), goSdk)
    expect(headers['pulumi-esc-revision']).to.equal('4')
    const saved = () => readFileSync(join(program.folder, 'environments/wire/handed/environment.yaml'), 'utf8')
    expect(saved()).not.to.include('cAnary')
    expect(saved()).not.to.include(before.token.current)
    const after = await open()
    expect(after).to.deep.equal({ ...values, token: before.token })
    await program.ok('env', 'rotate', 'wire/handed', '--force')
    expect((await open()).token.previous).to.deep.equal(before.token.current)

    // Elsewhere than before: without the first of a list, under another key, as a part of a text.
    const { password, list, ...others } = values
    const moved = { ...others, list: list.slice(1), renamed: password, dsn: `user:${password}@host`, note: 'cAn' }
    await save(JSON.stringify({ values: moved }), goSdk)
    expect(saved()).not.to.include('cAnary')
    expect(await open()).to.deep.include({ list: list.slice(1), renamed: password, dsn: moved.dsn, note: 'cAn' })

    // Whoever says what is secret is believed, and a command line too.
    await save('values: {password: {fn::secret: cAnary-2}, url: "${password}"}\n', goSdk)
    expect(await open()).to.deep.equal({ password: 'cAnary-2', url: 'cAnary-2' })
    await save('values: {password: known}\n')
    expect((await call(200, 'GET', `${L}/wire/handed`)).text).to.equal('values: {password: known}\n')
  })

  it('hands the Node SDK a definition that it does not take for JSON', async () => {
    const flow = '{"values": {"a": 1}}\n'
    await save(flow)
    expect((await call(200, 'GET', E, { headers: nodeSdk })).text).to.equal(`---\n${flow}`)
    expect((await call(200, 'GET', E, { headers: goSdk })).text).to.equal(flow)
    await save(definition)
    expect((await call(200, 'GET', E, { headers: nodeSdk })).text).to.match(/^values:/)
  })

  it('hides the retraction of a revision from SDKs, which would never list again', async () => {
    await save('values: {a: 1}\n')
    const { headers } = await save(definition)
    const retracted = Number(headers['pulumi-esc-revision']) - 1
    await call(204, 'POST', `${E}/versions/${retracted}/retract`, { body: { reason: 'leaked' } })
    const of = async (told: Record<string, string>) =>
      (await call(200, 'GET', `${E}/versions`, { headers: told })).json.find(
        ({ number }: { number: number }) => number === retracted,
      )
    expect(await of(goSdk)).to.have.all.keys('number', 'created', 'creatorLogin', 'creatorName', 'tags')
    expect(await of({})).to.have.nested.property('retracted.reason', 'leaked')
    await call(404, 'GET', `${E}/versions/${retracted}`)
    await call(404, 'POST', `${E}/versions/${retracted}/open`)
  })

  it('labels definitions as YAML, with the revision as its number and as an opaque ETag', async () => {
    await save(definition)
    for (const path of [E, `${E}/decrypt`, `${E}/versions/latest`, `${E}/versions/latest/decrypt`]) {
      const { headers } = await call(200, 'GET', path)
      expect(headers['content-type']).to.match(/^application\/x-yaml/)
      expect(headers.etag).to.match(/^"\d+"$/)
      expect(headers['pulumi-esc-revision']).to.match(/^\d+$/)
    }
    const head = await call(200, 'HEAD', E)
    expect(head.headers.etag).to.match(/^"\d+"$/)
    expect(head.text).to.equal('')
  })

  it('saves over the revision of the ETag alone, and answers an object without diagnostics', async () => {
    const { headers, json } = await save('values: {a: 1}\n')
    expect(json).to.deep.equal({})
    const etag = String(headers.etag)
    await save('values: {a: 2}\n', { etag })
    const { json: stale } = await call(409, 'PATCH', E, { body: 'values: {a: 3}\n', headers: { etag } })
    expect(stale).to.have.all.keys('code', 'message').and.include({ code: 409 })
    expect((await call(200, 'GET', E)).text).to.equal('values: {a: 2}\n')
  })

  it('reads a definition however it is labelled, or not at all', async () => {
    for (const type of ['application/json', 'application/x-yaml', 'text/plain', 'application/x-www-form-urlencoded'])
      await save('values: {a: 1}\n', { 'content-type': type })
    const { status } = await fetch(`${server.url}${E}/tags`, {
      method: 'POST',
      headers: { authorization: `token ${server.token}`, 'content-type': '' },
      body: '{"name": "unlabelled", "value": "x"}',
    })
    expect(status).to.equal(200)
  })

  it('names the environment of mistakes when it saves, and <yaml> when it checks', async () => {
    const body = 'values:\n  a: ${nope}\n'
    for (const [method, path, environment] of [
      ['PATCH', E, 'wire/app'],
      ['POST', `${L}/yaml/check`, '<yaml>'],
    ] as const) {
      const { json } = await call(400, method, path, { body, headers: goSdk })
      expect(json).to.have.all.keys('code', 'message', 'diagnostics').and.include({ code: 400 })
      expect(json.diagnostics).to.have.length(1)
      expect(json.diagnostics[0]).to.include({ summary: 'unknown property "nope"' })
      expect(json.diagnostics[0].range.environment).to.equal(environment)
    }
  })

  it('gives every value `value` and `trace`, and every accessor `key`, to readers that are strict', async () => {
    await save(definition)
    const { json: checked } = await call(200, 'POST', `${L}/yaml/check`, { body: definition, headers: goSdk })
    const { json: read } = await opened(goSdk)
    expect(read.properties.none.value).to.equal(null)
    expect(read.properties.list.value[1].value.k.value).to.equal('v')
    expect(read.properties.password).to.include({ value: 'correct horse', secret: true })
    for (const environment of [checked, read]) {
      const values = objectsIn(environment.properties).filter((each) => 'trace' in each)
      expect(values).to.have.length.of.at.least(6)
      for (const each of values) {
        expect(each).to.include.keys('value')
        expect(['value', 'secret', 'unknown', 'trace']).to.include.members(Object.keys(each))
      }
    }
    for (const each of objectsIn([checked, read])) {
      if ('begin' in each) expect(each).to.have.all.keys('environment', 'begin', 'end')
      if ('index' in each && 'range' in each) expect(each).to.include.keys('key')
    }
    expect(objectsIn(checked).filter((each) => 'index' in each)).to.have.length.of.at.least(1)
  })

  it('opens an empty environment to an empty object, and one value with one slash or two', async () => {
    await save('')
    expect((await opened(nodeSdk)).json).to.deep.equal({})
    await save(definition)
    const { id } = await opened()
    for (const slash of ['/', '//'])
      expect((await call(200, 'GET', `${E}/open${slash}${id}?property=list%5B1%5D.k`)).json.value).to.equal('v')
    await call(404, 'GET', `${E}/open//${id}?property=nope`)
    await call(404, 'GET', `${L}/wire/other/open/${id}`)
  })

  it('opens a text that belongs to no environment, for pulumi up', async () => {
    const { json } = await call(200, 'POST', `${L}/yaml/open?duration=2h0m0s`, { body: '{"imports":["wire/app"]}' })
    const { json: read } = await call(200, 'GET', `${L}/yaml/open/${json.id}`)
    expect(read.properties.second.value).to.equal('v')
    await call(404, 'GET', `${E}/open/${json.id}`)
  })

  it('ends every list in the way that its readers look for', async () => {
    const { json: newest } = await call(200, 'GET', `${E}/versions?before=0&count=500`)
    expect(newest[0].number).to.be.greaterThan(newest.at(-1).number)
    expect((await call(200, 'GET', `${E}/versions?before=${newest.at(-1).number}&count=500`)).json).to.deep.equal([])
    await call(204, 'POST', `${E}/versions/tags`, { body: { name: 'stable' } })
    const { json: tags } = await call(200, 'GET', `${E}/versions/tags?after=&count=500`)
    expect(tags.tags.map(({ name }: { name: string }) => name)).to.deep.equal(['latest', 'stable'])
    expect((await call(200, 'GET', `${E}/versions/tags?after=stable&count=500`)).json.tags).to.deep.equal([])
    await call(200, 'POST', `${E}/tags`, { body: { name: 'team', value: 'shop' } })
    const { json: map } = await call(200, 'GET', `${E}/tags?after=&count=500`)
    expect(map.nextToken).to.equal('0')
    expect(map.tags.team).to.have.all.keys('name', 'value', 'created', 'modified', 'editorLogin', 'editorName')
    const { json: page } = await call(200, 'GET', L)
    expect(page.nextToken).to.equal(undefined)
  })

  it('lets the command line make a tag where changing one finds none', async () => {
    await call(404, 'PATCH', `${E}/versions/tags/nope`, { body: { revision: 1 } })
    await call(404, 'PATCH', `${E}/tags/nope`, { body: { newTag: { name: '', value: 'x' } } })
    const other = { currentTag: { name: '', value: 'other' }, newTag: { name: '', value: 'y' } }
    await call(409, 'PATCH', `${E}/tags/team`, { body: other })
  })

  it('takes the paths to rotate in either spelling, and reports on an environment without rotators', async () => {
    for (const body of [{ Paths: [] }, { paths: [] }]) {
      const { json } = await call(200, 'POST', `${E}/rotate`, { body })
      expect(json.secretRotationEvent).to.include({ status: 'succeeded' })
      expect(json.secretRotationEvent.rotations).to.deep.equal([])
    }
  })

  it('says protect where a protected environment is to be removed', async () => {
    await call(200, 'PATCH', `${E}/settings`, { body: { deletionProtected: true } })
    expect((await call(409, 'DELETE', E)).json.message).to.include('protect')
    await call(200, 'PATCH', `${E}/settings`, { body: { deletionProtected: false } })
  })

  it('answers every mistake with its status as `code`, and 401 for tokens alone', async () => {
    expect((await call(401, 'GET', '/api/user', { token: '' })).json).to.include({ code: 401 })
    expect((await call(404, 'GET', '/api/no/such/thing')).json).to.include({ code: 404 })
    expect((await call(404, 'GET', `${L}/wire/nope`)).json).to.include({ code: 404 })
    expect((await call(404, 'GET', '/api/esc/environments/other')).json).to.include({ code: 404 })
    expect((await call(400, 'POST', `${E}/open?duration=soon`)).json).to.include({ code: 400 })
  })

  it('refuses drafts, requests for access and stacks in words', async () => {
    expect((await call(400, 'POST', `${E}/drafts`, { body: definition })).json.message).to.include('no drafts')
    expect((await call(400, 'GET', `${E}/drafts/1`)).json.message).to.include('no drafts')
    expect((await call(400, 'POST', '/api/change-requests/acme/1/submit', { body: {} })).json.message).to.include(
      'no drafts',
    )
    expect((await call(400, 'POST', `${E}/open/request`, { body: {} })).json.message).to.include('no requests')
    expect((await call(404, 'GET', '/api/stacks/acme/app/dev')).json.message).to.include('no stacks')
  })

  it('has what the hosted service has besides: ids, checks of revisions, what was removed, providers', async () => {
    expect((await call(200, 'GET', `${E}/metadata`)).json.id).to.match(/^[0-9a-f-]{36}$/)
    const { json: checked } = await call(200, 'POST', `${E}/check`)
    expect(checked.properties.password).to.include({ secret: true, unknown: true })
    const { json: shown } = await call(200, 'POST', `${E}/versions/latest/check?showSecrets=true`)
    expect(shown.properties.password.value).to.equal('correct horse')
    const { json: tags } = await call(200, 'GET', `${E}/versions/stable/tags`)
    expect(tags.tags.map(({ name }: { name: string }) => name)).to.include('stable')
    expect((await call(200, 'GET', `${E}/rotate/history`)).json).to.deep.equal({ events: [] })
    const { json: providers } = await call(200, 'GET', '/api/esc/providers')
    expect(providers.providers).to.include.members(['test', 'aws-login'])
    const { json: rotator } = await call(200, 'GET', '/api/esc/rotators/postgres/schema')
    expect(rotator.inputs).to.include({ type: 'object' })
    await call(404, 'GET', '/api/esc/providers/nope/schema')
    await call(204, 'POST', L, { body: { project: 'wire', name: 'gone' } })
    await call(204, 'DELETE', `${L}/wire/gone`)
    const { json: removed } = await call(200, 'GET', `${L}/restore`)
    expect(removed.environments.map(({ name }: { name: string }) => name)).to.include('gone')
    await call(204, 'PUT', `${L}/restore`, { body: { project: 'wire', name: 'gone' } })
    await call(200, 'GET', `${L}/wire/gone`)
    // Which environments there were is nobody's business who may not see them.
    const words = ['--user', 'ada@example.com', '--name', 'elsewhere', '--admin', '--environment', 'else/*']
    const token = (await program.ok('server', 'token', 'create', ...words)).trim()
    const missing = { body: { project: 'else', name: 'nope' } }
    expect((await call(404, 'PUT', `${L}/restore`, { ...missing, token })).json.message).to.not.include('wire/old')
    expect((await call(404, 'PUT', `${L}/restore`, missing)).json.message).to.include('wire/old')
  })
})
