import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { VendorServer } from '../../providers/vendor-server.ts'
import { Playground } from './esc.ts'

describe('--lifetime', function () {
  this.timeout(20_000)
  let esc: Playground
  let server: VendorServer
  beforeEach(async () => {
    esc = new Playground()
    server = await new VendorServer().start()
    server.answering = ({ json }) => {
      const { explicit_max_ttl: ttl } = json as { readonly explicit_max_ttl: string }
      return {
        status: 200,
        body: { auth: { client_token: `token-for-${ttl}`, lease_duration: Number.parseInt(ttl, 10) } },
      }
    }
    const login = { 'fn::open::vault-login': { address: server.url, token: { token: { 'fn::secret': 'parent' } } } }
    const variables = { VAULT_TOKEN: '${vault.token}' }
    await esc.withEnvironment('app/dev', JSON.stringify({ values: { vault: login, environmentVariables: variables } }))
    appendFileSync(join(esc.store, 'esc.yaml'), 'network: {privateHosts: [127.0.0.1]}\ncache: on\n')
    await esc.ok('trust', '--yes')
  })
  afterEach(async () => {
    await server.stop()
    esc.remove()
  })

  it('reaches the logins of open and run, and is as the definition says where it is not typed', async () => {
    const token = (...more: readonly string[]) =>
      esc.ok('open', 'app/dev', 'vault.token', '--format', 'string', ...more)
    expect(await token()).to.equal('token-for-7200s\n')
    expect(await token('--lifetime', '30m')).to.equal('token-for-1800s\n')
    const words = [
      'run',
      'app/dev',
      '-i',
      '-l',
      '10m',
      '--',
      process.execPath,
      '-e',
      'process.exitCode = process.env.VAULT_TOKEN === "token-for-600s" ? 0 : 7',
    ]
    expect((await esc.run(words)).code).to.equal(0)
    expect((await esc.run(['open', 'app/dev', '--lifetime', '0s'])).err).to.include('expected more than nothing')
  })
})
