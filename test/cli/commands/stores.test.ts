import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

describe('stores and what is selected in them', () => {
  let playground: Playground
  let elsewhere: string

  const away = (words: readonly string[]) => playground.run(words, { cwd: elsewhere })
  const out = async (...words: string[]) => {
    const ran = await away(words)
    expect(ran.code, ran.err).to.equal(0)
    return ran.out
  }

  beforeEach(async () => {
    playground = new Playground()
    elsewhere = join(playground.folder, 'elsewhere')
    mkdirSync(elsewhere)
    for (const [folder, organization, name] of [
      ['mine', 'me', 'app/dev'],
      ['theirs', 'team', 'default/shared'],
    ] as const) {
      const store = join(playground.folder, folder)
      await playground.ok('init', store, '--organization', organization)
      await playground.run(['--store', store, 'env', 'init', name, '-f', '-'], {
        input: `values: {of: ${organization}}\n`,
      })
    }
  })
  afterEach(() => playground.remove())

  it('login makes a store the one that is used everywhere else, and others known by their label', async () => {
    expect((await away(['env', 'ls'])).err).to.include('there is no esc store in')
    expect(await out('login', '../theirs')).to.match(
      /^Logged in to file:\/\/\/.*\/theirs as Ada Lovelace <ada@example.com> \(organization team\)\n$/,
    )
    await out('login', `file://${playground.folder}/mine`)
    expect(await out('env', 'ls')).to.equal('app/dev\nteam/default/shared\n')
    expect(await out('env', 'ls', '-o', 'team')).to.equal('team/default/shared\n')
    expect(await out('open', 'app/dev', 'of')).to.equal('"me"\n')
    expect(await out('open', 'team/default/shared', 'of')).to.equal('"team"\n')
    expect(await out('logout')).to.match(/^Logged out of file:\/\/\/.*\/mine\n$/)
    expect((await away(['env', 'ls'])).code).to.equal(1)
    expect(await out('logout')).to.equal('Already logged out.\n')
    expect(await out('logout', '--all')).to.equal('Logged out of all clouds\n')
    expect((await away(['login', 'https://api.pulumi.com'])).err).to.include(
      'no access token for https://api.pulumi.com',
    )
    expect((await away(['login', 'ftp://store'])).err).to.include('is the scheme of no store')
    expect((await away(['login', 's3://bucket'])).err).to.include('s3://bucket does not support Pulumi ESC')
    expect((await away(['login', '--oidc-token', 'x'])).err).to.include('--oidc-token belongs to the hosted service')
    expect((await away(['login', 'a', '-c', 'b'])).code).to.equal(2)
  })

  it('a store one is in comes before the one that was chosen', async () => {
    await out('login', '../theirs')
    const inside = await playground.run(['env', 'ls'], { cwd: join(playground.folder, 'mine') })
    expect(inside.out).to.equal('app/dev\n')
  })

  it('two parts that could be label and environment are read so, with a warning', async () => {
    await out('login', '../theirs')
    await out('login', '../mine')
    const ran = await away(['open', 'team/shared', 'of'])
    expect(ran.out).to.equal('"team"\n')
    expect(ran.err).to.equal(
      'warning: environment reference "team/shared" is ambiguous (resolved to team/default/shared). Use <org>/<project>/<environment> instead.\n',
    )
    await out('env', 'init', 'team/other')
    expect(await out('env', 'ls', '-o', 'team')).to.include('team/default/other\n')
    await out('env', 'init', 'me/team/shared')
    const both = await away(['open', 'team/shared'])
    expect(both.code).to.equal(2)
    expect(both.err).to.include(
      "ambiguous path provided\n\nEnvironments found at both 'me/team/shared' and 'team/default/shared'.\nPlease specify the full path as <org-name>/<project-name>/<env-name>\n",
    )
  })

  it('definitions never reach into another store', async () => {
    await out('login', '../theirs')
    await out('login', '../mine')
    const ran = await playground.run(['env', 'edit', 'app/dev', '-f', '-'], {
      cwd: elsewhere,
      input: 'imports: [team/default/shared]\n',
    })
    expect(ran.code).to.equal(1)
    expect(ran.err).to.include("names the organization 'team'; this store is 'me'")
  })

  it('the selected environment is used when none is named, but never removed', async () => {
    await out('login', '../mine')
    expect(await out('select')).to.equal('No environment is selected.\n')
    expect((await away(['open'])).err).to.include('no environment name specified')
    expect(await out('select', 'app/dev')).to.equal('app/dev\n')
    expect(await out('open')).to.equal('{\n  "of": "me"\n}\n')
    expect(await out('run', '--', 'echo', '${of}')).to.equal('me\n')
    expect((await away(['env', 'rm', '--yes'])).err).to.include('no environment name specified')
    expect((await away(['env', 'init'])).err).to.include('no environment name specified')
    expect(await out('select', '--none')).to.equal('No environment is selected.\n')
    expect((await away(['select', 'app/dve'])).err).to.include("did you mean 'app/dev'?")
  })

  it('status says where one stands', async () => {
    await out('login', '../mine')
    await out('select', 'app/dev')
    const { state, ...status } = JSON.parse(await out('status', '--output', 'json'))
    expect(state).to.match(/\/stores\/[0-9a-f]{32}$/)
    expect(status).to.deep.equal({
      folder: join(playground.folder, 'mine'),
      organization: 'me',
      chosen: 'login',
      author: { name: 'Ada Lovelace', email: 'ada@example.com' },
      selected: 'app/dev',
      environments: 1,
      unsaved: [],
      unfinished: [],
    })
    expect(await out('status')).to.match(/^Store: {8}.*mine \(chosen with "esc login"\)\nOrganization: me\n/)
  })

  it('an open request is refused with what to do instead', async () => {
    await out('login', '../mine')
    const ran = await away(['env', 'open-request', 'app/dev'])
    expect(ran.code).to.equal(1)
    expect(ran.err).to.match(
      /^Error: open requests need an approval service.*\nhint: whoever holds the key of 'app\/dev'/,
    )
    expect((await away(['env', 'open-request', 'app/dev', '--access-duration-seconds', '7'])).err).to.include(
      'invalid argument "7" for "--access-duration-seconds" flag',
    )
  })
})
