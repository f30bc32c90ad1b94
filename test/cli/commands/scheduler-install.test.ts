import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse, parseAllDocuments } from 'yaml'
import { Playground } from './esc.ts'

/** Whatever a path may hold that one of the formats takes for something else. */
const ODD = `it's 100% "odd" $HOME \\ place`

describe('scheduler install', () => {
  let playground: Playground
  let store: string
  beforeEach(async () => {
    playground = new Playground()
    store = join(playground.folder, ODD, 'environments')
    mkdirSync(join(playground.folder, ODD))
    await playground.ok('init', store)
  })
  afterEach(() => playground.remove())
  const unit = (...flags: string[]) => playground.ok('scheduler', 'install', '--store', store, ...flags)

  it('prints a service that systemd accepts', async function () {
    const text = await unit('--systemd')
    expect(text).to.include('ESC_PASSPHRASE_FILE').and.include('ESC_KEY')
    expect(text).to.include(`Environment=ESC_STATE_HOME=${playground.machine}\n`)
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
      console.log('      skipped: systemd-analyze is not installed')
      this.skip()
    }
    // Tried with a program that is there, and not with what runs this test.
    const file = join(playground.folder, 'esc-scheduler.service')
    writeFileSync(file, text.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'))
    const ran = spawnSync('systemd-analyze', ['verify', '--recursive-errors=no', file], { encoding: 'utf8' })
    expect(
      ran.stderr.split('\n').filter((line) => line.includes('esc-scheduler')),
      ran.stderr,
    ).to.deep.equal([])
    expect(ran.status, ran.stderr).to.equal(0)
    const broken = text.replace('Type=exec', 'Type=nonsense').replace(/^ExecStart=.*/m, 'ExecStart=true')
    writeFileSync(file, broken)
    expect(
      spawnSync('systemd-analyze', ['verify', '--recursive-errors=no', file]).status,
      'it finds mistakes',
    ).to.not.equal(0)
  })

  it('prints crontab lines that the shell reads as they are meant', async () => {
    const lines = (await unit('--cron')).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    expect(lines).to.have.length(1)
    const [, fields = '', command = ''] = /^((?:\S+ ){5})(.*)$/.exec(lines[0] ?? '') ?? []
    expect(fields).to.equal('*/5 * * * * ')
    // What cron does (crontab(5)): a bare % is a line break, \% is one percent sign.
    expect(command.replaceAll('\\%', '')).to.not.include('%')
    const [before = ''] = command.replaceAll('\\%', '%').split(' 2>&1 | logger')
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${before}`], { encoding: 'utf8' })
      .trimEnd()
      .split('\n')
    expect(words.slice(-4)).to.deep.equal(['scheduler', 'tick', '--store', store])
    expect(words[0]).to.equal(`ESC_STATE_HOME=${playground.machine}`)
  })

  it('prints a workflow that is YAML, with the store below the repository', async () => {
    execFileSync('git', ['init', '--quiet'], { cwd: playground.folder })
    const text = await unit('--github-actions')
    const workflow = parse(text)
    expect(workflow.on.schedule[0].cron.split(' ')).to.have.length(5)
    expect(workflow.permissions).to.deep.equal({ contents: 'write' })
    expect(workflow.concurrency['cancel-in-progress']).to.equal(false)
    const steps = workflow.jobs.tick.steps as readonly {
      readonly name?: string
      readonly run?: string
      readonly env?: Readonly<Record<string, string>>
      readonly with?: Readonly<Record<string, string>>
    }[]
    const run = steps.find(({ name }) => name === 'Rotate what is due')?.run ?? ''
    const words = execFileSync('sh', ['-c', `esc() { printf '%s\\n' "$@"; }; ${run}`], { encoding: 'utf8' })
      .trimEnd()
      .split('\n')
    expect(words).to.deep.equal(['scheduler', 'tick', '--commit', '--store', `${ODD}/environments`])
    const { env } = steps.find(({ name }) => name === 'Rotate what is due')!
    const kept = steps.find(({ name }) => name === 'Keep the journal of what was cut off')!
    expect(kept.with?.path).to.equal(`${env?.ESC_STATE_HOME}/journal`)
    for (const { run } of steps) if (run) expect(spawnSync('sh', ['-n', '-c', run]).status).to.equal(0)
  })

  it('prints a CronJob that is YAML, with the image it is given', async () => {
    const [document, ...others] = parseAllDocuments(await unit('--kubernetes', '--image', 'example/esc:1'))
    expect(others).to.deep.equal([])
    expect(document?.errors).to.deep.equal([])
    const job = document?.toJS()
    expect(job).to.deep.include({ apiVersion: 'batch/v1', kind: 'CronJob' })
    expect(job.spec.concurrencyPolicy).to.equal('Forbid')
    const [container] = job.spec.jobTemplate.spec.template.spec.containers
    expect(container.image).to.equal('example/esc:1')
    expect(container.command.slice(0, 4)).to.deep.equal(['esc', 'scheduler', 'tick', '--commit'])
    const volumes = job.spec.jobTemplate.spec.template.spec.volumes.map(({ name }: { name: string }) => name)
    const { value: state } = container.env.find(({ name }: { name: string }) => name === 'ESC_STATE_HOME')
    const mount = container.volumeMounts.find(({ mountPath }: { mountPath: string }) => mountPath === state)
    const volume = job.spec.jobTemplate.spec.template.spec.volumes.find(
      ({ name }: { name: string }) => name === mount.name,
    )
    expect(volume).to.have.property('persistentVolumeClaim')
    expect(container.volumeMounts.map(({ name }: { name: string }) => name)).to.have.members(volumes)
  })

  it('wants one kind, and an image only where there is one', async () => {
    for (const [flags, message] of [
      [[], 'exactly one of --systemd, --cron, --github-actions, --kubernetes must be set'],
      [['--cron', '--systemd'], 'exactly one of'],
      [['--cron', '--image', 'x'], '--image goes with --kubernetes'],
    ] as const) {
      const ran = await playground.run(['scheduler', 'install', '--store', store, ...flags])
      expect(ran.code).to.equal(2)
      expect(ran.err).to.include(message)
    }
  })
})
