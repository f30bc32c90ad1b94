import { dirname } from 'node:path'
import { expect } from 'chai'
import { createFile, makeFolders } from '../../src/files/index.ts'
import type { Fault } from '../files/memory-files.ts'
import { calls, expectSound, name, points, withHistory } from './sweep.ts'
import { Machine } from './worlds.ts'

const folder = '/work/environments/.esc'
const contents = { first: 'a credential', second: 'another credential' }
const definitions = ['', 'values:\n  a: 1\n', 'values:\n  a: 2\n']
const log = '{"sequence":1}\n'

/**
 * A machine whose store has the `.esc` of an earlier version, with two entries of an unfinished
 * rotation.
 */
async function machineWithEarlierState(): Promise<Machine> {
  const machine = new Machine()
  const store = machine.init()
  await withHistory(store)
  const environment = store.environment(name)
  const key = await environment.dataKey()
  const write = (path: string, bytes: Uint8Array | string) => {
    makeFolders(machine.files, dirname(`${folder}/${path}`), 0o700)
    createFile(machine.files, `${folder}/${path}`, Buffer.from(bytes), { mode: 0o600 })
  }
  for (const [id, content] of Object.entries(contents)) {
    const bytes = Buffer.concat([Buffer.from('esc-journal-v1\n'), key.encryptRecord(id, Buffer.from(content))])
    write(`journal/${environment.id}/${id}.entry`, bytes)
  }
  write('audit/2026-11-machine-0a1b2c3d.jsonl', log)
  write('webhooks/pending/dlv-1.json', '{}')
  write('selected', `${name}\n`)
  write('opened/anything', 'worthless')
  write('locks/environment+rotators+ci.lock', '{"pid":1,"host":"machine","token":"000000000000000000000000"}')
  return machine
}

async function expectNothingLost(machine: Machine): Promise<void> {
  const store = machine.open()
  const environment = store.environment(name)
  const records = await environment.journal().list()
  const found = Object.fromEntries(records.map(({ id, content }) => [id, Buffer.from(content).toString()]))
  expect(found).to.deep.equal(contents)
  const tree = machine.files.tree()
  expect(Object.keys(tree).filter((path) => path.startsWith(folder))).to.deep.equal([])
  const state = store.state.folder
  expect(tree[`${state}/audit/2026-11-machine-0a1b2c3d.jsonl`]).to.equal(log)
  expect(tree[`${state}/webhooks/pending/dlv-1.json`]).to.equal('{}')
  expect(tree[`${state}/selected`]).to.equal(`${name}\n`)
  expect(Object.values(tree)).to.not.include('worthless')
}

describe('state that is moved out of the work tree while the process or machine stops at any file-system call', function () {
  this.timeout(120_000)
  after(() => console.log(`      ${points.swept} points swept`))
  const faults: readonly Fault[] = ['fail', 'kill', 'power-loss', 'power-loss-names-first']

  for (const fault of faults) {
    it(`is at one of the two places, and then at the new one: ${fault}`, async () => {
      for (const n of calls()) {
        const machine = await machineWithEarlierState()
        machine.files.arm(fault, n)
        try {
          machine.open().environment(name)
        } catch {}
        const { struck } = machine.files
        machine.files.reboot()
        try {
          await expectNothingLost(machine)
          const journal = machine.open().environment(name).journal()
          for (const id of Object.keys(contents)) await journal.remove(id)
          expect(machine.open().environment(name).journal().ids()).to.deep.equal([])
          await expectSound(machine.open(), definitions)
        } catch (error) {
          const message = `${fault} at call ${n}: ${(error as Error).message}`
          throw Object.assign(error as Error, {
            message: `${message}\n${JSON.stringify(machine.files.tree(), null, 1)}`,
          })
        }
        if (!struck) break
        points.swept++
      }
    })

    it(`is finished by a rotation that stops as well: ${fault}`, async () => {
      for (const n of calls()) {
        const machine = await machineWithEarlierState()
        const journal = machine.open().environment(name).journal()
        await journal.list()
        machine.files.arm(fault, n)
        const done: string[] = []
        try {
          await journal.put('first', Buffer.from('staged again'))
          done.push('put')
          await journal.remove('second')
          done.push('remove')
        } catch {}
        const { struck } = machine.files
        machine.files.reboot()
        const records = await machine.open().environment(name).journal().list()
        const found = Object.fromEntries(records.map(({ id, content }) => [id, Buffer.from(content).toString()]))
        const detail = `${fault} at call ${n}`
        expect(found.first, detail).to.be.oneOf(
          done.includes('put') ? ['staged again'] : ['a credential', 'staged again'],
        )
        expect(found.second, detail).to.be.oneOf(
          done.includes('remove') ? [undefined] : ['another credential', ...(done.includes('put') ? [undefined] : [])],
        )
        await machine.open().environment(name).journal().remove('first')
        await machine.open().environment(name).journal().remove('second')
        expect(machine.open().environment(name).journal().ids(), detail).to.deep.equal([])
        if (!struck) break
        points.swept++
      }
    })
  }
})
