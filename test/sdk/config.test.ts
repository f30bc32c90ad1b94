import { expect } from 'chai'
import { Config, EscError, isSecret, mockStore, OpenEnvironment, Secret, useEnvironment } from '../../src/sdk/index.ts'
import { importable } from '../sources.ts'

const values = {
  pulumiConfig: {
    'aws:region': 'eu-central-1',
    'app:replicas': 3,
    'app:ratio': '0.5',
    'app:debug': true,
    'app:quiet': 'false',
    'app:endpoints': [{ host: 'a', port: 1 }],
    'app:json': '{"a": [1]}',
    'app:token': new Secret('s3cr3t-token'),
    'app:pin': new Secret('1234'),
    'app:holder': { user: 'a', password: new Secret('hunter2!') },
    'app:nothing': null,
    'app:word': 'three',
    plain: 'x',
  },
}

function thrown(run: () => unknown): EscError {
  try {
    run()
  } catch (error) {
    expect(error).to.be.instanceOf(EscError)
    return error as EscError
  }
  throw new Error('nothing was thrown')
}

describe('Config', () => {
  let config: Config
  before(async () => {
    const environment = await mockStore({ 'app/dev': values }).open('app/dev')
    config = environment.configOf('app')
    useEnvironment(environment)
  })

  it('reads texts, numbers, booleans and objects', () => {
    expect(config.get('replicas')).to.equal('3')
    expect(config.getNumber('replicas')).to.equal(3)
    expect(config.requireNumber('ratio')).to.equal(0.5)
    expect(config.getBoolean('debug')).to.equal(true)
    expect(config.requireBoolean('quiet')).to.equal(false)
    expect(config.getObject('endpoints')).to.deep.equal([{ host: 'a', port: 1 }])
    expect(config.requireObject<{ a: number[] }>('json').a).to.deep.equal([1])
    expect(config.get('endpoints')).to.equal('[{"host":"a","port":1}]')
  })

  it('reads another namespace, and none', () => {
    expect(new Config('aws').require('region')).to.equal('eu-central-1')
    expect(config.require('aws:region')).to.equal('eu-central-1')
    expect(new Config().get('plain')).to.equal('x')
  })

  it('gives secrets as outputs that are secrets', async () => {
    const token = config.requireSecret('token')
    expect(`${token}`).to.equal('[secret]')
    expect(await token.reveal()).to.equal('s3cr3t-token')
    expect(await config.requireSecretNumber('pin').reveal()).to.equal(1234)
    expect(await config.requireSecretObject<{ password: string }>('holder').reveal()).to.deep.equal({
      user: 'a',
      password: 'hunter2!',
    })
    // What is asked for as a secret is one, whatever the configuration says.
    expect(await isSecret(config.requireSecret('word'))).to.equal(true)
    expect(config.getSecret('no')).to.equal(undefined)
  })

  it('refuses to read a secret in the clear, or what holds one', () => {
    for (const read of [
      () => config.get('token'),
      () => config.requireObject('holder'),
      () => config.getNumber('pin'),
      () => config.require('holder'),
    ]) {
      const error = thrown(read)
      expect(error.code).to.equal('invalid_input')
      expect(error.hint).to.include('getSecret')
      expect(error.message + error.hint).not.to.match(/s3cr3t|hunter2|1234/)
    }
  })

  it('is undefined for what is not set, and names what is required', () => {
    for (const key of ['no', 'nothing']) {
      expect(config.get(key)).to.equal(undefined)
      expect(config.getNumber(key)).to.equal(undefined)
      expect(config.getObject(key)).to.equal(undefined)
      expect(config.getSecret(key)).to.equal(undefined)
      const error = thrown(() => config.requireSecret(key))
      expect([error.code, error.message]).to.deep.equal(['not_found', `app/dev has no configuration app:${key}`])
      expect(error.hint).to.include(`pulumiConfig["app:${key}"]`)
    }
  })

  it('names what has another type, and not its value', async () => {
    expect(thrown(() => config.getNumber('word')).message).to.equal('the configuration app:word is not a number')
    expect(thrown(() => config.getBoolean('word')).message).to.include('true or false')
    expect(thrown(() => config.getObject('word')).message).to.include('JSON')
    const error = await config
      .requireSecretNumber('token')
      .reveal()
      .catch((failed) => failed)
    expect(error.message).not.to.include('s3cr3t')
  })

  it('says what to do when no environment is open', async () => {
    const url = new URL('../../src/sdk/config.ts?unused', import.meta.url).href
    const unused: typeof import('../../src/sdk/config.ts') = await import(importable(url))
    expect(thrown(() => new unused.Config('app')).hint).to.include('useEnvironment')
  })
})

describe('an open environment', () => {
  const environment = new OpenEnvironment({
    name: 'app/dev',
    revision: 3,
    values: { a: { 'b.c': [1, { d: 'x' }] }, db: { user: 'app', password: new Secret('p') }, __proto__: null as never },
    environmentVariables: {},
    files: {},
    unknown: ['db.next', 'list[0]'],
  })

  it('gives the value at a path', async () => {
    expect(environment.get('a["b.c"][1].d')).to.equal('x')
    expect(environment.get('db.user')).to.equal('app')
    expect(String(environment.get('db.password'))).to.equal('[secret]')
    expect(await isSecret(environment.output('db'))).to.equal(true)
    expect(await environment.output<string>('db.password').reveal()).to.equal('p')
  })

  it('names what is not there, not known, or no path', () => {
    const at = (path: string) => thrown(() => environment.get(path))
    expect([at('db.usr').code, at('db.usr').hint]).to.deep.equal(['not_found', 'did you mean user?'])
    expect(at('a["b.c"][7]').hint).to.equal('there is a list of 2, counted from 0')
    expect(at('db.next').code).to.equal('unknown_value')
    expect(at('db.password.x').hint).to.include('reveal it first')
    expect(at('constructor').code).to.equal('not_found')
    for (const path of ['.a', 'a.', 'a[', 'a["b]', '[x]']) expect(at(path).code, path).to.equal('invalid_input')
  })
})
