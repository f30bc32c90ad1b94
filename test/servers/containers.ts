import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary, missingBinaries } from './binary.ts'

/** An engine that runs containers, with an image `alpine` that needs no registry. */
export interface ContainerEngine {
  /** Path of a program that takes the words of `docker`. */
  readonly program: string
  remove(): void
}

/** What is missing to run containers: podman does what the client of Docker would. */
export const missingContainers = () =>
  process.getuid?.() === 0 ? missingBinaries('podman', 'runc', 'busybox') : ['root, to run containers']
export const containerPackages = 'podman runc busybox-static'

const PROGRAMS = ['sh', 'env', 'cat', 'echo', 'wc']

export function containerEngine(): ContainerEngine {
  const folder = mkdtempSync(join(tmpdir(), 'esc-containers-'))
  const root = join(folder, 'root')
  mkdirSync(join(root, 'bin'), { recursive: true })
  cpSync(findBinary('busybox')!, join(root, 'bin', 'busybox'), { dereference: true })
  for (const name of PROGRAMS) symlinkSync('busybox', join(root, 'bin', name))
  // Limits of this process hold for the containers: it may not raise them.
  writeFileSync(
    join(folder, 'containers.conf'),
    '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\nnetns = "host"\n',
  )
  const program = join(folder, 'docker')
  const options = `--runtime runc --storage-driver vfs --root '${folder}/storage' --runroot '${folder}/run'`
  const config = `CONTAINERS_CONF='${folder}/containers.conf'`
  writeFileSync(program, `#!/bin/sh\n${config} exec '${findBinary('podman')}' ${options} "$@"\n`)
  chmodSync(program, 0o755)
  const archive = join(folder, 'root.tar')
  execFileSync('tar', ['-C', root, '-cf', archive, '.'])
  execFileSync(program, ['import', archive, 'localhost/alpine'], { stdio: ['ignore', 'ignore', 'pipe'] })
  return {
    program,
    remove() {
      spawnSync(program, ['system', 'reset', '--force'], { stdio: 'ignore' })
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
