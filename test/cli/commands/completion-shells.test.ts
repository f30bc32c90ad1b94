import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadPty } from '../../end-to-end/own-terminal.ts'
import { Program } from '../../end-to-end/program.ts'
import { findBinary } from '../../servers/binary.ts'
import { pythonWith } from '../../servers/readers.ts'
import { Playground } from './esc.ts'

/** Names that a shell must not take for words of its own. */
const DEFINITION = `values:
  database:
    user: {fn::rotate::password: {inputs: {}}}
  evil:
    "$(touch pwned)": {fn::rotate::password: {inputs: {}}}
`

describe('completion in the shells themselves', function () {
  this.timeout(60_000)
  const playground = new Playground()
  const home = join(playground.folder, 'shell')
  before(async function () {
    if (!Program.isBuilt()) this.skip()
    await playground.withEnvironment('app/dev', DEFINITION)
    await playground.ok('env', 'version', 'tag', 'app/dev@stable')
    mkdirSync(home)
    for (const shell of ['bash', 'zsh', 'fish'])
      writeFileSync(join(home, `esc.${shell}`), await playground.ok('completion', shell, '--no-descriptions'))
  })
  after(() => playground.remove())

  const env = () => ({ ...playground.env, PATH: process.env.PATH ?? '', HOME: home, ZDOTDIR: home, TERM: 'dumb' })
  const program = `'${process.execPath}' '${Program.path}'`
  const skipped = (context: Mocha.Context, what: string) => {
    console.log(`      skipped: ${what} is not installed`)
    return context.skip()
  }

  it('fish offers commands, flags, values and names in the store', async function () {
    const fish = findBinary('fish')
    if (fish === undefined) return skipped(this, 'fish')
    const lines = {
      'esc open app/dev@st': ['app/dev@stable'],
      'esc env rotate app/dev data': ['database.user'],
      'esc env open app/dev --format d': ['detailed', 'dotenv'],
      'esc env ls --output=t': ['--output=text'],
      'esc sched': ['schedule', 'scheduler'],
    }
    const asked = Object.keys(lines).map((line) => `complete -C '${line}'; echo .`)
    const script = `function esc; ${program} $argv; end; source ${home}/esc.fish; ${asked.join('; ')}`
    const { stdout } = spawnSync(fish, ['--no-config', '-c', script], { env: env(), cwd: playground.folder })
    const answers = String(stdout).split('.\n')
    for (const [index, expected] of Object.values(lines).entries())
      expect(answers[index]?.split('\n').filter(Boolean).sort(), asked[index]).to.deep.equal(expected)
    return undefined
  })

  /** What the shell runs after Tab: the function in the place of esc prints it. */
  const TYPED = [
    ['esc env tag ls --output=js', '<env tag ls --output=json>'],
    ['esc open app/dev@st', '<open app/dev@stable>'],
    ['esc env version tag app/dev@new @st', '<env version tag app/dev@new @stable>'],
    ['esc env rotate app/dev datab', '<env rotate app/dev database.user>'],
    // What is inserted is quoted, so that it is one word.
    ['esc env rotate app/dev evi', '<env rotate app/dev evil["$(touch pwned)"]>'],
  ] as const

  const start = {
    bash: { words: ['--norc', '-i'], first: (stand: string) => `${stand}; source ${home}/esc.bash` },
    zsh: {
      words: ['-i'],
      first: (stand: string) => `autoload -Uz compinit; compinit -u -D; ${stand}; source ${home}/esc.zsh`,
    },
  }
  for (const shell of ['bash', 'zsh'] as const) {
    it(`${shell} completes what is typed, and runs nothing that a name holds`, async function () {
      const [binary, pty] = [findBinary(shell), await loadPty()]
      if (binary === undefined || pty === undefined) return skipped(this, shell)
      const { words, first } = start[shell]
      const stand = `esc() { if [ "$1" = __complete ]; then ${program} "$@"; else printf '<%s>\\n' "$*"; fi; }`
      const terminal = pty.spawn(binary, words, {
        cols: 300,
        cwd: playground.folder,
        env: { ...env(), PS1: 'ready> ' },
      })
      let screen = ''
      terminal.onData((text) => {
        screen += text
      })
      const shows = async (text: string) => {
        for (const end = Date.now() + 15_000; !screen.includes(text); ) {
          if (Date.now() > end) throw new Error(`no ${text} in: ${screen}`)
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }
      const type = async (typed: string, shown: string) => {
        screen = ''
        terminal.write(typed)
        await shows(shown)
      }
      try {
        await type(`${first(stand)}; echo set-$((20 + 3))\r`, 'set-23')
        for (const [typed, completed] of TYPED) await type(`${typed}\t\r`, completed)
      } finally {
        terminal.kill()
      }
      expect(existsSync(join(playground.folder, 'pwned'))).to.equal(false)
      return undefined
    })
  }

  it('the script for PowerShell is what the grammar of PowerShell allows', async function () {
    const python = pythonWith('tree_sitter', 'tree_sitter_powershell')
    if (python === undefined)
      return skipped(this, 'tree-sitter-powershell, a Python package, of the Python in ESC_TEST_PYTHON,')
    const mistakes = (text: string) =>
      spawnSync(python, ['-c', PARSE], { input: text, encoding: 'utf8' }).stdout.split('\n').filter(Boolean)
    const script = await playground.ok('completion', 'powershell')
    expect(mistakes(script)).to.deep.equal(['program'])
    expect(mistakes(script.replace(' {', '')).length).to.be.above(1)
    return undefined
  })
})

/** Prints the kind of the text, and each mistake in it. */
const PARSE = `
import sys, tree_sitter, tree_sitter_powershell
parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
tree = parser.parse(sys.stdin.buffer.read())
print(tree.root_node.type)
def walk(node):
    if node.type == 'ERROR' or node.is_missing: print('mistake', node.start_point)
    for child in node.children: walk(child)
walk(tree.root_node)
`
