import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import {
  appendLine,
  confined,
  createFile,
  type FileSystem,
  machineFiles,
  makeFolders,
  replaceFile,
} from '../../src/files/index.ts'

describe('a confined file system', () => {
  let folder: string
  let root: string
  let files: FileSystem
  const at = (...names: string[]) => join(root, ...names)

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'esc-confined-'))
    root = join(folder, 'store')
    mkdirSync(at('app', 'dev'), { recursive: true })
    writeFileSync(at('app', 'dev', 'file'), 'text')
    mkdirSync(join(folder, 'outside'))
    writeFileSync(join(folder, 'outside', 'file'), 'mine')
    files = confined(machineFiles, { root, limit: () => 100 })
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const expectRefused = (doing: () => unknown, path: string, what: string) => {
    let thrown: unknown
    try {
      doing()
    } catch (error) {
      thrown = error
    }
    expect(thrown).to.be.instanceOf(EscError).with.property('code', 'store_damaged')
    expect((thrown as EscError).message)
      .to.contain(path)
      .and.contain(what)
    expect((thrown as EscError).hint).to.contain('git')
  }

  it('reads, writes, lists, moves and removes regular files and folders', () => {
    makeFolders(files, at('app', 'new', 'deep'))
    expect(createFile(files, at('app', 'new', 'deep', 'a'), Buffer.from('1\n'))).to.equal(true)
    appendLine(files, at('app', 'new', 'deep', 'a'), '2')
    replaceFile(files, at('app', 'dev', 'file'), Buffer.from('other'))
    expect(files.readText(at('app', 'new', 'deep', 'a'))).to.equal('1\n2\n')
    expect(Buffer.from(files.readFile(at('app', 'dev', 'file'))).toString()).to.equal('other')
    files.rename(at('app', 'new'), at('app', 'old'))
    expect(files.exists(at('app', 'new'))).to.equal(false)
    expect(files.list(at('app')).sort()).to.deep.equal(['dev', 'old'])
    files.unlink(at('app', 'old', 'deep', 'a'))
    files.removeFolder(at('app', 'old', 'deep'))
    expect(files.stat(at('app', 'old', 'deep'))).to.equal(undefined)
    expect(files.lstat(at('app', 'old'))?.kind).to.equal('folder')
    expect(() => files.readText(at('app', 'none')))
      .to.throw()
      .with.property('code', 'ENOENT')
  })

  it('follows no link, whatever it is asked to do with it', () => {
    const link = at('app', 'dev', 'link')
    symlinkSync(join(folder, 'outside', 'file'), link)
    for (const doing of [
      () => files.readText(link),
      () => files.readFile(link),
      () => files.open(link, 'a'),
      () => files.open(link, 'r'),
      () => files.open(link, 'r+'),
      () => files.link(link, at('app', 'dev', 'second')),
      () => files.rename(link, at('app', 'dev', 'second')),
      () => appendLine(files, link, 'evil'),
    ])
      expectRefused(doing, link, 'is a symbolic link')
    expect(files.stat(link)?.kind).to.equal('link')
    expect(readFileSync(join(folder, 'outside', 'file'), 'utf8')).to.equal('mine')
    // What replaces it, or takes it away, leaves alone what it leads to.
    replaceFile(files, link, Buffer.from('ours'))
    expect(files.readText(link)).to.equal('ours')
    expect(readFileSync(join(folder, 'outside', 'file'), 'utf8')).to.equal('mine')
  })

  it('goes into no folder that is a link, at any depth, for anything', () => {
    symlinkSync(join(folder, 'outside'), at('app', 'evil'))
    symlinkSync(join(folder, 'outside'), at('linked'))
    for (const evil of [at('app', 'evil'), at('linked')]) {
      for (const doing of [
        () => files.readText(join(evil, 'file')),
        () => files.readText(join(evil, 'deep', 'er', 'file')),
        () => files.exists(join(evil, 'file')),
        () => files.stat(join(evil, 'file')),
        () => files.lstat(join(evil, 'file')),
        () => files.list(evil),
        () => files.open(join(evil, 'new'), 'wx'),
        () => files.open(join(evil, 'file'), 'a'),
        () => files.link(at('app', 'dev', 'file'), join(evil, 'new')),
        () => files.rename(at('app', 'dev', 'file'), join(evil, 'file')),
        () => files.unlink(join(evil, 'file')),
        () => files.makeFolder(join(evil, 'new')),
        () => files.removeFolder(join(evil, 'new')),
        () => makeFolders(files, join(evil, 'new', 'deep')),
      ])
        expectRefused(doing, evil, 'is a symbolic link')
    }
    expect(machineFiles.list(join(folder, 'outside'))).to.deep.equal(['file'])
    expect(readFileSync(join(folder, 'outside', 'file'), 'utf8')).to.equal('mine')
  })

  it('opens no pipe and no device', () => {
    execFileSync('mkfifo', [at('app', 'dev', 'pipe')])
    symlinkSync('/dev/zero', at('app', 'dev', 'zero'))
    for (const [name, what] of [
      ['pipe', 'a pipe, socket or device'],
      ['zero', 'a symbolic link'],
    ] as const) {
      expectRefused(() => files.readText(at('app', 'dev', name)), name, what)
      expectRefused(() => files.open(at('app', 'dev', name), 'a'), name, what)
    }
  })

  it('reads no file above the limit, and says how large it is', () => {
    truncateSync(at('app', 'dev', 'file'), 101)
    expectRefused(() => files.readFile(at('app', 'dev', 'file')), 'file', 'has 101 bytes, more than the 100')
    truncateSync(at('app', 'dev', 'file'), 100)
    expect(files.readFile(at('app', 'dev', 'file'))).to.have.length(100)
  })

  it('may be reached through links itself, and leaves everything outside as it is', () => {
    symlinkSync(root, join(folder, 'link'))
    const linked = confined(machineFiles, { root: join(folder, 'link'), limit: () => 100 })
    expect(linked.readText(join(folder, 'link', 'app', 'dev', 'file'))).to.equal('text')
    symlinkSync(join(folder, 'outside', 'file'), join(folder, 'outside', 'link'))
    expect(files.readText(join(folder, 'outside', 'link'))).to.equal('mine')
    // A folder whose name begins alike is another one.
    symlinkSync(join(folder, 'outside'), `${root}-2`)
    expect(files.readText(join(`${root}-2`, 'file'))).to.equal('mine')
  })

  it('lists a link to a file at the top as it lists a file, which is no project', () => {
    symlinkSync(join(folder, 'outside', 'file'), at('README'))
    expect(() => files.list(at('README')))
      .to.throw()
      .with.property('code', 'ENOTDIR')
    expectRefused(() => files.readText(at('README')), 'README', 'a symbolic link')
    symlinkSync(join(folder, 'outside', 'file'), at('.removed'))
    expectRefused(() => files.list(at('.removed')), '.removed', 'a symbolic link')
  })

  it('notices a folder that becomes a link while it works', async () => {
    files.readText(at('app', 'dev', 'file'))
    rmSync(at('app', 'dev'), { recursive: true })
    symlinkSync(join(folder, 'outside'), at('app', 'dev'))
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expectRefused(() => files.readText(at('app', 'dev', 'file')), at('app', 'dev'), 'a symbolic link')
  })
})
