import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { FolderEntries } from '../../src/store/folder/folder-entries.ts'

const content = Buffer.from('x')
const key = (number: number) => number.toString(16).padStart(64, '0')
const times = () => ({ touched: new Date(), ends: undefined })
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

describe('entries in a folder', () => {
  let folder: string
  let one: FolderEntries
  let other: FolderEntries
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'esc-entries-'))
    const form = { suffix: '.json', synced: false, endOf: () => 0 }
    ;[one, other] = [new FolderEntries(folder, form), new FolderEntries(folder, form)]
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('that another process has removed have ended in the next turn of the event loop', async () => {
    await one.put(key(1), content, times())
    expect((await one.get(key(1)))?.content).to.deep.equal(content)
    rmSync(join(folder, `${key(1)}.json`))
    await nextTurn()
    expect(await one.get(key(1))).to.equal(undefined)
  })

  it('that this process has removed, taken or swept have ended at once, whoever has looked at them', async () => {
    const ends: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
      removed: (key) => other.remove(key),
      taken: (key) => other.take(key),
      swept: () => other.sweep(new Date()),
    }
    for (const [how, end] of Object.entries(ends)) {
      await one.put(key(1), content, times())
      await one.get(key(1))
      await end(key(1))
      expect(await one.get(key(1)), how).to.equal(undefined)
      expect(await other.take(key(1)), how).to.equal(undefined)
    }
  })

  it('are swept with turns for others in between', async () => {
    for (let number = 0; number < 1_000; number++) await one.put(key(number), content, times())
    let turns = 0
    let isOver = false
    const count = async () => {
      for (; !isOver; turns++) await nextTurn()
    }
    const counted = count()
    await other.sweep(new Date())
    isOver = true
    await counted
    expect(turns).to.be.above(10)
    expect(readdirSync(folder)).to.deep.equal([])
  })
})
