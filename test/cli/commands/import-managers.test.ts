import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { missingOpenBao, type OpenBaoServer, openBaoPackages, startOpenBao } from '../../servers/openbao.ts'
import { Playground } from './esc.ts'

const SECRETS = { 'db-password': 'canary one', URL: 'https://x/${y}?a=b', multi: 'canary\nlines\n' }

describe('env import of other secret managers', function () {
  this.timeout(60_000)
  let playground: Playground
  beforeEach(async () => {
    playground = await new Playground().withEnvironment('app/dev', 'values:\n  own: kept # here\n  a: 1\n')
  })
  afterEach(() => playground.remove())

  const definition = (name = 'app/dev') => readFileSync(join(playground.store, name, 'environment.yaml'), 'utf8')
  const bring = (kind: string, content: unknown, ...words: string[]) => {
    writeFileSync(join(playground.folder, 'in'), typeof content === 'string' ? content : JSON.stringify(content))
    return playground.run(['env', 'import', kind, 'app/dev', 'in', ...words])
  }
  const brought = async (kind: string, content: unknown, ...words: string[]) => {
    const ran = await bring(kind, content, ...words)
    expect(ran.code, ran.err).to.equal(0)
    expect(ran.out + ran.err + definition()).to.not.include('canary')
    expect(definition()).to.include('own: kept # here')
    return JSON.parse(await playground.ok('open', 'app/dev'))
  }

  describe('vault', () => {
    let server: OpenBaoServer | undefined
    before(async function () {
      if (missingOpenBao().length > 0) {
        console.log(`      skipped: OpenBao is not installed (${openBaoPackages})`)
        return this.skip()
      }
      server = await startOpenBao()
    })
    after(() => server?.stop())

    for (const version of [1, 2]) {
      it(`takes over what OpenBao prints of its engine kv, version ${version}`, async () => {
        const { url, rootToken, authority } = server as OpenBaoServer
        const bao = (words: readonly string[], input = '') =>
          execFileSync('bao', [...words], {
            input,
            encoding: 'utf8',
            env: {
              PATH: process.env.PATH,
              BAO_ADDR: url,
              BAO_TOKEN: rootToken,
              BAO_CACERT: authority,
              HOME: playground.folder,
            },
          })
        bao(['secrets', 'enable', `-path=kv${version}`, `-version=${version}`, 'kv'])
        bao(['kv', 'put', `kv${version}/app`, '-'], JSON.stringify({ ...SECRETS, port: 5432, nested: { a: [true] } }))
        const printed = bao(['kv', 'get', '-format=json', `kv${version}/app`])
        const values = await brought('vault', printed, '--path', 'app')
        expect(values.app).to.deep.equal({ ...SECRETS, port: 5432, nested: { a: [true] } })
        if (version === 1) return
        bao(['kv', 'delete', 'kv2/app'])
        const gone = await bring('vault', bao(['kv', 'get', '-format=json', '-version=1', 'kv2/app']))
        expect([gone.code, gone.err.includes('was deleted')]).to.deep.equal([1, true])
      })
    }
  })

  it('doppler: takes the variables over, without those that Doppler sets', async () => {
    const { environmentVariables } = await brought('doppler', {
      DOPPLER_PROJECT: 'shop',
      DOPPLER_ENVIRONMENT: 'dev',
      DOPPLER_CONFIG: 'dev',
      DB: 'canary',
      EMPTY: '',
    })
    expect(environmentVariables).to.deep.equal({ DB: 'canary', EMPTY: '' })
    const listed = { DB: { computed: 'canary two', raw: '${OTHER}', note: '' } }
    expect((await brought('doppler', listed)).environmentVariables.DB).to.equal('canary two')
  })

  it('infisical: takes lists and mappings over, and refuses a key that is there twice', async () => {
    const list = Object.entries(SECRETS).map(([key, value]) => ({ key, value, type: 'shared', _id: 'x', tags: [] }))
    expect((await brought('infisical', list)).environmentVariables).to.deep.equal(SECRETS)
    const yaml = 'DB: canary\nPORT: "0123"\n'
    expect((await brought('infisical', yaml)).environmentVariables).to.include({ DB: 'canary', PORT: '0123' })
    const twice = await bring('infisical', [...list, ...list])
    expect([twice.code, twice.err.includes('has the key db-password twice')]).to.deep.equal([1, true])
  })

  it('1password: takes fields over by their labels, those of a section below it', async () => {
    const item = {
      id: 'x',
      title: 'app',
      category: 'LOGIN',
      sections: [{ id: 'add more' }, { id: 's1', label: 'Admin' }],
      fields: [
        { id: 'username', type: 'STRING', purpose: 'USERNAME', label: 'username', value: 'canary-user' },
        { id: 'password', type: 'CONCEALED', purpose: 'PASSWORD', label: 'password', value: 'canary' },
        { id: 'notesPlain', type: 'STRING', purpose: 'NOTES', label: 'notesPlain' },
        { id: 'f1', section: { id: 's1', label: 'Admin' }, type: 'CONCEALED', label: 'api key', value: 'canary' },
      ],
    }
    const values = await brought('1password', item, '--path', 'app')
    expect(values.app).to.deep.equal({ username: 'canary-user', password: 'canary', Admin: { 'api key': 'canary' } })
    const twice = await bring('1password', { ...item, fields: [...item.fields, item.fields[0]] })
    expect([twice.code, twice.err.includes('two fields of the name username')]).to.deep.equal([1, true])
  })

  it('json and yaml: keep types, and encrypt what looks like a secret, or everything', async () => {
    const values = await brought('json', { app: { port: 1, list: [1.5, null, false], api_token: 'canary' } })
    expect(values.app).to.deep.equal({ port: 1, list: [1.5, null, false], api_token: 'canary' })
    const yaml = await brought('yaml', 'app:\n  name: canary\n', '--secret')
    expect(yaml.app.name).to.equal('canary')
    const sops = await bring('yaml', 'a: ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]\nsops: {mac: x, version: 3}\n')
    expect([sops.code, sops.err.includes('esc env import sops')]).to.deep.equal([1, true])
  })

  it('refuses another file, and changes nothing', async () => {
    const before = playground.digest()
    for (const [kind, content] of [
      ['vault', { a: 'canary' }],
      ['doppler', { a: ['canary'] }],
      ['infisical', { secrets: [{ name: 'canary' }] }],
      ['1password', { a: 'canary' }],
      ['json', '["canary"]'],
      ['yaml', 'a: [canary'],
    ] as const) {
      const ran = await bring(kind, content)
      expect(ran.code, kind).to.equal(1)
      expect(ran.err, kind).to.include('Error:').and.include(' in').and.not.include('canary')
    }
    expect(playground.digest()).to.equal(before)
  })

  it('takes an empty file for one that another program has failed to write', async () => {
    const before = playground.digest()
    for (const kind of ['vault', 'doppler', 'infisical', '1password', 'json', 'yaml']) {
      const ran = await bring(kind, '\n')
      expect([ran.code, ran.out], kind).to.deep.equal([1, ''])
      expect(ran.err, kind).to.match(/^Error: \S+ is empty\nhint: run the program that writes it once more/)
    }
    expect(playground.digest()).to.equal(before)
  })

  it('names the command that makes the export, for what is none', async () => {
    const commands = {
      vault: 'vault kv get',
      doppler: 'doppler secrets download',
      infisical: 'infisical export',
      '1password': 'op item get',
    }
    for (const [kind, command] of Object.entries(commands))
      for (const content of ['null', '"text"', '7', '[7]']) {
        const ran = await bring(kind, content)
        expect([ran.code, ran.out], kind).to.deep.equal([1, ''])
        expect(ran.err, `${kind} ${content}`)
          .to.include('does not look like')
          .and.include(`hint: give what "${command}`)
      }
  })

  it('refuses with --dry-run what it would refuse without', async () => {
    const before = playground.digest()
    const words = ['--path', 'imports.x']
    const [planned, ran] = [
      await bring('json', { a: 1 }, ...words, '--dry-run'),
      await bring('json', { a: 1 }, ...words),
    ]
    expect([planned.code, planned.out, planned.err]).to.deep.equal([ran.code, ran.out, ran.err])
    expect(planned.err).to.include('"imports" is a reserved key')
    expect(planned.code).to.equal(1)
    expect(playground.digest()).to.equal(before)
  })

  it('warns with --dry-run of what it would warn of without', async () => {
    const before = playground.digest()
    const planned = await bring('json', { A: ['x'] }, '--path', 'environmentVariables', '--dry-run')
    expect(planned.code, planned.err).to.equal(0)
    expect(planned.err).to.include('environmentVariables.A is a list, and is left out')
    expect(playground.digest()).to.equal(before)
  })

  it('shows with --dry-run what would come and what would be replaced, and changes nothing', async () => {
    const before = playground.digest()
    const ran = await bring('json', { a: 'canary', password: 'canary' }, '--dry-run')
    expect(ran.code, ran.err).to.equal(0)
    expect(ran.out).to.include('Would import 2 values (1 encrypted)').and.include('Replaces: a')
    expect(ran.out + ran.err).to.not.include('canary')
    expect(playground.digest()).to.equal(before)
    const json = JSON.parse((await bring('json', { a: 'canary', b: 1 }, '--dry-run', '--output', 'json')).out)
    expect(json)
      .to.include({ planned: true })
      .and.deep.include({ replaced: ['a'] })
    const created = await playground.run(['env', 'import', 'json', 'app/new', 'in', '--create', '--dry-run'])
    expect(created.code, created.err).to.equal(0)
    expect(playground.digest()).to.equal(before)
  })
})
