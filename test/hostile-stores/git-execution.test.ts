import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { sample } from '../sample.ts'
import type { Checkout } from './machine.ts'
import { expectHarmless, type Scene, sceneOf } from './scene.ts'

describe('a repository inside the store', function () {
  this.timeout(60_000)
  const scene = sceneOf(async (victim) => {
    await victim.okWith('values:\n  region: eu\n', 'env', 'init', 'app/dev', '--file', '-')
    await victim.okWith('values:\n  region: us\n', 'env', 'init', 'app/web', '--file', '-')
  })

  /** A git configuration in which everything that can name a program does. */
  function configuration(current: Scene, hooks: string): string {
    const run = () => current.marker().command
    return `[core]
	repositoryformatversion = 0
	bare = false
	worktree = ..
	fsmonitor = "${run()};"
	hooksPath = ${hooks}
	sshCommand = "${run()};"
	editor = "${run()};"
	pager = "${run()};"
	askPass = "${run()};"
	gitProxy = "${run()};"
	alternateRefsCommand = "${run()};"
[diff]
	external = "${run()};"
[diff "x"]
	command = "${run()};"
	textconv = "${run()};"
[merge "x"]
	driver = "${run()};"
[filter "x"]
	clean = "${run()}; cat"
	smudge = "${run()}; cat"
	process = "${run()};"
	required = true
[gpg]
	program = "${run()};"
[commit]
	gpgSign = true
[credential]
	helper = "!${run()};"
[maintenance]
	auto = true
[user]
	name = Eve
	email = eve@example.com
`
  }

  function embed(current: Scene, folder: string): void {
    for (const name of ['objects', 'refs/heads', 'hooks']) {
      mkdirSync(join(folder, name), { recursive: true })
      writeFileSync(join(folder, name, '.keep'), '')
    }
    const hooks = [
      'pre-commit',
      'post-commit',
      'prepare-commit-msg',
      'commit-msg',
      'post-checkout',
      'post-index-change',
      'reference-transaction',
    ]
    for (const hook of hooks) {
      writeFileSync(join(folder, 'hooks', hook), `#!/bin/sh\n${current.marker().command}\n`)
      chmodSync(join(folder, 'hooks', hook), 0o755)
    }
    writeFileSync(join(folder, 'HEAD'), 'ref: refs/heads/main\n')
    writeFileSync(join(folder, 'config'), configuration(current, join(folder, 'hooks')))
  }

  const also = [
    ['env', 'set', 'app/dev', 'more', '1', '--commit'],
    ['env', 'set', 'app/web', 'more', '1'],
    ['open', 'app/dev', '--draft=main'],
    ['env', 'get', 'app/dev'],
    ['env', 'version', 'history', 'app/dev'],
    ['env', 'renumber', 'app/dev'],
    ['env', 'rotate', 'app/dev', '--commit'],
    ['status'],
  ]

  const places: Readonly<Record<string, (checkout: Checkout) => string>> = {
    'in the folder of the store': (checkout) => checkout.store,
    'in the folder of a project': (checkout) => checkout.path('app'),
    'in the folder of an environment': (checkout) => checkout.path('app/dev'),
  }
  for (const [title, place] of sample(Object.entries(places), 3)) {
    it(`runs no program of its configuration: ${title}`, async () => {
      const current = scene.current()
      await expectHarmless(
        current,
        {
          attack: (attacker) => {
            embed(current, place(attacker))
            attacker.edit('esc.yaml', (text) => `${text}git:\n  commit: true\n`)
            attacker.edit('.gitattributes', (text) => `${text}*.yaml filter=x diff=x merge=x\n`)
          },
        },
        { names: /environments/, also },
      )
    })
  }

  it('runs no program of its configuration: as .git of an archive', async () => {
    const current = scene.current()
    await expectHarmless(
      current,
      {
        after: (checkout) => {
          const { git } = checkout
          void git
          const hooks = join(checkout.folder, 'no-hooks')
          const own = join(checkout.folder, '.git', 'config')
          writeFileSync(
            own,
            configuration(current, hooks)
              .replace(/\tworktree = .*\n/, '')
              .replace(/\[(commit|filter "x")\]\n(\t.*\n)+/g, ''),
          )
        },
      },
      { names: /environments/, also },
    )
  })

  it('does not keep changes from being committed in the repository around it', async () => {
    const current = scene.current()
    const readers = await current.readers((attacker) => embed(current, attacker.store))
    for (const { title, hasKey, checkout } of readers) {
      if (!hasKey) continue
      const before = checkout.git('rev-parse', 'HEAD')
      const saved = await checkout.esc(['env', 'set', 'app/dev', 'more', '1', '--commit'])
      expect(saved.code, `${title}: ${saved.err}`).to.equal(0)
      expect(checkout.git('rev-parse', 'HEAD~1'), title).to.equal(before)
      expect(checkout.git('show', '--stat', 'HEAD'), title).to.contain('app/dev/revisions/3.yaml')
    }
    expect(current.traces()).to.deep.equal([])
  })
})
