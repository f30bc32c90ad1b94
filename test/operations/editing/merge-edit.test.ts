import { expect } from 'chai'
import { changedKeys, mergeByKeys } from '../../../src/store/index.ts'

const base = 'values:\n  # Kept.\n  region: eu\n  size: 1\n  db: {host: a, port: 1}\n'
const theirs = 'values:\n  # Kept.\n  region: us\n  size: 2\n  db: {host: a, port: 1}\n  added: 5\n'

describe('merging an edit key by key', () => {
  it('takes what one side alone has changed, and asks about what both have', () => {
    const ours = base.replace('size: 1', 'size: 3').replace('port: 1', 'port: 9')
    const merged = mergeByKeys({ base, ours, theirs })
    expect(merged?.text).to.equal('values:\n  # Kept.\n  region: us\n  size: 3\n  db: {host: a, port: 9}\n  added: 5\n')
    expect(merged?.conflicts.map(({ path }) => path)).to.deep.equal(['values.size'])
    expect(merged?.taken).to.deep.equal(['values.region', 'values.added'])
    const chosen = mergeByKeys({ base, ours, theirs }, new Map([['values.size', 'theirs']]))
    expect(chosen?.text).to.include('size: 2\n').and.include('port: 9')
    expect(chosen?.conflicts).to.have.length(1)
  })

  it('takes the whole of what one side has removed and the other changed', () => {
    const ours = base.replace('  db: {host: a, port: 1}\n', '')
    const changed = base.replace('port: 1', 'port: 2')
    const sides = { base, ours, theirs: changed }
    expect(mergeByKeys(sides)?.conflicts.map(({ path }) => path)).to.deep.equal(['values.db'])
    expect(mergeByKeys(sides, new Map([['values.db', 'theirs']]))?.text)
      .to.include('host: a')
      .and.include('port: 2')
    expect(mergeByKeys({ base, ours: changed, theirs: ours }, new Map([['values.db', 'theirs']]))?.text).to.equal(ours)
  })

  it('takes a secret as one value, in the clear on one side and encrypted on the other', () => {
    const secret = (argument: string) => `values:\n  key: {fn::secret: ${argument}}\n`
    const sides = { base: secret('{ciphertext: A}'), ours: secret('mine'), theirs: secret('{ciphertext: B}') }
    expect(mergeByKeys(sides)?.conflicts.map(({ path }) => path)).to.deep.equal(['values.key'])
    expect(mergeByKeys(sides, new Map([['values.key', 'ours']]))?.text).to.equal(sides.ours)
    expect(mergeByKeys(sides, new Map([['values.key', 'theirs']]))?.text).to.equal(sides.theirs)
    expect(changedKeys(sides.base, sides.ours)?.map(({ path }) => path)).to.deep.equal(['values.key'])
  })

  it('leaves to a person what cannot be read', () => {
    expect(mergeByKeys({ base, ours: 'values: {', theirs })).to.equal(undefined)
    expect(changedKeys(base, 'values: {')).to.equal(undefined)
  })
})
