import { expect } from 'chai'
import { differenceOf, digestOfPowers, type Power, sortedPowers } from '../../src/trust/index.ts'

const host: Power = { kind: 'privateHost', value: 'adapter.internal' }
const plugin: Power = { kind: 'plugin', value: 'esc-rotator-x ../node_modules/esc-rotator-x sha256:00' }

describe('the digest of what a store may do', () => {
  it('is that of the set: order and repetition do not matter', () => {
    expect(digestOfPowers([host, plugin])).to.equal(digestOfPowers([plugin, host, plugin]))
    expect(sortedPowers([host, plugin, host])).to.have.lengthOf(2)
  })

  it('stays the same from version to version, since CI keeps it', () => {
    expect(digestOfPowers([host, plugin])).to.equal(
      'sha256:656cfe2a389482dbb0397f9bbc39f62458c88047504f619cb0830f370962eb38',
    )
  })

  it('differs for every other set, also where values run into each other', () => {
    const sets: readonly (readonly Power[])[] = [
      [],
      [host],
      [plugin],
      [host, plugin],
      [{ ...host, kind: 'webhookHost' }],
      [{ ...host, value: 'adapter.internal\n["privateHost","x"]' }],
      [host, { ...host, value: 'x' }],
      [{ ...host, value: 'adapter.internal ' }],
    ]
    expect(new Set(sets.map(digestOfPowers)).size).to.equal(sets.length)
  })

  it('is told apart by what came and what went', () => {
    expect(differenceOf([host], [plugin])).to.deep.equal({ added: [plugin], removed: [host] })
    expect(differenceOf([host, plugin], [{ ...plugin }, { ...host }])).to.deep.equal({ added: [], removed: [] })
  })
})
