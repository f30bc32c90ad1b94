import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { definitionOfAll } from '../crash-matrix/subject.ts'
import { program } from './startup.ts'
import { calmEnvironment } from './take-turns.ts'

/**
 * The third rotation decrypts two passwords of each path, where the first had none: at most so many
 * times the processor time of the whole process.
 */
const largestGrowth = 1.6

/** Runs in the process before the program; says at its end how much processor time it took. */
const note = `process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  require('node:fs').writeFileSync(process.env.ESC_BENCH_NOTE, String((user + system) / 1e3))
})\n`

/**
 * The first, second and third rotation of an environment of passwords by the built program, each in
 * a process of its own: the least processor time of some rounds. Throws when the third takes far
 * longer than the first.
 */
export function benchRotationProgram(
  folder: string,
  { rounds, count }: { readonly rounds: number; readonly count: number },
): void {
  const preload = join(folder, 'note.cjs')
  const noted = join(folder, 'note.txt')
  const definition = join(folder, 'definition.yaml')
  const env = { ...calmEnvironment(folder), ESC_BENCH_NOTE: noted }
  const esc = (...words: string[]): number => {
    const { status, stderr } = spawnSync(process.execPath, ['--require', preload, program, ...words], {
      cwd: folder,
      env,
    })
    if (status !== 0) throw new Error(`esc ${words.join(' ')} ended with ${status}: ${stderr}`)
    return Number(readFileSync(noted, 'utf8'))
  }
  writeFileSync(preload, note)
  const cast = Array.from({ length: count }, (_, at) => [`r${at}`, { rotator: 'password', inputs: { length: 32 } }])
  writeFileSync(definition, definitionOfAll(Object.fromEntries(cast)))
  esc('init')
  const least = [0, 1, 2].map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < rounds; round++) {
    const name = `rotators/round${round}`
    esc('env', 'init', name, '-f', definition)
    for (let run = 0; run < 3; run++) least[run] = Math.min(least[run]!, esc('env', 'rotate', name, '--force'))
  }
  const [first, , third] = least as [number, number, number]
  const growth = third / first
  const label = `${count} passwords, a process each`
  const cells = least.map((ms) => ms.toFixed(0).padStart(6)).join('')
  console.log(`  ${label.padEnd(32)}${cells} ms of processor time; third to first ${growth.toFixed(2)}x`)
  if (growth > largestGrowth) throw new Error(`the third rotation of ${label} took ${growth.toFixed(2)} of the first`)
}
