import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Session, setEnvironmentTag } from '../../src/operations/index.ts'
import { openWorkspace } from '../../src/operations/session/open-workspace.ts'
import { Playground } from '../cli/commands/esc.ts'
import { sessionParts } from './session-parts.ts'

describe('sessions on one store', () => {
  const playground = new Playground()
  after(() => playground.remove())

  it('commit what is changed side by side one after the other, each change by itself', async () => {
    const names = ['app/a', 'app/b', 'app/c', 'app/d', 'app/e', 'app/f']
    await playground.ok('init')
    for (const name of names) await playground.ok('env', 'init', name)
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
        cwd: playground.folder,
        encoding: 'utf8',
      })
    git('init', '--quiet')
    git('add', '--all')
    git('commit', '--quiet', '-m', 'first')
    // So that they would be at it at the same time.
    const hook = join(playground.folder, '.git', 'hooks', 'pre-commit')
    writeFileSync(hook, '#!/bin/sh\nsleep 0.4\n', { mode: 0o755 })
    const { env, folder: cwd } = playground
    const parts = sessionParts({ cwd, env, notify: () => {}, now: () => new Date() }, { commit: true })
    const performed = await Promise.all(
      names.map((name) => {
        const session = new Session(openWorkspace(parts))
        return session.perform(setEnvironmentTag, session.workspace.reference(name), { name: 'owner', value: 'me' })
      }),
    )
    expect(performed.map(({ commit }) => commit?.kind)).to.deep.equal(names.map(() => 'committed'))
    const subjects = git('log', '--format=%s').trim().split('\n').slice(0, -1)
    expect(subjects.sort()).to.deep.equal(names.map((name) => `esc set-environment-tag ${name}`))
    expect(git('status', '--porcelain', 'environments')).to.equal('')
  })
})
