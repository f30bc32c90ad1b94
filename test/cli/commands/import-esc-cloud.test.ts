import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { FakeEscServer } from '../../fakes/esc-server.ts'
import { Playground } from './esc.ts'

const secrets = ['hunter2-first', 'hunter2-second', 'state-of-the-rotator', 'old-secret-of-base']

/** Everything below a folder, as one text. */
function textBelow(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  return files.map((each) => readFileSync(join(each.parentPath, each.name), 'latin1')).join('\n')
}

describe('import esc-cloud', () => {
  let playground: Playground
  let server: FakeEscServer
  const run = (...words: string[]) =>
    playground.run(['import', 'esc-cloud', '--url', server.url, ...words], {
      env: { PULUMI_ACCESS_TOKEN: server.token },
    })
  const json = async (...words: string[]) => JSON.parse((await run(...words, '--output', 'json')).out)

  beforeEach(async () => {
    playground = new Playground()
    await playground.ok('init')
    server = await new FakeEscServer().start()
    const base = server.add('app/base')
    base.edit('').edit('values:\n  key:\n    fn::secret: old-secret-of-base # kept\n')
    base.edit('values:\n  key:\n    fn::secret: old-secret-of-base # kept\n  size: 2\n', {
      login: 'bob@example.com',
      name: 'Bob',
    })
    base.edit('values: {wrong: 1}\n').edit('values:\n  key:\n    fn::secret: hunter2-first\n  size: 3\n')
    base.revisions[3]!.retracted = { replacement: 3, at: '2025-02-01T00:00:00Z', byName: 'Ada', reason: 'wrong' }
    base.revisionTags.set('stable', 3)
    base.revisionTags.set('newest', 5)
    base.deletionProtected = true
    const at = '2025-01-21T10:00:00Z'
    for (const name of ['owner', 'tier', 'cost center'])
      base.tags.set(name, {
        name,
        value: `of ${name}`,
        created: at,
        modified: at,
        editorLogin: 'bob',
        editorName: 'Bob',
      })
    const rotator =
      'fn::rotate::password:\n      inputs: {length: 20}\n      state:\n        current: {fn::secret: state-of-the-rotator}\n'
    server
      .add('app/dev')
      .edit(`imports: [app/base]\nvalues:\n  token: {fn::secret: hunter2-second}\n  login:\n    ${rotator}`)
    server.environments
      .get('app/dev')!
      .schedules.push({ id: 's1', kind: 'environment_rotation', scheduleCron: '0 3 * * *' })
    const payloadUrl = 'https://hooks.example/secret-path'
    server.environments.get('app/dev')!.hooks.push({ name: 'h1', displayName: 'ops', active: true, payloadUrl })
    server.add('web/site').edit('values: {a: 1}\n')
  })
  afterEach(async () => {
    await server.stop()
    playground.remove()
  })

  it('brings environments with history, tags, retractions and protection, encrypted', async () => {
    const ran = await run('--all')
    expect(ran.err).to.match(/^A new key was made/)
    expect(ran.out).to.equal(
      'app/base: imported 5 revisions, 1 retracted, 3 tags, 2 revision tags, protected from deletion\n' +
        'app/dev: imported 1 revision\n' +
        '  not imported: schedule 0 3 * * *: two stores that rotate one credential take it away from each other\n' +
        '  not imported: webhook ops: servers do not hand out its signing secret\n' +
        '  rotated: login: stop rotating on the server before you rotate here\n' +
        'web/site: imported 1 revision\n' +
        `${server.url}/acme: 3 imported.\n`,
    )
    expect(ran.code).to.equal(0)
    expect(JSON.parse(await playground.ok('open', 'app/dev'))).to.deep.include({
      key: 'hunter2-first',
      token: 'hunter2-second',
    })
    expect(JSON.parse(await playground.ok('open', 'app/base@stable'))).to.deep.equal({
      key: 'old-secret-of-base',
      size: 2,
    })
    expect((await playground.run(['open', 'app/base@4'])).err).to.include('retracted: wrong')
    const history = await playground.ok('env', 'version', 'history', 'app/base', '--utc')
    expect(history).to.match(/Author: Bob <bob@example\.com>\nDate: .*2025-01-03/)
    expect(await playground.ok('env', 'tag', 'ls', 'app/base')).to.include('cost center')
    expect((await playground.run(['env', 'rm', 'app/base', '--yes'])).err).to.include('protect')
    expect(await playground.ok('check')).to.not.match(/error|warning/i)
    expect(await playground.ok('env', 'set', 'app/base', 'size', '4')).to.be.a('string')
    for (const secret of secrets) expect(textBelow(playground.folder)).to.not.include(secret)
    expect(textBelow(playground.folder)).to.not.include(server.token).and.not.include('secret-path')
  })

  it('keeps the ciphertext of a secret that does not change from one revision to the next', async () => {
    await run('app/base')
    const [second, third, fifth] = [2, 3, 5].map(
      (number) =>
        /ciphertext: (\S+)/.exec(
          readFileSync(join(playground.store, 'app/base/revisions', `${number}.yaml`), 'utf8'),
        )?.[1],
    )
    expect(second).to.be.a('string').and.equal(third)
    expect(fifth).to.not.equal(third)
  })

  it('names what the environments build on and nobody has imported', async () => {
    expect((await run('app/dev')).out).to.include("'app/base' is imported by one of these, and is not in this store.\n")
    expect((await json('app/base')).missing).to.deep.equal([])
  })

  it('takes the newest revision alone with --no-history', async () => {
    const { environments } = await json('app/base', '--no-history')
    expect(environments[0]).to.deep.include({ kind: 'imported', revisions: 1, retracted: [], revisionTags: ['newest'] })
    expect(environments[0].leftOut).to.deep.equal([
      { kind: 'revision-tag', what: 'stable', reason: 'it is of revision 3, which is not imported' },
    ])
    expect(JSON.parse(await playground.ok('open', 'app/base@newest'))).to.deep.equal({ key: 'hunter2-first', size: 3 })
    for (const { path } of server.requests) expect(path).to.not.match(/versions\/[1-4]\/decrypt/)
  })

  it('says what it would do, asks for no secret and writes nothing', async () => {
    const before = playground.digest()
    const ran = await run('--all', '--dry-run')
    expect(ran.out)
      .to.include('app/base: would import 5 revisions, 1 retracted, 3 tags')
      .and.include('3 would be imported.')
    expect(ran.out).to.include('not imported: schedule 0 3 * * *')
    for (const { path } of server.requests) expect(path).to.not.include('decrypt')
    expect(playground.digest()).to.equal(before)
  })

  it('writes nothing when a name is taken, and says which', async () => {
    await playground.ok('env', 'init', 'web/Site')
    const before = playground.digest()
    const ran = await run('--all')
    expect(ran.code).to.equal(1)
    expect(ran.err).to.match(
      /^Error: nothing was imported: 'web\/site' differs from the existing 'web\/Site' only in case\nhint: .*'web\/site'/,
    )
    expect(playground.digest()).to.equal(before)
    expect((await run('app/dev')).code).to.equal(0)
  })

  it('says what is done after a failure, and does the rest when it is run again', async () => {
    const path = '/api/esc/environments/acme/app/dev/versions/1/decrypt'
    server.failures.set(path, { status: 403, body: { code: 403, message: 'not for you' } })
    const ran = await run('--all', '--output', 'json')
    expect(ran.code).to.equal(1)
    const kinds = ({ environments }: { environments: { name: string; kind: string }[] }) =>
      environments.map(({ name, kind }) => `${name} ${kind}`)
    expect(kinds(JSON.parse(ran.out))).to.deep.equal(['app/base imported', 'app/dev failed', 'web/site not-started'])
    expect(JSON.parse(ran.out).environments[1].error).to.include({ code: 'forbidden' })
    expect(readdirSync(join(playground.store, 'app'))).to.deep.equal(['base'])
    const again = await run('--all')
    expect(again.out).to.include('app/base: imported before\n').and.include('2 imported, 1 imported before.')
    expect(again.code).to.equal(0)
    expect(await playground.ok('env', 'ls')).to.equal('app/base\napp/dev\nweb/site\n')
  })

  it('goes on behind an environment that cannot be imported', async () => {
    server.environments.get('app/dev')!.edit('values:\n  a:\n    fn::secret: [not, one]\n')
    const ran = await run('--all')
    expect(ran.code).to.equal(1)
    expect(ran.out).to.include("app/dev: failed: revision 2 of 'app/dev' cannot be imported: ")
    expect(ran.out).to.include('--no-history').and.include('2 imported, 1 failed.\nRun the same command again')
    expect(await playground.ok('env', 'ls')).to.equal('app/base\nweb/site\n')
    expect(await playground.ok('check')).to.not.match(/error/i)
  })

  it('refuses ciphertext of the server, and a page that is none of the API', async () => {
    const path = '/api/esc/environments/acme/web/site/versions/1/decrypt'
    const headers = { 'content-type': 'application/x-yaml', 'Pulumi-ESC-Revision': '1' }
    const envelope = Buffer.concat([Buffer.from('escx'), Buffer.alloc(4), Buffer.alloc(40)]).toString('base64')
    server.failures.set(path, {
      status: 200,
      body: `values:\n  a:\n    fn::secret:\n      ciphertext: ${envelope}\n`,
      headers,
    })
    expect((await run('web/site')).out).to.include('web/site: failed: revision 1')
    server.failures.set(path, { status: 200, body: '<html>log in</html>' })
    expect((await run('web/site')).out).to.include('is not one of the ESC API')
    expect(readdirSync(playground.store)).to.not.include('web')
  })

  it('gives revisions that the server no longer keeps their numbers, and no text', async () => {
    const { revisions } = server.environments.get('app/base')!
    revisions.splice(0, 2)
    const { environments } = await json('app/base')
    expect(environments[0]).to.deep.include({ revisions: 5, retracted: [1, 2, 4] })
    expect((await playground.run(['open', 'app/base@1'])).err)
      .to.include('retracted')
      .and.include('app/base@3')
    expect(JSON.parse(await playground.ok('open', 'app/base@3'))).to.deep.equal({ key: 'old-secret-of-base', size: 2 })
    expect(await playground.ok('check')).to.not.match(/error/i)
  })

  it('takes the token from a file, standard input or the variable, and from nowhere else', async () => {
    writeFileSync(join(playground.folder, 'token'), `${server.token}\n`)
    const words = ['import', 'esc-cloud', '--url', server.url, '--all', '--dry-run']
    expect((await playground.run([...words, '--token-file', 'token'])).code).to.equal(0)
    expect((await playground.run([...words, '--token-file', '-'], { input: server.token })).code).to.equal(0)
    const none = await playground.run(words)
    expect(none.code).to.equal(2)
    expect(none.err).to.include('set PULUMI_ACCESS_TOKEN')
    const wrong = await playground.run(words, { env: { PULUMI_ACCESS_TOKEN: 'not-the-token-9876' } })
    expect(wrong.code).to.equal(4)
    expect(wrong.err).to.include('status 401').and.not.include('not-the-token')
    const spoilt = await playground.run(words, { env: { PULUMI_ACCESS_TOKEN: 'two words' } })
    expect(spoilt.err).to.include('PULUMI_ACCESS_TOKEN').and.not.include('two words')
  })

  it('names what cannot be meant', async () => {
    expect((await run()).err).to.include('no environment was named')
    expect((await run('--all', 'app/dev')).err).to.include('not both')
    expect((await run('app/dve')).err).to.include("did you mean 'app/dev'?")
    expect((await run('other/app/dev')).err).to.include("organization 'other'")
    expect((await run('--all', '--organization', 'other')).err).to.include('status 404')
    expect((await run('acme/app/dev', '--dry-run')).code).to.equal(0)
  })

  it('asks the access rules about each environment before anything is written', async () => {
    const file = join(playground.store, 'esc.yaml')
    const rules = ['app/*', 'web/*'].map(
      (environments, index) =>
        `    - {environments: ${environments}, principals: "*", level: ${['write', 'read'][index]}}\n`,
    )
    writeFileSync(file, `${readFileSync(file, 'utf8')}access:\n  rules:\n${rules.join('')}`)
    const before = playground.digest()
    const ran = await run('--all')
    expect(ran.code).to.equal(4)
    expect(ran.err).to.include("may not create environment 'web/site'")
    expect(playground.digest()).to.equal(before)
    for (const { path } of server.requests) expect(path).to.not.include('decrypt')
    expect((await run('app/dev', 'app/base')).code).to.equal(0)
  })

  it('commits everything that it brings as one change', async () => {
    const { execFileSync } = await import('node:child_process')
    const git = (...words: string[]) => execFileSync('git', ['-C', playground.folder, ...words], { encoding: 'utf8' })
    git('init', '--quiet')
    expect((await run('--all', '--commit')).code).to.equal(0)
    expect(git('log', '--format=%s').trim().split('\n')).to.deep.equal([
      'esc import esc-cloud app/base, app/dev, web/site',
    ])
    expect(git('show', '--name-only', '--format=')).to.include('environments/web/site/revisions/1.yaml')
  })
})
