import { expect } from 'chai'
import { build } from 'esbuild'
import { EscError } from '../../src/errors.ts'
import { loadRotator, rotatorNames } from '../../src/rotators/index.ts'

describe('loadRotator', () => {
  it('loads each rotator under its own name', async () => {
    expect(rotatorNames).to.include.members([
      'aws-iam',
      'azure-app-secret',
      'external',
      'gcp-service-account-key',
      'ldap-password',
      'mysql',
      'mysql-dual',
      'passphrase',
      'password',
      'postgres',
      'redis-acl',
      'snowflake-user',
      'twilio-api-key',
    ])
    expect(rotatorNames).to.deep.equal([...rotatorNames].sort())
    for (const name of rotatorNames) expect(await loadRotator(name)).to.have.property('name', name)
  })

  const there = `there are ${rotatorNames.join(', ')}; plugins can add more (\`plugins\` in esc.yaml)`
  for (const [name, hint] of [
    ['aws-iamm', `did you mean "aws-iam"? ${there}`],
    ['postgresql', `did you mean "postgres"? ${there}`],
    ['constructor', there],
    ['', there],
  ] as const) {
    it(`does not know ${JSON.stringify(name)}`, async () => {
      let error: unknown
      try {
        await loadRotator(name)
      } catch (thrown) {
        error = thrown
      }
      expect(error).to.be.instanceOf(EscError).with.property('code', 'not_found')
      expect(error).to.have.property('message', `unknown rotator "${name}"`)
      expect(error).to.have.property('hint', hint)
    })
  }

  it('leaves vendors and words alone until a rotation asks for them', async () => {
    const { metafile } = await build({
      entryPoints: ['src/rotators/index.ts', 'src/providers/index.ts'],
      outdir: 'unwritten',
      bundle: true,
      write: false,
      metafile: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    })
    const { inputs } = metafile
    const lazy = /^src\/vendor\//
    const reachable = (from: string): string[] => {
      const seen = new Set([from])
      for (const each of seen) {
        for (const { path, kind, external } of inputs[each]?.imports ?? []) {
          if (kind === 'import-statement') seen.add(external ? `package ${path}` : path)
        }
      }
      return [...seen]
    }
    const rooms = Object.keys(inputs).filter((path) => /^src\/(rotators|providers)\//.test(path) && !lazy.test(path))
    expect(rooms).to.include.members(['src/rotators/issued/aws-iam/remote.ts', 'src/rotators/pair/postgres/server.ts'])
    for (const room of rooms) {
      expect(
        reachable(room).filter(
          (path) => lazy.test(path) || (path.startsWith('package ') && !path.startsWith('package node:')),
        ),
      ).to.deep.equal([])
    }
    // Nor does the list of rotators load a rotator.
    expect(
      reachable('src/rotators/index.ts').filter((path) => rotatorNames.some((name) => path.includes(name))),
    ).to.deep.equal([])
    expect(reachable('src/vendor/aws.ts'), 'the check sees packages').to.include('package @aws-sdk/client-iam')
  })

  it('says why there is none for keys of Anthropic and of apps and users of GitHub', async () => {
    for (const [name, reason] of [
      ['anthropic-api-key', 'creates none'],
      ['github-app-key', 'creates and deletes no private keys'],
      ['github-token', 'gh-login'],
    ] as const) {
      const error = await loadRotator(name).catch((thrown) => thrown)
      expect(error, name).to.include({ code: 'not_found' })
      expect(error.hint, name).to.include(reason)
    }
  })

  it('says why there is none for SQL Server and MongoDB', async () => {
    for (const name of ['mssql', 'mongodb']) {
      const error = await loadRotator(name).catch((thrown) => thrown)
      expect(error).to.include({ code: 'not_found', message: `unknown rotator "${name}"` })
      expect(error.hint).to.include('external').and.include('crash safety')
    }
  })
})
