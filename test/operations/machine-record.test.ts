import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type FileSystem, machineFiles } from '../../src/files/index.ts'
import { readRecord, removeRecord, writeRecord } from '../../src/operations/access/machine-record.ts'

describe('a record of work that is to be finished', () => {
  let folder: string
  let file: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'esc-record-'))
    file = join(folder, 'leaving', 'eve.json')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('is nothing before it is written, and after it is removed', () => {
    expect(readRecord(file)).to.equal(undefined)
    writeRecord(file, { environments: ['app/dev'] })
    expect(readRecord(file)).to.deep.equal({ environments: ['app/dev'] })
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    removeRecord(file)
    removeRecord(file)
    expect(readRecord(file)).to.equal(undefined)
  })

  it('is the former one wherever writing the next one ends', () => {
    writeRecord(file, { environments: ['app/dev', 'app/prod'] })
    let calls = 0
    const counted = (endsAt: number): FileSystem => {
      const step =
        <A extends readonly unknown[], R>(call: (...args: A) => R) =>
        (...args: A): R => {
          if (++calls === endsAt) throw Object.assign(new Error('ended here'), { code: 'EIO' })
          return call(...args)
        }
      const { open, rename } = machineFiles
      return { ...machineFiles, open: step(open), rename: step(rename) }
    }
    for (let endsAt = 1; ; endsAt++) {
      calls = 0
      try {
        writeRecord(file, { environments: [endsAt] }, counted(endsAt))
        break
      } catch {
        expect(readRecord(file)).to.deep.be.oneOf([
          { environments: ['app/dev', 'app/prod'] },
          // The folder could not be synced: the new name is there all the same.
          { environments: [endsAt] },
        ])
      }
      writeRecord(file, { environments: ['app/dev', 'app/prod'] })
    }
    expect(readdirSync(join(folder, 'leaving'))).to.deep.equal(['eve.json'])
  })

  it('is not taken for nothing when it is damaged', () => {
    writeRecord(file, {})
    writeFileSync(file, '{"environments": [')
    expect(() => readRecord(file))
      .to.throw(file)
      .with.property('code', 'store_damaged')
  })
})
