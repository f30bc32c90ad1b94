import { dirname } from 'node:path'
import { expect } from 'chai'
import { makeFolders } from '../../src/files/index.ts'
import { Store } from '../../src/store/index.ts'
import { machineProcesses } from '../../src/store/locks/processes.ts'
import { by, errorOf, Machine } from './worlds.ts'

/** The lock of the only environment there is. */
const fileOf = (machine: Machine) => {
  const { id } = machine.open().environment('rotators/ci')
  return `/home/state/locks/environment+${id}.lock`
}

describe('the lock of an environment', () => {
  async function machineWithEnvironment(): Promise<Machine> {
    const machine = new Machine()
    await machine.init().additions.create('rotators/ci', by)
    return machine
  }

  it('is free again after release, and releasing twice frees nobody else', async () => {
    const machine = await machineWithEnvironment()
    const environment = machine.open().environment('rotators/ci')
    const first = await environment.lock('rotate')
    first.release()
    const second = await environment.lock('rotate')
    first.release()
    expect((await errorOf(() => environment.lock('edit'))).code).to.equal('locked')
    second.release()
    expect(machine.files.tree()).to.not.have.property(fileOf(machine))
  })

  it('does not hinder appending', async () => {
    const environment = (await machineWithEnvironment()).open().environment('rotators/ci')
    const lock = await environment.lock('rotate')
    const appended = await environment.append({ base: 1, definition: 'values: {}\n', change: 'edit', ...by })
    expect(appended.number).to.equal(2)
    lock.release()
  })

  it('is not broken when nothing proves that its holder is gone', async () => {
    const machine = await machineWithEnvironment()
    const holder = { ...machineProcesses.self(), pid: 1, token: 'a'.repeat(24), purpose: 'rotate', since: '2026' }
    const world = { ...machine.world(), processes: machineProcesses }
    const environment = Store.open('/work/environments', world).environment('rotators/ci')
    makeFolders(machine.files, dirname(fileOf(machine)))
    for (const elsewhere of [{ host: 'another' }, { pidSpace: 'pid:[1]' }]) {
      machine.files.put(fileOf(machine), JSON.stringify({ ...holder, ...elsewhere }))
      const error = await errorOf(() => environment.lock('edit', { waitMs: 50 }))
      expect(error.code).to.equal('locked')
      expect(error.hint).to.contain(fileOf(machine))
    }
  })
})

describe('the processes of this machine', () => {
  const self = machineProcesses.self()

  it('are not gone while they run', () => {
    expect(machineProcesses.isGone(self)).to.equal(false)
    expect(machineProcesses.isGone({ ...self, pid: process.ppid, started: undefined })).to.equal(
      self.started !== undefined,
    )
  })

  it('are gone when the pid is free, was reused, or the machine has booted since', function () {
    if (self.started === undefined) this.skip()
    expect(machineProcesses.isGone({ ...self, pid: 2 ** 22 + 1 })).to.equal(true)
    expect(machineProcesses.isGone({ ...self, started: '1' })).to.equal(true)
    expect(machineProcesses.isGone({ ...self, boot: 'another' })).to.equal(true)
  })
})
