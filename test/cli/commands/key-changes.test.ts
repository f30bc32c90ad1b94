import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import { Playground, type Ran } from './esc.ts'

/** Machines of a team: each has a clone of the store, a memory and an age identity of its own. */
describe('a change of the data key', () => {
  const esc = new Playground()
  const people: Record<string, { readonly identity: string; readonly recipient: string }> = {}
  const origin = join(esc.folder, 'origin')
  const recipients = (...names: string[]) => `age://${names.map((name) => people[name]?.recipient).join(',')}`

  const clone = (name: string) => join(esc.folder, name, 'environments')
  function on(name: string, ...words: string[]): Promise<Ran> {
    const state = { ESC_STATE_HOME: join(esc.folder, name, 'state'), ESC_CONFIG_HOME: join(esc.folder, name, 'config') }
    const env = { ...state, ESC_AGE_IDENTITY: people[name]?.identity, ESC_AUTHOR: `${name} <${name}@example.com>` }
    return esc.run([...words, '--store', clone(name)], { env })
  }
  async function ok(name: string, ...words: string[]): Promise<string> {
    const ran = await on(name, ...words)
    expect(ran.code, `${words.join(' ')}: ${ran.err}`).to.equal(0)
    return ran.out + ran.err
  }
  const push = (name: string) => replace(join(clone(name), 'app'), join(origin, 'app'))
  const pull = (name: string) => replace(join(origin, 'app'), join(clone(name), 'app'))
  function replace(from: string, to: string): void {
    rmSync(to, { recursive: true, force: true })
    cpSync(from, to, { recursive: true })
  }
  const settings = (name: string) => join(clone(name), 'app', 'dev', 'settings.yaml')
  const text = (name: string) => readFileSync(settings(name), 'utf8')
  const open = (name: string) => ok(name, 'env', 'open', 'app/dev')
  const change = async (name: string, to: string) => {
    await ok(name, 'env', 'change-secrets-provider', 'app/dev', to)
    push(name)
  }

  before(async () => {
    for (const name of ['ada', 'bob', 'eve']) {
      const identity = await generateIdentity()
      people[name] = { identity, recipient: await identityToRecipient(identity) }
    }
  })
  beforeEach(async () => {
    for (const name of [...Object.keys(people), 'origin'])
      rmSync(join(esc.folder, name), { recursive: true, force: true })
    const env = { ESC_AGE_IDENTITY: people.ada?.identity }
    const made = await esc.run(['init', origin], { env })
    expect(made.code, made.err).to.equal(0)
    const words = ['env', 'init', 'app/dev', '--secrets-provider', recipients('ada', 'bob', 'eve'), '--file', '-']
    const ran = await esc.run([...words, '--store', origin], { env, input: 'values: {token: {fn::secret: first}}\n' })
    expect(ran.code, ran.err).to.equal(0)
    rmSync(esc.machine, { recursive: true, force: true })
    for (const name of Object.keys(people)) {
      cpSync(origin, clone(name), { recursive: true })
      await open(name)
    }
  })
  afterEach(() => {
    delete people.dan
    rmSync(join(esc.folder, 'dan'), { recursive: true, force: true })
  })
  after(() => esc.remove())

  it('passes without a question where the key before is known, and says once what is different', async () => {
    await change('ada', recipients('ada', 'bob'))
    pull('bob')
    const first = await open('bob')
    expect(first).to.include('"token": "first"').and.include(`removed: ${people.eve?.recipient}`)
    expect(first).to.include("note: somebody who could open environment 'app/dev' has changed who can open it")
    expect(await open('bob')).to.not.include('note:')
    await ok('bob', 'env', 'set', 'app/dev', 'more', '1')
    expect(JSON.parse((await on('bob', 'env', 'trust', 'app/dev', '--output', 'json')).out).accepted).to.equal(false)
  })

  it('says nothing where nobody is added or removed', async () => {
    await change('ada', recipients('ada', 'bob', 'eve'))
    pull('bob')
    expect(await open('bob')).to.not.include('note:')
  })

  it('passes without a question after several that were missed, also to commands without a key', async () => {
    for (let count = 0; count < 4; count++) await change('ada', recipients('ada', 'bob'))
    await ok('ada', 'env', 'rewrap', 'app/dev')
    push('ada')
    pull('bob')
    expect((await on('bob', 'env', 'get', 'app/dev')).code).to.equal(0)
    await open('bob')
  })

  it('is no change where the same key was only wrapped again', async () => {
    const revisions = join(origin, 'app', 'dev', 'revisions')
    const before = esc.digest(revisions)
    await ok('ada', 'env', 'rewrap', 'app/dev', recipients('ada', 'bob'))
    push('ada')
    expect(esc.digest(revisions)).to.equal(before)
    pull('bob')
    expect(await open('bob')).to.include(`removed: ${people.eve?.recipient}`)
  })

  /** Somebody whose machine has the store, and could not open it. */
  async function dan(): Promise<void> {
    const identity = await generateIdentity()
    people.dan = { identity, recipient: await identityToRecipient(identity) }
    cpSync(origin, clone('dan'), { recursive: true })
    for (const words of [
      ['env', 'open', 'app/dev'],
      ['env', 'set', 'app/dev', 'a', '1'],
    ]) {
      expect((await on('dan', ...words)).err).to.include('is encrypted for other age recipients than yours')
    }
    await ok('dan', 'env', 'get', 'app/dev')
  }

  it('is no question for somebody who tried to open it before they were let in', async () => {
    await dan()
    await ok('ada', 'env', 'set', 'app/dev', 'more', '1')
    await ok('ada', 'env', 'rewrap', 'app/dev', recipients('ada', 'bob'))
    await ok('ada', 'env', 'rewrap', 'app/dev', recipients('ada', 'bob', 'dan'))
    await ok('ada', 'env', 'set', 'app/dev', 'other', '2')
    push('ada')
    pull('dan')
    expect((await on('dan', 'env', 'get', 'app/dev')).err).to.equal('')
    await ok('dan', 'env', 'set', 'app/dev', 'third', '3')
    const opened = await on('dan', 'env', 'open', 'app/dev')
    expect([opened.code, opened.err]).to.deep.equal([0, ''])
    expect(JSON.parse(opened.out)).to.deep.equal({ token: 'first', more: 1, other: 2, third: 3 })
    // From now on, changes are signed by the key that this machine has used.
    expect(JSON.parse((await on('dan', 'env', 'trust', 'app/dev', '--output', 'json')).out).accepted).to.equal(false)
    push('dan')
    pull('ada')
    await change('ada', recipients('ada', 'dan', 'bob'))
    pull('dan')
    await open('dan')
  })

  it('is one for them where another data key was put in, whatever of the history was left as it was', async () => {
    await dan()
    const original = join(esc.folder, 'dan', 'original')
    replace(join(origin, 'app'), original)
    await ok('eve', 'env', 'change-secrets-provider', 'app/dev', recipients('eve', 'dan'))
    await ok('eve', 'env', 'set', 'app/dev', 'more', '1')
    push('eve')
    pull('dan')
    const unknown = 'has another data key than this machine has seen'
    for (const restored of [[], ['1.yaml'], ['2.yaml'], ['1.yaml', '2.yaml']]) {
      pull('dan')
      for (const file of restored) {
        cpSync(join(original, 'dev', 'revisions', file), join(clone('dan'), 'app', 'dev', 'revisions', file), {
          force: true,
        })
      }
      for (const words of [
        ['env', 'open', 'app/dev'],
        ['env', 'set', 'app/dev', 'mine', 's3cret', '--secret'],
        ['env', 'open', 'app/dev'],
      ]) {
        const { code, out, err } = await on('dan', ...words)
        expect([code, out], `${words.join(' ')} ${restored}`).to.deep.equal([1, ''])
        expect(err).to.include(unknown)
      }
    }
    replace(original, join(clone('dan'), 'app'))
    expect((await on('dan', 'env', 'open', 'app/dev')).err).to.include(
      'is encrypted for other age recipients than yours',
    )
  })

  it('names whom it lets in to the person who makes it, because anybody may have edited the list', async () => {
    const list = join(clone('ada'), 'age-recipients.txt')
    writeFileSync(list, `${people.ada?.recipient}\n${people.bob?.recipient}\n`)
    await ok('ada', 'env', 'change-secrets-provider', 'app/dev', 'age://')
    await open('ada')
    writeFileSync(list, `# Bob's laptop\n${people.eve?.recipient}\n${readFileSync(list, 'utf8')}`)
    const rewrapped = await ok('ada', 'env', 'rewrap', 'app/dev')
    expect(rewrapped)
      .to.include(`added: ${people.eve?.recipient}`)
      .and.not.include('removed:')
      .and.not.include('laptop')
  })

  it('asks after more changes than are kept', async () => {
    for (let count = 0; count < 11; count++) await change('ada', recipients('ada', 'bob'))
    expect(/^keyChanges: (.*)$/m.exec(text('ada'))?.[1]?.split('.')).to.have.lengthOf(10)
    pull('bob')
    expect((await on('bob', 'env', 'open', 'app/dev')).err).to.include('another data key than this machine has seen')
  })

  it('asks where the change is not signed, or the signature is of another change', async () => {
    await change('ada', recipients('ada', 'bob'))
    const signed = text('ada')
    const line = /^keyChanges: v1:(.*):(.*)\n/m.exec(signed)!
    const payload = Buffer.from(line[1]!, 'base64').toString()
    const forged = Buffer.from(payload.replace(people.bob!.recipient, people.eve!.recipient)).toString('base64')
    const flipped = Buffer.from(line[2]!, 'base64')
    flipped[0]! ^= 1
    for (const keyChanges of [
      '',
      'keyChanges: "v1:"\n',
      'keyChanges: 1\n',
      'keyChanges: [a]\n',
      `keyChanges: v1:${forged}:${line[2]}\n`,
      `keyChanges: v1:${line[1]}:${flipped.toString('base64')}\n`,
      `keyChanges: v1:${line[1]}\n`,
    ]) {
      writeFileSync(join(origin, 'app/dev/settings.yaml'), signed.replace(line[0], keyChanges))
      pull('bob')
      const { code, err } = await on('bob', 'env', 'open', 'app/dev')
      expect(code, keyChanges).to.equal(1)
      expect(err).to.include('another data key than this machine has seen')
    }
    writeFileSync(join(origin, 'app/dev/settings.yaml'), signed)
    pull('bob')
    await open('bob')
  })

  it('is not accepted from somebody who has lost access since, where the change that took it is known', async () => {
    // Eve keeps her clone with the key of before, and makes one that all can open.
    await ok('eve', 'env', 'change-secrets-provider', 'app/dev', recipients('ada', 'bob', 'eve'))
    await change('ada', recipients('ada', 'bob'))
    pull('bob')
    await open('bob')
    push('eve')
    pull('bob')
    const { code, err } = await on('bob', 'env', 'open', 'app/dev')
    expect(code).to.equal(1)
    expect(err).to.include('another data key than this machine has seen')
    // Also with the honest change before her own in the list.
    const own = /^keyChanges: v1:(.*)$/m.exec(text('eve'))?.[1]
    const honest = /^keyChanges: v1:(.*)$/m.exec(text('ada'))?.[1]
    for (const list of [`${honest}.${own}`, `${own}.${honest}`]) {
      writeFileSync(settings('bob'), text('eve').replace(/^keyChanges: .*$/m, `keyChanges: v1:${list}`))
      expect((await on('bob', 'env', 'open', 'app/dev')).code).to.equal(1)
    }
  })

  it('is shown, where it must be asked about, with who was added and removed, and nothing that its author wrote', async () => {
    const hostile = 'Ada \u001b]0;owned\u0007 approved this'
    execFileSync('git', ['init', '-q', join(esc.folder, 'bob')])
    await change('eve', recipients('bob', 'eve'))
    pull('bob')
    writeFileSync(settings('bob'), text('bob').replace(/^keyChanges: .*\n/m, '# Ada approved this\n'))
    const git = ['-C', join(esc.folder, 'bob'), '-c', `user.name=${hostile}`, '-c', 'user.email=ada@example.com']
    execFileSync('git', [...git, 'add', '-A'])
    execFileSync('git', [...git, 'commit', '-qm', hostile])
    const { out, err } = await on('bob', 'env', 'trust', 'app/dev', '--yes')
    const shown = out + err
    expect(shown)
      .to.include(`removed: ${people.ada?.recipient}`)
      .and.match(/Commit: +[0-9a-f]+ /)
    expect(shown).to.not.include('approved').and.not.include('eve <').and.not.include('\u001b')
    await open('bob')
  })
})
