import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground, type RunOptions } from './esc.ts'

/** A repository with a store in it, and another project beside it. */
describe('.esc.yaml', function () {
  this.timeout(60_000)
  let esc: Playground
  let project: string
  let stranger: string

  beforeEach(async () => {
    esc = new Playground()
    await run('init')
    mkdirSync(join(esc.folder, '.git'))
    for (const name of ['dev', 'prod']) {
      await run(`env init app/${name}`)
      await run(`env set app/${name} place ${name}`)
    }
    project = join(esc.folder, 'services', 'billing')
    stranger = join(esc.folder, 'cloned', 'stranger')
    mkdirSync(project, { recursive: true })
    mkdirSync(join(stranger, '.git'), { recursive: true })
  })

  afterEach(() => esc.remove())

  const run = (words: string, options?: RunOptions) => esc.run(words.split(' '), options)
  const write = (folder: string, text: string) => writeFileSync(join(folder, '.esc.yaml'), text)
  const opened = async (cwd: string) => (await run('open place --format string', { cwd })).out.trim()

  it('names the environment of its folder and those below, in the store above', async () => {
    write(project, 'environment: app/prod\n')
    const below = join(project, 'src')
    mkdirSync(below)
    for (const cwd of [project, below]) expect(await opened(cwd)).to.equal('prod')
    expect((await run('open app/dev place --format string', { cwd: project })).out.trim()).to.equal('dev')
    expect((await run('hook prompt', { cwd: below })).out).to.equal('app/prod\n')
    expect((await run('hook prompt')).out.trim()).to.equal('')
    // What a person selects there counts there alone.
    await run('select app/dev', { cwd: below })
    expect(await opened(project)).to.equal('dev')
    expect((await run('select', { cwd: esc.folder })).out).to.include('No environment')
    expect((await run('select --none', { cwd: project })).out).to.equal('app/prod\n')
    expect(await opened(project)).to.equal('prod')
  })

  it('wins over what was selected for the store, and is less near than a store', async () => {
    await run('select app/dev')
    write(project, 'environment: app/prod\n')
    expect(await opened(project)).to.equal('prod')
    expect(await opened(esc.folder)).to.equal('dev')
    const inner = join(project, 'own')
    mkdirSync(inner)
    await run('init', { cwd: inner })
    await run('env init app/inner', { cwd: inner })
    const ran = await run('open', { cwd: inner })
    expect(ran.err).to.include('no environment name specified')
  })

  it('names a store elsewhere only once a person has allowed it', async () => {
    const outside = new Playground()
    try {
      const text = `store: ${JSON.stringify(esc.store)}\nenvironment: app/prod\n`
      mkdirSync(join(outside.folder, '.git'))
      write(outside.folder, text)
      const within = { cwd: outside.folder }
      for (const words of ['open place', 'run -- env', 'env ls', 'status', 'env get app/dev', 'select app/dev']) {
        const refused = await run(words, within)
        expect(refused.code, words).not.to.equal(0)
        expect(refused.err, words)
          .to.include(join(outside.folder, '.esc.yaml'))
          .and.include('app/prod')
          .and.include('esc trust folder')
        expect(refused.out, words).to.equal('')
      }
      expect((await run('hook prompt', within)).out.trim()).to.equal('')
      // A store that is named needs nothing of the file.
      expect((await run(`env ls --store ${esc.store}`, within)).out).to.include('app/dev')
      const allowed = await run('trust folder --output json', within)
      expect(JSON.parse(allowed.out)).to.include({ store: esc.store, environment: 'app/prod', allowed: true })
      expect(await opened(outside.folder)).to.equal('prod')
      expect((await run('status', within)).out).to.match(/named by \.esc\.yaml[\s\S]*Selected: +app\/prod/)
      // Another choice asks again.
      write(outside.folder, text.replace('prod', 'dev'))
      expect((await run('open place', within)).err).to.include('esc trust folder')
      write(outside.folder, text)
      await run('trust folder --remove', within)
      expect((await run('open place', within)).err).to.include('esc trust folder')
    } finally {
      outside.remove()
    }
  })

  it('hands nothing of a store to a project that was cloned into its work tree', async () => {
    write(stranger, 'environment: app/prod\n')
    for (const words of ['open place', 'run -- env']) {
      const refused = await run(words, { cwd: stranger })
      expect(refused.code).not.to.equal(0)
      expect(refused.err).to.include('outside its own work tree')
    }
    await run('trust folder', { cwd: stranger })
    expect(await opened(stranger)).to.equal('prod')
  })

  it('asks for a server, and takes the one that a variable names', async () => {
    write(project, 'store: https://esc.example.com/\nenvironment: app/prod\n')
    const refused = await run('open', { cwd: project })
    expect(refused.err).to.include('https://esc.example.com/').and.include('esc trust folder')
    await run('trust folder', { cwd: project })
    expect((await run('open', { cwd: project })).err).to.include('no access token for https://esc.example.com')
  })

  it('is refused, with the file and the mistake, when it is not of the form', async () => {
    const mistakes: Record<string, RegExp> = {
      'enviroment: app/dev\n': /\.esc\.yaml: has no key "enviroment"/,
      'environment: [app/dev]\n': /says no text for environment/,
      'environment: ""\n': /says no text for environment/,
      'environment: app/dev@3\n': /names a version/,
      'environment: "app\n': /\.esc\.yaml/,
      '- app/dev\n': /holds no mapping/,
      'environment: app/dev\nenvironment: app/prod\n': /says environment twice/,
      'environment: app/dev\n---\nenvironment: app/prod\n': /goes on behind its first YAML document/,
      'environment: app/gone\n': /names the environment app\/gone, which is not there/,
      'store: ./nowhere\n': /names the store .*nowhere, which is not there|outside its own work tree/,
    }
    for (const [text, shows] of Object.entries(mistakes)) {
      write(project, text)
      const ran = await run('open', { cwd: project })
      expect(ran.code, text).not.to.equal(0)
      expect(ran.err, text).to.match(shows)
    }
    rmSync(join(project, '.esc.yaml'))
    symlinkSync('/dev/zero', join(project, '.esc.yaml'))
    expect((await run('open', { cwd: project })).err).to.include('is not a regular file')
  })

  it('does not keep status from saying what else there is', async () => {
    write(project, 'environment: app/gone\n')
    const ran = await run('status', { cwd: project })
    expect(ran.code).to.equal(1)
    expect(ran.out)
      .to.match(/Environments: +2/)
      .and.include('app/gone')
  })

  it('is written by select --write, and not replaced unasked', async () => {
    const written = await run('select app/prod --write', { cwd: project })
    expect(written.code, written.err).to.equal(0)
    expect(readFileSync(join(project, '.esc.yaml'), 'utf8')).to.equal('environment: app/prod\n')
    expect(await opened(project)).to.equal('prod')
    const again = await run('select app/dev --write', { cwd: project })
    expect(again.err).to.include('.esc.yaml already exists')
    expect(await opened(project)).to.equal('prod')
    expect((await run('select app/dev --write --force', { cwd: project })).code).to.equal(0)
    expect(await opened(project)).to.equal('dev')
    expect((await run('select app/none --write --force', { cwd: project })).err).to.include('app/none')
    expect(await opened(project)).to.equal('dev')
    // From outside the store, its folder is written too.
    const outside = join(esc.folder, '..', `${esc.folder.split('/').at(-1)}-outside`)
    mkdirSync(outside)
    try {
      await run(`select app/dev --write --store ${esc.store}`, { cwd: outside })
      expect(readFileSync(join(outside, '.esc.yaml'), 'utf8')).to.match(/^store: \.\..*environments\nenvironment: /)
      expect(await opened(outside)).to.equal('dev')
    } finally {
      rmSync(outside, { recursive: true })
    }
  })
})
