import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { unifiedDiff } from '../../src/operations/opening/unified-diff.ts'

const labels = { from: 'a', to: 'b' }

describe('a unified diff', () => {
  it('is empty for equal texts', async () => {
    expect(await unifiedDiff('x\n', 'x\n', labels)).to.equal('')
  })

  it('says where a text has no line break at its end', async () => {
    expect(await unifiedDiff('x', 'x\n', labels)).to.equal(
      '--- a\n+++ b\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n',
    )
  })

  it('shows a text that was empty', async () => {
    expect(await unifiedDiff('', 'x\ny\n', labels)).to.equal('--- a\n+++ b\n@@ -1 +1,2 @@\n+x\n+y\n')
  })

  it('keeps hunks apart that are more than six lines from each other', async () => {
    const lines = (changed: readonly number[]) =>
      Array.from({ length: 12 }, (_, index) => (changed.includes(index) ? `new ${index}\n` : `${index}\n`)).join('')
    const headers = async (changed: readonly number[]) =>
      (await unifiedDiff(lines([]), lines(changed), labels)).match(/^@@.*$/gm)
    expect(await headers([1, 8])).to.deep.equal(['@@ -1,12 +1,12 @@'])
    expect(await headers([1, 9])).to.deep.equal(['@@ -1,5 +1,5 @@', '@@ -7,6 +7,6 @@'])
  })

  it('turns the one text into the other, with as few lines as git needs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'esc-diff-'))
    const run = (program: string, ...args: string[]) => spawnSync(program, args, { cwd: folder, encoding: 'utf8' })
    const text = fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', 'd\n'), { maxLength: 12 }).map((lines) => lines.join(''))
    try {
      await fc.assert(
        fc.asyncProperty(text, text, async (from, to) => {
          fc.pre(from !== to && from !== '' && to !== '')
          writeFileSync(join(folder, 'from'), from)
          writeFileSync(join(folder, 'to'), to)
          const diff = await unifiedDiff(from, to, { from: 'from', to: 'from' })
          writeFileSync(join(folder, 'diff'), diff)
          const changed = (shown: string) => shown.split('\n').filter((line) => /^[-+](?![-+])/.test(line)).length
          const minimal = run('git', 'diff', '--no-index', '--minimal', '--no-color', 'from', 'to').stdout
          expect(changed(diff)).to.equal(changed(minimal))
          const applied = run('git', 'apply', '-p0', '--unsafe-paths', 'diff')
          expect(applied.status, `${applied.stderr}\n${diff}`).to.equal(0)
          expect(run('cat', 'from').stdout).to.equal(to)
        }),
        { numRuns: 60 },
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }).timeout(60_000)
})
