import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { Checkout } from './machine.ts'
import { sceneOf } from './scene.ts'

const killAtRevision = fileURLToPath(new URL('../end-to-end/kill-at-revision.cjs', import.meta.url))

describe('a journal of an earlier time', function () {
  this.timeout(60_000)
  const scene = sceneOf(async (victim) => {
    const rotated =
      'values:\n  session:\n    fn::rotate::password:\n      inputs: {length: 20, special: false}\n  words:\n    fn::rotate::passphrase:\n      inputs: {length: 6}\n'
    await victim.okWith(rotated, 'env', 'init', 'rotators/ci', '--file', '-')
    await victim.ok('env', 'rotate', 'rotators/ci', '--force')
  })

  /** Folders with journals, wherever this version keeps them. */
  function journals(checkout: Checkout): readonly string[] {
    return [checkout.machine.env.ESC_STATE_HOME!, checkout.path('.esc')].flatMap((root) =>
      existsSync(root)
        ? (readdirSync(root, { recursive: true }) as string[])
            .filter((name) => /(^|\/)journal$/.test(name))
            .map((name) => join(root, name))
        : [],
    )
  }
  const entries = (checkout: Checkout) =>
    journals(checkout).flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()),
    )
  const open = async (checkout: Checkout) => JSON.parse(await checkout.ok('open', 'rotators/ci'))

  /** Kills a rotation before its revision gets its name. */
  async function interrupt(checkout: Checkout): Promise<void> {
    await checkout.esc(['env', 'rotate', 'rotators/ci', '--force'], {
      NODE_OPTIONS: `--require ${killAtRevision}`,
      ESC_TEST_KILL_AT_REVISION: '1',
    })
    expect(entries(checkout).length, 'the killed rotation left entries').to.be.greaterThan(0)
  }

  it('never makes a superseded value current again, and says so', async () => {
    const checkout = (await scene.current().readers(() => {})).find(({ hasKey }) => hasKey)!.checkout
    await interrupt(checkout)
    const kept = mkdtempSync(join(tmpdir(), 'esc-journal-'))
    const folders = journals(checkout)
    for (const [index, folder] of folders.entries()) cpSync(folder, join(kept, `${index}`), { recursive: true })
    // The interrupted one is finished, and two more come after it.
    const seen = new Set<string>()
    for (let round = 0; round < 3; round++) {
      await checkout.ok('env', 'rotate', 'rotators/ci', '--force')
      const { session, words } = await open(checkout)
      for (const value of [session.previous, words.previous]) seen.add(value)
    }
    const before = await open(checkout)
    for (const [index, folder] of folders.entries()) cpSync(join(kept, `${index}`), folder, { recursive: true })
    const resumed = await checkout.esc(['env', 'rotate', 'rotators/ci', '--resume'])
    const after = await open(checkout)
    expect(after, `${resumed.out}${resumed.err}`).to.deep.equal(before)
    await checkout.esc(['env', 'rotate', 'rotators/ci', '--force'])
    const last = await open(checkout)
    for (const path of ['session', 'words']) {
      expect(seen.has(last[path].current), `${path} is current again`).to.equal(false)
    }
    rmSync(kept, { recursive: true })
  })

  it('is kept, byte for byte, where a pulled store is refused', async () => {
    const current = scene.current()
    const readers = await current.readers(() => {})
    const checkout = readers.find(({ hasKey, pulled }) => hasKey && pulled)!.checkout
    await interrupt(checkout)
    const count = entries(checkout).length
    const attacker = current.attacker()
    attacker.edit('rotators/ci/revisions/3.yaml', (text) => text.replace('length: 20', 'length: 21'))
    rmSync(attacker.path('.gitignore'))
    attacker.push('the attack')
    checkout.pull()
    for (const words of [
      ['env', 'rotate', 'rotators/ci', '--force'],
      ['env', 'rotate', 'rotators/ci', '--resume'],
      ['check', '--fix'],
      ['env', 'rm', 'rotators/ci', '--yes'],
    ]) {
      await checkout.esc(words)
      expect(entries(checkout).length, words.join(' ')).to.equal(count)
    }
    checkout.git('reset', '--quiet', '--hard', 'HEAD~1')
    const finished = await checkout.esc(['env', 'rotate', 'rotators/ci', '--resume'])
    expect(finished.code, finished.out + finished.err).to.equal(0)
    expect(entries(checkout).length).to.equal(0)
  })

  for (const [title, elsewhere] of Object.entries({
    'a clone that was moved': (checkout: Checkout) => {
      const folder = join(checkout.machine.folder, 'moved')
      renameSync(checkout.folder, folder)
      return new Checkout(checkout.machine, folder)
    },
    'a new clone': (checkout: Checkout) => {
      rmSync(checkout.folder, { recursive: true })
      return checkout.machine.clone(scene.current().origin, 'anew')
    },
  })) {
    it(`is found from ${title}, and finished`, async () => {
      const checkout = (await scene.current().readers(() => {})).find(
        ({ hasKey, pulled }) => hasKey && pulled,
      )!.checkout
      await interrupt(checkout)
      // As after a reset: the revision that was about to be committed is not there.
      checkout.git('clean', '--quiet', '-dfx')
      checkout.git('reset', '--quiet', '--hard')
      const there = elsewhere(checkout)
      const finished = await there.esc(['env', 'rotate', 'rotators/ci', '--resume'])
      expect(finished.code, finished.out + finished.err).to.equal(0)
      expect(entries(there).length, finished.out).to.equal(0)
      expect((await open(there)).session.previous).to.be.a('string')
    })
  }
})
