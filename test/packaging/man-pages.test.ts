import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'
import { findBinary } from '../servers/binary.ts'

const folder = join(packageRoot, 'dist', 'man')
const json = (name: string) => JSON.parse(readFileSync(join(packageRoot, name), 'utf8'))

describe('the manual pages', function () {
  this.timeout(30_000)
  let pages: string[]
  before(function () {
    if (!existsSync(folder)) return this.skip()
    pages = readdirSync(folder).sort()
    return undefined
  })
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')

  it('are one per command and group, and npm is told of each', () => {
    const { commands, topics } = json('oclif.manifest.json')
    const ids = new Set([...Object.keys(commands).filter((id) => !commands[id].hidden), ...Object.keys(topics)])
    const expected = ['esc.1', ...[...ids].map((id) => `esc-${id.replaceAll(':', '-')}.1`)].sort()
    expect(pages).to.deep.equal(expected)
    expect(json('package.json').man).to.deep.equal(expected.map((name) => `./dist/man/${name}`))
  })

  it('say what --help says: every argument and flag, and the examples', () => {
    const { commands } = json('oclif.manifest.json')
    for (const { id, hidden, args, flags, examples } of Object.values<Command>(commands)) {
      if (hidden) continue
      const page = read(`esc-${id.replaceAll(':', '-')}.1`)
        .replaceAll('\\-', '-')
        .replaceAll('\\(aq', "'")
      for (const { name } of Object.values(args)) expect(page, id).to.include(`.TP\n\\fI${name}\\fR\n`)
      for (const flag of Object.values(flags))
        if (!flag.hidden)
          expect(page, id).to.match(new RegExp(`^(?:\\\\fB-\\w\\\\fR, )?\\\\fB--${flag.name}\\\\fR`, 'm'))
      expect(page.match(/^\$ /gm)?.length ?? 0, id).to.equal(
        (examples ?? []).flatMap(({ command }) => command.split('\n')).length,
      )
    }
  })

  it('name pages that are there', () => {
    for (const page of pages)
      for (const [, name] of read(page).matchAll(/\\fB([^\\]*(?:\\-[^\\]*)*)\\fR\(1\)/g))
        expect(pages, page).to.include(`${name?.replaceAll('\\-', '-')}.1`)
  })

  it('have the exit codes and variables of the documentation', () => {
    const page = read('esc.1')
    expect(page).to.match(/^\.SH EXIT STATUS\n\.TP\n\\fB0\\fR\ndone\n/m)
    expect(page).to.include('.TP\n\\fBESC_STORE\\fR\n')
    expect(page).to.not.match(/\]\(|`/)
  })

  it('are what mandoc takes without a warning', function () {
    const mandoc = findBinary('mandoc')
    if (mandoc === undefined) return skipped(this, 'mandoc')
    const { stdout } = spawnSync(mandoc, ['-Tlint', '-Wwarning', ...pages], { cwd: folder, encoding: 'utf8' })
    // A date would change with each build.
    expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).to.deep.equal([])
    return undefined
  })

  it('are what groff takes without a warning', function () {
    const groff = findBinary('groff')
    if (groff === undefined) return skipped(this, 'groff')
    const { status, stderr } = spawnSync(groff, ['-ww', '-Tutf8', '-Kutf8', '-man', '-z', ...pages], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' })
    return undefined
  })
})

interface Command {
  readonly id: string
  readonly hidden: boolean
  readonly args: Readonly<Record<string, { readonly name: string }>>
  readonly flags: Readonly<Record<string, { readonly name: string; readonly hidden?: boolean }>>
  readonly examples?: readonly { readonly command: string }[]
}

function skipped(context: Mocha.Context, what: string) {
  console.log(`      skipped: ${what} is not installed`)
  return context.skip()
}
