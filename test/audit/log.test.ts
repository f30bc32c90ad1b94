import { spawn } from 'node:child_process'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type AuditEntry,
  type AuditFinding,
  appendAudit,
  auditFolder,
  readAudit,
  rememberVerified,
  verifyAudit,
} from '../../src/audit/index.ts'
import { type FileSystem, machineFiles } from '../../src/files/index.ts'
import { ownScript } from '../sources.ts'

const entry: AuditEntry = {
  time: '2026-03-04T05:06:07.000Z',
  event: 'environment-open',
  result: 'allowed',
  environment: 'app/dev',
  user: 'ada@example.com',
  userFrom: 'git',
  host: 'machine.example.com',
  process: 1,
}

describe('the audit log', () => {
  let store: string
  const place = () => ({ store, state: join(store, 'state'), keep: 'beside' }) as const
  const folder = () => auditFolder(place())
  const file = () => join(folder(), readdirSync(folder()).sort()[0]!)
  const lines = () => readFileSync(file(), 'utf8').split('\n').slice(0, -1)
  const write = (changed: readonly string[]) => writeFileSync(file(), changed.map((line) => `${line}\n`).join(''))
  const append = (more: Partial<AuditEntry> = {}, files?: FileSystem) =>
    appendAudit({ ...place(), ...(files && { files }) }, [{ ...entry, ...more }], { synced: false })
  const findings = () => verifyAudit(place()).findings
  const kinds = () => findings().map(({ kind }) => kind)

  beforeEach(() => {
    store = mkdtempSync(join(tmpdir(), 'esc-audit-'))
    for (let index = 1; index <= 5; index++) append({ process: index })
  })
  afterEach(() => rmSync(store, { recursive: true, force: true }))

  it('takes several lines at once, each chained to the one before', () => {
    const more = (process: number): AuditEntry => ({ ...entry, process })
    appendAudit(place(), [more(6), more(7), more(8)], { synced: true })
    append({ process: 9 })
    expect(verifyAudit(place())).to.deep.include({ lines: 9, findings: [] })
    expect(readAudit(place()).map(({ process }) => process)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('is as it was written', () => {
    expect(verifyAudit(place())).to.deep.include({ lines: 5, findings: [] })
    expect(readAudit(place()).map(({ process, sequence }) => [process, sequence])).to.deep.equal(
      [1, 2, 3, 4, 5].map((n) => [n, n]),
    )
  })

  it('can be read by nobody else on the machine', function () {
    if (process.platform === 'win32') this.skip()
    expect(statSync(file()).mode & 0o777).to.equal(0o600)
  })

  it('goes on in a new file each month, and stays one chain', () => {
    append({ time: '2026-04-01T00:00:00.000Z' })
    append({ time: '2026-04-01T00:00:01.000Z' })
    expect(readdirSync(folder())).to.have.length(2)
    expect(verifyAudit(place())).to.deep.include({ lines: 7, findings: [] })
    unlinkSync(join(folder(), readdirSync(folder()).sort()[0]!))
    expect(kinds()).to.deep.equal(['removed'])
  })

  const flip = (line: string) => line.replace('ada@', 'eve@')
  const tampered: Readonly<
    Record<string, readonly [(was: readonly string[]) => string[], AuditFinding['kind'], RegExp]>
  > = {
    'the first line removed': [(was) => was.slice(1), 'removed', /line 1 is missing before line 2/],
    'a line removed': [(was) => was.filter((_, at) => at !== 2), 'removed', /line 3 is missing before line 4/],
    'two lines removed': [(was) => was.filter((_, at) => at !== 2 && at !== 1), 'removed', /lines 2 to 3 are missing/],
    'the last line removed': [(was) => was.slice(0, -1), 'truncated', /ends with line 4, and it has had 5/],
    'all lines removed': [() => [], 'truncated', /ends with line 0, and it has had 5/],
    'a line changed': [
      (was) => was.map((line, at) => (at === 2 ? flip(line) : line)),
      'changed',
      /line 3 .* is not what it was/,
    ],
    'the last line changed': [
      (was) => was.map((line, at) => (at === 4 ? flip(line) : line)),
      'changed',
      /line 5 .* is not the one that is remembered/,
    ],
    'two lines swapped': [
      (was) => [was[0]!, was[2]!, was[1]!, was[3]!, was[4]!],
      'reordered',
      /line 2 of the log stands after line 3/,
    ],
    'a line twice': [
      (was) => [...was.slice(0, 3), was[2]!, ...was.slice(3)],
      'inserted',
      /line 3 of the log is there twice/,
    ],
    'a line of another log put in': [
      (was) => [...was.slice(0, 3), flip(was[2]!), ...was.slice(3)],
      'inserted',
      /with different contents/,
    ],
    'a line made unreadable': [
      (was) => was.map((line, at) => (at === 2 ? line.slice(0, 40) : line)),
      'removed',
      /line 3 is missing/,
    ],
  }
  for (const [what, [change, kind, problem]] of Object.entries(tampered)) {
    it(`is found out with ${what}, also after it has been written on`, () => {
      write(change(lines()))
      const found = findings().filter((finding) => finding.kind === kind)
      expect(found.map((finding) => finding.problem).join('\n'), JSON.stringify(findings())).to.match(problem)
      append()
      append()
      expect(findings().some(({ severity }) => severity === 'error')).to.equal(true)
    })
  }

  it('is found out with the end removed and the memory of this machine too, by a head that was kept elsewhere', () => {
    const { heads } = verifyAudit(place())
    write(lines().slice(0, 3))
    rmSync(join(store, 'state', 'seen'), { recursive: true })
    expect(findings()).to.deep.equal([])
    expect(verifyAudit(place(), heads).findings.map(({ kind }) => kind)).to.deep.equal(['truncated'])
  })

  it('is found out with the end removed, where it was verified before, although it is another machine’s', () => {
    rememberVerified(place(), verifyAudit(place()).heads)
    unlinkSync(join(store, 'state', 'seen', 'audit+beside.json'))
    write(lines().slice(0, 2))
    expect(kinds()).to.deep.equal(['truncated'])
  })

  it('takes a line that was written by a process which was killed before it could remember it', () => {
    const killed = new Error('killed')
    const dying: FileSystem = {
      ...machineFiles,
      open(path, flags, mode) {
        if (flags === 'r+') throw killed
        return machineFiles.open(path, flags, mode)
      },
    }
    expect(() => append({ process: 6 }, dying)).to.throw(killed)
    append({ process: 7 })
    expect(findings()).to.deep.equal([])
    expect(readAudit(place()).map(({ process }) => process)).to.deep.equal([1, 2, 3, 4, 5, 6, 7])
  })

  it('closes a line that a crash cut short, and says that nothing is missing', () => {
    appendFileSync(file(), '{"sequence":6,"time":"2026-')
    append({ process: 6 })
    expect(findings().map(({ kind, severity }) => [kind, severity])).to.deep.equal([['torn', 'note']])
    expect(readAudit(place()).map(({ process }) => process)).to.deep.equal([1, 2, 3, 4, 5, 6])
  })

  it('shows for ever that it was cut in the middle of a line', () => {
    truncateSync(file(), statSync(file()).size - 30)
    append()
    expect(kinds()).to.include('removed')
  })

  it('does not read a long log to append to it', () => {
    let read = 0
    const counting: FileSystem = {
      ...machineFiles,
      readFile(path) {
        if (path.endsWith('.jsonl')) read++
        return machineFiles.readFile(path)
      },
    }
    append({}, counting)
    append({}, counting)
    expect(read).to.equal(0)
  })

  it('keeps the lines of several processes in one chain', async () => {
    const { path, execArgv } = ownScript('./append-many.ts', import.meta.url)
    const users = ['one', 'two', 'three']
    const codes = await Promise.all(
      users.map(
        (user) =>
          new Promise((resolve) => {
            const child = spawn(process.execPath, [...execArgv, path, store, '20', user], { stdio: 'inherit' })
            child.on('exit', resolve)
          }),
      ),
    )
    expect(codes).to.deep.equal([0, 0, 0])
    expect(verifyAudit(place())).to.deep.include({ lines: 65, findings: [] })
    for (const user of users) expect(readAudit(place()).filter((line) => line.user === user)).to.have.length(20)
  }).timeout(60_000)
})
