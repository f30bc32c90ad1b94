import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { changeNewest } from '../../src/operations/definitions/change-newest.ts'
import type { Environment, Revision } from '../../src/store/index.ts'

const conflict = () => new EscError('conflict', 'another came first')

/** An environment that others change whenever somebody looks. */
function busy(...definitions: string[]): {
  environment: Environment
  seen: string[]
  change: (r: Revision) => Promise<string>
} {
  let index = 0
  const current = () => ({ file: 'x', definition: definitions[Math.min(index++, definitions.length - 1)]! })
  const seen: string[] = []
  const change = async ({ definition }: Revision) => {
    seen.push(definition)
    if (index < definitions.length) throw conflict()
    return definition
  }
  return { environment: { current } as unknown as Environment, seen, change }
}

describe('a change of the newest revision', () => {
  it('is made again of whatever others have saved meanwhile', async () => {
    const { environment, seen, change } = busy('values: {a: 1}', 'values: {a: 2}', 'values: {a: 3}')
    expect(await changeNewest(environment, [['values', 'a']], change)).to.equal('values: {a: 3}')
    expect(seen).to.have.length(3)
  })

  it('through a list is not made again once the list has changed', async () => {
    const path = ['values', 'list', 1, 'x']
    const same = busy('values: {list: [1, 2]}', 'values: {list: [1, 2], other: 1}')
    expect(await changeNewest(same.environment, [path], same.change)).to.include('other')
    for (const after of ['values: {list: [2]}', 'values: {}', 'values: {list: 1}']) {
      const moved = busy('values: {list: [1, 2]}', after)
      const error = await changeNewest(moved.environment, [['values', 'a'], path], moved.change).catch((e) => e)
      expect(error.code, after).to.equal('conflict')
    }
  })

  it('is made in turn with others of this process, and each once', async () => {
    let number = 1
    const environment = {
      folder: '/store/app/dev',
      current: () => ({ number, file: 'x', definition: `values: {list: [1], n: ${number}}` }),
    } as unknown as Environment
    const bases: number[] = []
    const save = async (base: Revision) => {
      bases.push(base.number)
      await new Promise((resolve) => setTimeout(resolve, 2))
      if (base.number !== number) throw conflict()
      return ++number
    }
    const failing = changeNewest(environment, [], () => Promise.reject(new EscError('usage', 'no')))
    const saved = Array.from({ length: 5 }, () => changeNewest(environment, [['values', 'list', 0]], save))
    expect((await failing.catch((error) => error)).code).to.equal('usage')
    expect(await Promise.all(saved)).to.deep.equal([2, 3, 4, 5, 6])
    expect(bases).to.deep.equal([1, 2, 3, 4, 5])
  })

  it('through a list is refused when the one before it in turn has changed the list', async () => {
    let definition = 'values: {list: [1, 2]}'
    const environment = {
      folder: '/store/app/dev',
      current: () => ({ number: definition.length, file: 'x', definition }),
    } as unknown as Environment
    const save = (text: string) => async (base: Revision) => {
      await Promise.resolve()
      if (base.definition !== definition) throw conflict()
      definition = text
    }
    const one = changeNewest(environment, [['values', 'list']], save('values: {list: [2]}'))
    const other = changeNewest(environment, [['values', 'list', 1]], save('values: {list: [2, 3]}'))
    await one
    expect((await other.catch((error) => error)).code).to.equal('conflict')
    expect(definition).to.equal('values: {list: [2]}')
  })

  it('fails with what is wrong, and gives up some time', async () => {
    const { environment } = busy('values: {}')
    let tries = 0
    const failing = (error: Error) =>
      changeNewest(environment, [], async () => {
        tries++
        throw error
      }).catch((caught) => caught)
    expect((await failing(new EscError('usage', 'no'))).code).to.equal('usage')
    expect(tries).to.equal(1)
    expect((await failing(conflict())).code).to.equal('conflict')
    expect(tries).to.be.below(1000)
  })
})
