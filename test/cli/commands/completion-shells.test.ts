import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadPty } from '../../end-to-end/own-terminal.ts'
import { findBinary } from '../../servers/binary.ts'
import { Playground } from './esc.ts'

describe('completion in the shells themselves', function () {
  this.timeout(30_000)
  const playground = new Playground()
  after(() => playground.remove())

  const skipped = (context: Mocha.Context, what: string) => {
    console.log(`      skipped: ${what} is not installed`)
    return context.skip()
  }

  it('fish offers commands, environments and the values of flags', async function () {
    const fish = findBinary('fish')
    if (fish === undefined) return skipped(this, 'fish')
    const script = `function esc; echo app/dev; echo base/common; end\n${await playground.ok('completion', 'fish', '--no-descriptions')}`
    const complete = (line: string) =>
      String(
        spawnSync(fish, ['--no-config', '-c', `${script}\ncomplete -C '${line}'`], {
          env: { PATH: process.env.PATH, HOME: playground.folder },
        }).stdout,
      )
        .split('\n')
        .filter((each) => each !== '')
    expect(complete('esc env version h')).to.deep.equal(['history'])
    expect(complete('esc env open app/d')).to.deep.equal(['app/dev'])
    expect(complete('esc env open app/dev --format d').sort()).to.deep.equal(['detailed', 'dotenv'])
    expect(complete('esc env ls --output=t')).to.deep.equal(['--output=text'])
    return undefined
  })

  it('zsh offers the values of flags, in both ways to write them', async function () {
    const [zsh, pty] = [findBinary('zsh'), await loadPty()]
    if (zsh === undefined || pty === undefined) return skipped(this, 'zsh')
    const home = join(playground.folder, 'zsh')
    mkdirSync(home)
    writeFileSync(join(home, 'esc.zsh'), await playground.ok('completion', 'zsh', '--no-descriptions'))
    writeFileSync(
      join(home, '.zshrc'),
      `PS1='ready> '; autoload -Uz compinit; compinit -u -D; esc() { if [[ "$*" == 'env ls' ]]; then echo app/dev; else print -r -- "<$*>"; fi }; source ${home}/esc.zsh\n`,
    )
    const shell = pty.spawn(zsh, ['-i'], {
      cols: 200,
      env: { PATH: process.env.PATH ?? '', HOME: home, ZDOTDIR: home, TERM: 'dumb' },
    })
    let screen = ''
    shell.onData((text) => {
      screen += text
    })
    const shows = async (text: string) => {
      for (const end = Date.now() + 15_000; !screen.includes(text); ) {
        if (Date.now() > end) throw new Error(`no ${text} in: ${screen}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    try {
      await shows('ready> ')
      for (const [typed, completed] of [
        ['esc env open app/dev --format yam', '<env open app/dev --format yaml>'],
        ['esc env tag ls --output=js', '<env tag ls --output=json>'],
        ['esc env get ap', '<env get app/dev>'],
      ] as const) {
        screen = ''
        shell.write(`${typed}\t\r`)
        await shows(completed)
      }
    } finally {
      shell.kill()
    }
    return undefined
  })
})
