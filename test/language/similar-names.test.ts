import { expect } from 'chai'
import { distance, sortByDistance, suggest } from '../../src/language/index.ts'

describe('distance()', () => {
  it('counts edits, ignoring case and underscores', () => {
    expect(distance('vpcId', 'cpcId')).to.equal(1)
    expect(distance('vpcId', 'foo')).to.equal(5)
    expect(distance('hello_World', 'helloworld')).to.equal(0)
    expect(distance('é', 'e')).to.equal(2)
  })
})

describe('suggest()', () => {
  it('proposes only what is near enough', () => {
    expect(suggest('test', [])).to.equal(undefined)
    expect(suggest('test', ['', ''])).to.equal(undefined)
    expect(suggest('test', ['test2', 'test'])).to.equal('test')
    expect(suggest('test', ['c', 'b', 'a'])).to.equal(undefined)
    expect(suggest('bar', ['baz'])).to.equal('baz')
    expect(suggest('helloworld', ['hello_world'])).to.equal('hello_world')
    expect(suggest('nam', ['name'])).to.equal('name')
  })

  it('takes the first among equals', () => {
    expect(suggest('bat', ['bar', 'baz'])).to.equal('bar')
  })
})

describe('sortByDistance()', () => {
  it('keeps the order of equals', () => {
    expect(sortByDistance('test', ['test2', 'test', 'test2'])).to.deep.equal(['test', 'test2', 'test2'])
    expect(sortByDistance('test', ['c', 'b', 'a'])).to.deep.equal(['c', 'b', 'a'])
  })
})
