import { expect } from 'chai'
import { EscError, mockStore, Secret, secret } from '../../src/sdk/index.ts'

describe('a mock store', () => {
  it('opens the values it was given, and hands on new ones', async () => {
    const store = mockStore({ 'app/dev': { port: 80, environmentVariables: { TOKEN: new Secret('t0ken') } } })
    const env = await store.open('app/dev')
    expect([env.get('port'), env.revision]).to.deep.equal([80, 1])
    expect((env.environmentVariables.TOKEN as Secret<string>).reveal()).to.equal('t0ken')
    const ports: unknown[] = []
    const watch = await store.watch('app/dev', (each) => ports.push(each.get('port')))
    await store.set('app/dev', 'port', 81)
    store.replace('app/dev', { port: 82 })
    watch.close()
    store.replace('app/dev', { port: 83 })
    expect(ports).to.deep.equal([80, 81, 82])
    await store.set('app/dev', 'password', secret('hunter2!'))
    expect(await store.get('app/dev', 'password')).to.be.instanceOf(Secret)
    await store.set('app/dev', 'db.hosts', ['a', 'b'])
    await store.set('app/dev', 'db.hosts[1]', 'c')
    expect(await store.get('app/dev@3', 'db.hosts[1]')).to.equal('c')
    expect((await store.rotate('app/dev')).revision).to.equal(8)
    expect((await store.history('app/dev')).map(({ number }) => number)).to.deep.equal([8, 7, 6, 5, 4, 3, 2, 1])
    expect(await store.environments()).to.deep.equal(['app/dev'])
  })

  it('has no other environments', async () => {
    const error = await mockStore({})
      .open('app/dev')
      .catch((failed) => failed)
    expect(error).to.be.instanceOf(EscError)
    expect(error.code).to.equal('not_found')
  })
})
