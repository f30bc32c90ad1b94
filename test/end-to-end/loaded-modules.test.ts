import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'
import { programWith } from './program.ts'

const noter = fileURLToPath(new URL('note-modules.cjs', import.meta.url))

describe('opening an environment', function () {
  this.timeout(60_000)
  const program = programWith('app/plain', 'values: {a: {fn::secret: x}, b: "${a}y"}\n')

  const modulesOf = (environment: string) => modulesWith(['open', environment])

  async function modulesWith(words: readonly string[]): Promise<string[]> {
    const list = join(program.folder, 'modules')
    const env = { NODE_OPTIONS: `--require ${noter}`, ESC_TEST_MODULES: list }
    const { code, err } = await program.esc(words, env)
    expect(code, err).to.equal(0)
    const dist = join(packageRoot, 'dist', '/')
    const loaded = readFileSync(list, 'utf8').split('\n')
    return loaded.filter((each) => each.startsWith(dist)).map((each) => each.slice(dist.length))
  }

  it('loads no provider, no rotator and no library of a vendor where it has none', async () => {
    const loaded = await modulesOf('app/plain')
    expect(loaded).to.include('cli.cjs')
    expect(loaded.filter((each) => each.startsWith('vendor'))).to.deep.equal([])
  })

  it('loads nothing of the language server, and neither do other commands', async () => {
    for (const words of [['open', 'app/plain'], ['version'], ['env', 'get', 'app/plain'], ['env', 'schema']]) {
      const loaded = await modulesWith(words)
      expect(loaded, words.join(' ')).to.not.include.members(['lsp.cjs'])
      expect(loaded.filter((each) => each.includes('languageserver'))).to.deep.equal([])
    }
  })

  it('loads no more of a pruned environment, and what unpacks only for a packed revision', async () => {
    const succeed = async (...words: string[]) => {
      const { code, err } = await program.esc(words)
      expect(code, err).to.equal(0)
    }
    await program.withEnvironment('app/pruned', 'values: {a: 1}\n')
    for (const value of ['2', '3', '4']) await succeed('env', 'set', 'app/pruned', 'a', value)
    const open = async (name: string) => {
      // Once more, because the first opening of a revision is not from the last time.
      await modulesOf(name)
      return modulesOf(name)
    }
    const before = await open('app/pruned')
    await succeed('env', 'prune', 'app/pruned', '--keep', '2')
    expect(await open('app/pruned')).to.deep.equal(before)
    expect(await open('app/pruned@2')).not.to.deep.equal(before)
  })

  it('loads providers where it has one, and no library for those that need none', async () => {
    const login = 'fn::open::aws-login: {static: {accessKeyId: AKIAX, secretAccessKey: {fn::secret: y}}}'
    await program.withEnvironment('app/login', `values: {aws: {${login}}}\n`)
    expect((await modulesOf('app/login')).filter((each) => each.startsWith('vendor'))).to.deep.equal(['vendors.cjs'])
  })
})
