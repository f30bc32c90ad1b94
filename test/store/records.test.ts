import { type Processes, Store, type StoreHost } from '../../src/store/index.ts'
import type { Fault } from '../files/memory-files.ts'
import { postgresRecords, stopPostgres } from './postgres-site.ts'
import { type RecordsKind, testRecords } from './records.contract.ts'
import { Machine } from './worlds.ts'

/** Processes that live at the same time, until `die`. */
class LivingMachine extends Machine {
  readonly #living = new Set<number>()
  #next = 1000

  die(): void {
    this.#living.clear()
  }

  process(): StoreHost {
    const identity = { pid: ++this.#next, host: 'machine' }
    this.#living.add(identity.pid)
    const processes: Processes = { self: () => identity, isGone: ({ pid }) => !this.#living.has(pid) }
    const sleep = () => new Promise<void>((resolve) => setTimeout(resolve, 1))
    return { ...this.world(), processes, sleep }
  }
}

const folder: RecordsKind = {
  name: 'a folder',
  faults: { kill: 12, 'power-loss': 12 },
  isShared: false,
  async make() {
    const machine = new LivingMachine()
    machine.init()
    const open = async () => Store.open('/work/environments', machine.process())
    return {
      open,
      elsewhere: open,
      arm: (fault, n) => machine.files.arm(fault as Fault, n),
      get struck() {
        return machine.files.struck
      },
      async calm() {
        machine.files.reboot()
        machine.die()
      },
      async remove() {},
    }
  },
}

testRecords(folder)
testRecords(postgresRecords)
after(stopPostgres)
