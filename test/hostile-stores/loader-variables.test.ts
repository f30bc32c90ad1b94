import { expect } from 'chai'
import { expectQuiet, plant, sceneOf } from './scene.ts'

/** Variables by which a program runs code that the variable names. */
const loaders = [
  'NODE_OPTIONS',
  'NODE_PATH',
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'LD_AUDIT',
  'DYLD_INSERT_LIBRARIES',
  'DYLD_LIBRARY_PATH',
  'BASH_ENV',
  'ENV',
  'BASH_FUNC_ls%%',
  'PATH',
  'GIT_SSH_COMMAND',
  'GIT_SSH',
  'GIT_EXTERNAL_DIFF',
  'GIT_EDITOR',
  'GIT_CONFIG_COUNT',
  'GIT_CONFIG_GLOBAL',
  'GIT_EXEC_PATH',
  'PYTHONSTARTUP',
  'PYTHONPATH',
  'PYTHONHOME',
  'PERL5OPT',
  'PERL5LIB',
  'RUBYOPT',
  'RUBYLIB',
  'PROMPT_COMMAND',
  'PS4',
  'JAVA_TOOL_OPTIONS',
  'EDITOR',
  'PAGER',
  'IFS',
  'SHELLOPTS',
  'ZDOTDIR',
  'LESSOPEN',
]
/** Names that no shell can set; some of them would be commands. */
const names = ['A;touch x', 'A B', '1A', 'A=B', '', 'A\nB', '$(touch x)', 'a-b', 'Ä', 'A`x`']

describe('a variable in a definition of somebody else', function () {
  this.timeout(120_000)
  const scene = sceneOf(async (victim) => {
    await victim.okWith('values:\n  region: eu\n', 'env', 'init', 'app/dev', '--file', '-')
  })

  const store = async (variables: Readonly<Record<string, string>>) => {
    const readers = await scene.current().readers((attacker) => {
      for (const [index, [name, value]] of Object.entries(variables).entries()) {
        const lines = `    ${JSON.stringify(name)}: ${JSON.stringify(value)}\n`
        plant(attacker, `evil/e${index}`, `values:\n  environmentVariables:\n${lines}`)
      }
    })
    return readers.find(({ pulled, hasKey }) => !pulled && !hasKey)!.checkout
  }

  it('loads no code into the program that is run, nor into a shell', async () => {
    const { command } = scene.current().marker()
    const checkout = await store(Object.fromEntries(loaders.map((name) => [name, `() { ${command}; }; ${command}`])))
    const passed: string[] = []
    for (const [index, name] of loaders.entries()) {
      const formats = index === 0 ? ['shell', 'posix', 'dotenv'] : []
      for (const words of [
        ['run', `evil/e${index}`, '--', 'true'],
        ...formats.map((format) => ['open', `evil/e${index}`, '--format', format]),
      ]) {
        const ran = await checkout.esc(words)
        expectQuiet(ran, name)
        if (ran.code === 0) passed.push(`${name}: ${words.join(' ')}`)
        else expect(ran.err, words.join(' ')).to.contain(name.split('%')[0]!)
      }
    }
    expect(passed).to.deep.equal([])
    expect(scene.current().traces()).to.deep.equal([])
  })

  it('has a name that a shell can set, or is refused', async () => {
    const checkout = await store(Object.fromEntries(names.map((name) => [name, 'x'])))
    const passed: string[] = []
    for (const [index, name] of names.entries()) {
      for (const format of ['shell', 'posix', 'dotenv']) {
        const { code } = await checkout.esc(['open', `evil/e${index}`, '--format', format])
        if (code === 0) passed.push(`${JSON.stringify(name)}: ${format}`)
      }
      const ran = await checkout.esc(['run', `evil/e${index}`, '--', 'true'])
      if (ran.code === 0) passed.push(`${JSON.stringify(name)}: run`)
    }
    expect(passed).to.deep.equal([])
  })
})
